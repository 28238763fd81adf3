// Transport `push`: answers with what a scheduled task on a front end pushed
// (agent/remote/README.md).
#pragma once

#include "agent/base/byte_budget.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/push/pushed.hpp"
#include "agent/remote/transport.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace sfb::remote {

struct PushOptions {
  std::string endpoint;  ///< its name, for messages
  std::chrono::milliseconds max_age{600'000};
  Limits limits;
  std::shared_ptr<ByteBudget> budget;  ///< shared by all endpoints; absent: one of its own
  std::shared_ptr<Pushed> pushed;      ///< of the process; absent: this is not the running agent
};

/// Waits for nobody: what is held is the answer. A body that is large, or of before the start, is
/// read on a thread of its own. Errors: not_found `push.missing`, `push.elsewhere` (not the running
/// agent); stale `push.too_old`, `push.clock_skew`, as for files; protocol `push.cannot_ask`;
/// timeout `push.slow`; those of parse_export.
std::shared_ptr<Transport> make_push_transport(PushOptions options, const Clock& clock);

}  // namespace sfb::remote
