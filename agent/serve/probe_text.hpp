// What `/probe?debug=true` shows to a reader: stages, outcome, verdict and the cmdlet's own text.
// Pure.
#pragma once

#include "agent/base/time.hpp"
#include "agent/serve/metrics_page.hpp"
#include "agent/status/evaluation.hpp"
#include "agent/status/knowledge.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>

namespace sfb::serve {

struct ProbeReport {
  const status::PoolSnapshot& pool;
  const std::expected<status::Answer, status::Refusal>& outcome;
  const ProbeResult& result;
  std::chrono::nanoseconds budget;
  MonoTime now;
  const std::string& request_id;
  std::size_t max_bytes;  ///< of the cmdlet's text
};

/// Control characters that a server sent are made visible.
std::string probe_text(const ProbeReport& report);

}  // namespace sfb::serve
