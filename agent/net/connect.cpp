#include "agent/net/connect.hpp"

#include "agent/net/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>

#include <cstddef>
#include <tuple>
#include <utility>

namespace sfb::net {

namespace asio = boost::asio;

asio::awaitable<std::expected<asio::ip::tcp::socket, boost::system::error_code>> connect_any(
    const Endpoints& endpoints, MonoTime deadline) {
  const auto executor = co_await asio::this_coro::executor;
  boost::system::error_code last = asio::error::host_unreachable;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    asio::ip::tcp::socket socket(executor);
    if (socket.open(endpoints[i].protocol(), last); last) {
      continue;  // no IPv6 here, or no descriptor left
    }
    // Asio opens sockets without it, and a child process must not inherit a session.
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    const auto left = static_cast<long>(endpoints.size() - i);
    const MonoTime until =
        deadline == kNever ? kNever : mono_now() + (deadline - mono_now()) / left;
    const auto done = co_await with_deadline(
        socket.async_connect(endpoints[i], asio::as_tuple(asio::use_awaitable)), until);
    if (done && !std::get<0>(*done)) {
      co_return socket;
    }
    last = done ? std::get<0>(*done) : boost::system::error_code(asio::error::timed_out);
  }
  co_return std::unexpected(last);
}

}  // namespace sfb::net
