#include "agent/net/deadline.hpp"

#include <boost/asio/as_tuple.hpp>

namespace sfb::net {

boost::asio::awaitable<void> sleep_until(MonoTime when) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, when);
  // Cancellation is a way to end, not an error: the caller sees it at its next await.
  const auto [error] = co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  static_cast<void>(error);
}

}  // namespace sfb::net
