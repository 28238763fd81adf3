#include "tests/simulator/delivery.hpp"

#include "tests/simulator/await.hpp"

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace sim {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

// The peer sees a reset, not an orderly end.
void reset(tcp::socket& socket) {
  const ::linger hard{1, 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  boost::system::error_code ignored;
  socket.close(ignored);
}

// `more`: further headers, whole lines.
std::string head_of(const Answer& answer, const std::string& more) {
  return fmt::format(
      "HTTP/1.1 {} Simulated\r\nContent-Type: {}\r\nServer: Microsoft-HTTPAPI/2.0\r\n{}{}\r\n",
      answer.status, answer.content_type, answer.headers, more);
}

}  // namespace

asio::awaitable<void> part(tcp::socket& socket, Closing closing) {
  asio::steady_timer timer(socket.get_executor(), closing.delay);
  co_await timer.async_wait(kAwait);
  if (!closing.half) {
    co_return;
  }
  boost::system::error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  std::array<char, 4096> dropped{};
  for (bool more = true; more;) {
    const auto [error, count] = co_await socket.async_read_some(asio::buffer(dropped), kAwait);
    more = !error;
  }
}

asio::awaitable<bool> deliver(const Write& write, tcp::socket& socket, const Answer& answer) {
  const std::string length = fmt::format("Content-Length: {}\r\n", answer.body.size());
  const std::string whole = head_of(answer, length) + answer.body;
  switch (answer.delivery) {
    case Delivery::normal:
      co_return co_await write(whole);
    case Delivery::last:
      co_await write(head_of(answer, length + "Connection: close\r\n") + answer.body);
      co_return false;
    case Delivery::raw:
      co_await write(answer.body);
      co_return false;
    case Delivery::hang: {
      // Until the client gives up: then there is something to read, its end.
      co_await socket.async_wait(tcp::socket::wait_read, kAwait);
      co_return false;
    }
    case Delivery::reset:
      reset(socket);
      co_return false;
    case Delivery::close:
      co_return false;
    case Delivery::slow_drip:
      for (std::size_t at = 0; at < whole.size(); at += std::max<std::size_t>(answer.at, 1)) {
        if (!co_await write(whole.substr(at, std::max<std::size_t>(answer.at, 1)))) {
          co_return false;
        }
        asio::steady_timer timer(co_await asio::this_coro::executor, answer.pause);
        co_await timer.async_wait(kAwait);
      }
      co_return true;
    case Delivery::cut_body: {
      const std::size_t body = whole.size() - answer.body.size();
      co_await write(whole.substr(0, body + std::min(answer.at, answer.body.size())));
      co_return false;
    }
    case Delivery::cut_header:
      co_await write(whole.substr(0, answer.at));
      co_return false;
    case Delivery::cut_chunk:
    case Delivery::chunked: {
      std::string text = head_of(answer, "Transfer-Encoding: chunked\r\n");
      for (std::size_t at = 0; at < answer.body.size(); at += 500) {
        const std::string piece = answer.body.substr(at, 500);
        text += fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
      }
      const bool cut = answer.delivery == Delivery::cut_chunk;
      text = cut ? text.substr(0, text.size() - std::min<std::size_t>(answer.body.size(), 100))
                 : text + "0\r\n\r\n";
      const bool sent = co_await write(text);
      co_return sent && !cut;
    }
    case Delivery::wrong_length:
      co_await write(
          head_of(answer, fmt::format("Content-Length: {}\r\n", answer.body.size() + answer.at)) +
          answer.body);
      co_return false;
  }
  co_return false;
}

}  // namespace sim
