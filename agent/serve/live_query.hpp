// The Evaluator as an awaitable.
#pragma once

#include "agent/status/evaluation.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <expected>

namespace sfb::serve {

/// Asks and waits for the one answer. The evaluator keeps `wish.deadline`; should it not answer by
/// then, nor within `patience` from now, the caller is refused (504). A caller that goes away, or
/// is cancelled, stops waiting; the run goes on while others want it. Thread rule: loop thread.
boost::asio::awaitable<std::expected<status::Answer, status::Refusal>> ask(
    status::Evaluator& evaluator, status::Question question, status::Wish wish,
    std::chrono::nanoseconds patience);

}  // namespace sfb::serve
