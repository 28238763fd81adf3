// Who is let in: what the outcome of runs means for an endpoint, and for the account that could be
// locked.
#pragma once

#include "agent/base/log.hpp"
#include "agent/engine/endpoint.hpp"
#include "agent/engine/job.hpp"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace sfb::engine {

/// Thread rule: one thread.
class Admission {
 public:
  struct Hooks {
    /// Endpoint::backoff_until may be another.
    std::function<void(const Endpoint&, Now)> changed;
    /// The server is to be left alone until then, also by those who wait.
    std::function<void(const Endpoint&, MonoTime until, Now)> left_alone;
  };
  Admission(Logger logger, Hooks hooks) : logger_(std::move(logger)), hooks_(std::move(hooks)) {}

  /// A run ended. `let_in`: the server looked at who we are, and went on.
  void learn(const Job& job, const Error* failure, bool let_in, Now now);
  /// Another password lies on disk. The endpoints that it concerns, and whether they were left
  /// alone before.
  std::vector<std::pair<Endpoint*, bool>> credentials_changed(Endpoint& endpoint,
                                                              std::uint64_t secret, Now now);

 private:
  void refused(const Job& job, const Error& failure, const Refused& by, Now now);
  void account_refused(Endpoint& endpoint, const Job& job, const Refused& by, Now now);
  void accepted(const Job& job, Now now);

  Logger logger_;
  Hooks hooks_;
};

}  // namespace sfb::engine
