// How a caller is served: from the cache, with a run under way, with one of its own, or refused.
#pragma once

#include "agent/engine/outbox.hpp"
#include "agent/engine/pool.hpp"
#include "agent/engine/runs.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>

namespace sfb::engine {

/// Thread rule: one thread.
class Reception {
 public:
  Reception(Runs& runs, Outbox& outbox) : runs_(runs), outbox_(outbox) {}

  /// Options::min_live_interval and Options::max_waiting_queries.
  void set_limits(std::chrono::milliseconds min_live_interval, std::size_t max_waiting) {
    min_live_interval_ = min_live_interval;
    max_waiting_ = max_waiting;
  }
  void ask(Pool& pool, const status::Question& question, status::Wish wish, std::stop_token stop,
           const status::AnswerCallback& callback, Now now);

 private:
  std::optional<status::Refusal> too_soon(const Pool& pool, const status::Question& question,
                                          Now now) const;

  Runs& runs_;
  Outbox& outbox_;
  std::chrono::milliseconds min_live_interval_{0};
  std::size_t max_waiting_ = 0;
};

}  // namespace sfb::engine
