// One run of one question, from waiting to the transport's return.
#pragma once

#include "agent/base/time.hpp"
#include "agent/engine/endpoint.hpp"
#include "agent/remote/ask.hpp"
#include "agent/status/evaluation.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sfb::engine {

using WaiterId = std::uint64_t;

/// What a transport is asked for a question.
remote::Ask ask_for(const status::Question& question, TextForm render = {});

/// A scheduled run leaves a fifth of the interval free, so that slowness shows as time-outs of this
/// pool and not as overruns of its neighbours.
std::chrono::milliseconds budget(const PoolOptions& options);

struct Job {
  enum class Phase : std::uint8_t {
    held,       ///< not_before, or an earlier run of the same question has not returned yet
    queued,     ///< waits for the endpoint
    running,    ///< launched
    cancelled,  ///< launched, nobody wants the result any more
    abandoned,  ///< launched, given up by the guard; holds its endpoint's slot only
  };
  JobId id = 0;
  status::Question question;
  std::uint64_t generation = 0;
  EndpointPtr endpoint;
  status::Trigger trigger = status::Trigger::schedule;
  std::string request_id;
  Phase phase = Phase::queued;
  bool scheduled = false;  ///< the schedule wants the result, callers or not
  TextForm render = {};    ///< status::Wish's
  std::vector<WaiterId> waiters;
  MonoTime not_before{};
  MonoTime started{};
  MonoTime deadline{};
  std::shared_ptr<std::string> front_end = std::make_shared<std::string>();  ///< remote::Ask's

  bool is_live() const { return phase <= Phase::running; }
  bool is_waiting() const { return phase <= Phase::queued; }
  /// The pool's activity is about this run. One that brings text stands beside the schedule,
  /// which does not wait for it, but its answer is the pool's news like any other.
  bool drives_activity() const { return question.is_scheduled() && !render.wanted(); }
  bool same(const status::Question& other, TextForm text) const {
    return question == other && render == text;
  }
};

using JobPtr = std::shared_ptr<Job>;

}  // namespace sfb::engine
