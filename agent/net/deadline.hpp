// Deadlines for coroutines: every await in this program ends by a time that is known.
#pragma once

#include "agent/base/time.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <exception>
#include <optional>
#include <utility>

namespace sfb::net {

/// No deadline: for the few waits that end by cancellation alone.
inline constexpr MonoTime kNever = MonoTime::max();

/// The monotonic clock that deadlines are measured on.
inline MonoTime mono_now() {
  return std::chrono::steady_clock::now();
}

/// Waits until `when`; returns early when cancelled. Never throws by itself (a cancelled coroutine
/// throws at its next co_await, which is Asio's rule).
boost::asio::awaitable<void> sleep_until(MonoTime when);

namespace detail {

// co_spawn wants a default value for the case of an exception; not every T has one.
template <typename T>
boost::asio::awaitable<std::optional<T>> as_optional(boost::asio::awaitable<T> operation) {
  co_return co_await std::move(operation);
}

}  // namespace detail

/// The operation's value, or nothing when `deadline` came first: then the operation is cancelled
/// and has ended before this returns, so references it holds stay good. What it throws is thrown
/// on. Thread rule: runs on the caller's executor.
template <typename T>
boost::asio::awaitable<std::optional<T>> with_deadline(boost::asio::awaitable<T> operation,
                                                       MonoTime deadline) {
  namespace asio = boost::asio;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, deadline);
  // Not `operation || timer`: that one waits for the timer when the operation throws.
  auto [order, failure, value, timer_error] =
      co_await asio::experimental::make_parallel_group(
          asio::co_spawn(executor, detail::as_optional(std::move(operation)), asio::deferred),
          timer.async_wait(asio::deferred))
          .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
  // A timer that was cancelled did not run out: then this coroutine was cancelled from outside and
  // the operation's answer to that is the one to give.
  if (order[0] == 0 || timer_error) {
    if (failure) {
      std::rethrow_exception(failure);
    }
    co_return std::move(value);
  }
  co_return std::nullopt;
}

}  // namespace sfb::net
