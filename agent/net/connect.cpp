#include "agent/net/connect.hpp"

#include "agent/net/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <fmt/format.h>

#include <cstddef>
#include <tuple>
#include <utility>

namespace sfb::net {

namespace asio = boost::asio;

namespace {

Error failed(Reason reason, std::string code, std::string message, std::string remedy) {
  return {reason, std::move(code), std::move(message), std::move(remedy), {}, Stage::connect};
}

}  // namespace

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

Error connect_error(const std::string& where, const boost::system::error_code& error) {
  if (error == asio::error::timed_out) {
    return failed(Reason::timeout, "connect.timeout", where + ": no connection in time",
                  "check the address, the firewall and whether the server is up");
  }
  if (error == asio::error::connection_refused) {
    return failed(Reason::connect, "connect.refused", where + ": connection refused",
                  "check the port and whether the WinRM service runs (winrm enumerate "
                  "winrm/config/listener)");
  }
  if (error == asio::error::host_unreachable || error == asio::error::network_unreachable ||
      error == asio::error::network_down) {
    return failed(Reason::connect, "connect.unreachable",
                  fmt::format("{}: {}", where, error.message()), "check the network and the route");
  }
  return failed(Reason::connect, "connect.failed",
                fmt::format("{}: cannot connect: {}", where, error.message()),
                "check the address and the network");
}

}  // namespace sfb::net
