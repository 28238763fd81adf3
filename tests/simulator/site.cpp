#include "tests/simulator/site.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "tests/simulator/listening.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace sim {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxBody = 16UL << 20U;

// The peer sees a reset, not an orderly end.
void reset(tcp::socket& socket) {
  const ::linger hard{1, 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  boost::system::error_code ignored;
  socket.close(ignored);
}

class Counted {
 public:
  explicit Counted(World& world) : world_(world) {
    ++world_.connections;
    ++world_.counters.connections_made;
  }
  ~Counted() { --world_.connections; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  World& world_;
};

HttpHead head_of(const http::request<http::string_body>& request) {
  HttpHead head;
  const auto text = [&](http::field field) { return std::string(request[field]); };
  head.method = request.method_string();
  head.content_type = text(http::field::content_type);
  head.accept_encoding = text(http::field::accept_encoding);
  head.authorization = text(http::field::authorization);
  head.has_host = request.find(http::field::host) != request.end();
  head.has_length = request.has_content_length();
  head.chunked = request.chunked();
  head.expects = request.find(http::field::expect) != request.end();
  head.text = fmt::format("{} {} HTTP/1.1\r\n", head.method, std::string(request.target()));
  for (const auto& field : request) {
    head.text +=
        fmt::format("{}: {}\r\n", std::string(field.name_string()), std::string(field.value()));
  }
  return head;
}

std::string head(int status, const std::string& type, const std::string& more) {
  return fmt::format(
      "HTTP/1.1 {} Simulated\r\nContent-Type: {}\r\nServer: Microsoft-HTTPAPI/2.0\r\n{}\r\n",
      status, type, more);
}

// Ends the connection when it was idle for so long, while this lives.
class IdleEnd {
 public:
  IdleEnd(tcp::socket& socket, Millis idle) : timer_(socket.get_executor()) {
    if (idle.count() > 0) {
      timer_.expires_after(idle);
      timer_.async_wait([&socket, alive = alive_](const boost::system::error_code& error) {
        boost::system::error_code ignored;
        if (!error && *alive) {
          socket.close(ignored);
        }
      });
    }
  }
  ~IdleEnd() { *alive_ = false; }
  IdleEnd(const IdleEnd&) = delete;
  IdleEnd& operator=(const IdleEnd&) = delete;

 private:
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  asio::steady_timer timer_;
};

// The end that nobody asked for.
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

// True when the connection can be used again.
template <typename Stream>
asio::awaitable<bool> deliver(Stream& stream, tcp::socket& socket, const Answer& answer,
                              World& world, bool http10) {
  const std::string length = fmt::format("Content-Length: {}\r\n", answer.body.size());
  const auto write = [&](std::string text) -> asio::awaitable<bool> {
    world.counters.bytes_out += text.size();
    if (http10 && text.starts_with("HTTP/1.1")) {
      text.replace(0, 8, "HTTP/1.0");
    }
    const auto [error, count] = co_await asio::async_write(stream, asio::buffer(text), kAwait);
    co_return !error && !http10;
  };
  const std::string whole = head(answer.status, answer.content_type, length) + answer.body;
  switch (answer.delivery) {
    case Delivery::normal:
      co_return co_await write(whole);
    case Delivery::last:
      co_await write(head(answer.status, answer.content_type, length + "Connection: close\r\n") +
                     answer.body);
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
      std::string text = head(answer.status, answer.content_type, "Transfer-Encoding: chunked\r\n");
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
      co_await write(head(answer.status, answer.content_type,
                          fmt::format("Content-Length: {}\r\n", answer.body.size() + answer.at)) +
                     answer.body);
      co_return false;
  }
  co_return false;
}

}  // namespace

Site::Site(asio::io_context& loop, Listener listener, World& world)
    : listener_(std::move(listener)),
      world_(world),
      machine_(loop.get_executor(), listener_, world),
      tls_(tls_of(listener_)),
      acceptor_(listen_on(loop, listener_.listen, listener_.listen_place, listener_.name)) {
  asio::co_spawn(loop, accept(), asio::detached);
}

std::string Site::address() const {
  return address_of(acceptor_).text();
}

std::optional<std::string> Site::change(const std::string& yaml) {
  auto changed = read_listener(yaml, listener_, world_.scenario().folder);
  if (!changed) {
    return changed.error();
  }
  try {
    tls_ = tls_of(*changed);
  } catch (const std::exception& error) {
    return error.what();
  }
  listener_ = std::move(*changed);
  return std::nullopt;
}

asio::awaitable<void> Site::accept() {
  const auto executor = co_await asio::this_coro::executor;
  while (true) {
    auto [error, socket] = co_await acceptor_.async_accept(kAwait);
    if (error) {
      continue;
    }
    asio::co_spawn(
        executor,
        [](Site& self, tcp::socket connection) -> asio::awaitable<void> {
          const Counted counted(self.world_);
          boost::system::error_code ignored;
          connection.set_option(tcp::no_delay(true), ignored);
          const auto tls = self.tls_;  // it may get another one
          if (!tls) {
            co_await self.serve(connection, connection);
            co_return;
          }
          asio::ssl::stream<tcp::socket&> stream(connection, *tls);
          if (const auto [failed] =
                  co_await stream.async_handshake(asio::ssl::stream_base::server, kAwait);
              failed) {
            co_return;
          }
          co_await self.serve(stream, connection);
        }(*this, std::move(socket)),
        asio::detached);
  }
}

bool Site::let_in(const std::string& authorization) {
  if (listener_.users.empty()) {
    return true;
  }
  if (!sfb::istarts_with(authorization, "Basic ")) {
    return false;
  }
  const std::string plain = sfb::base64_decode(authorization.substr(6)).value_or("");
  const auto colon = plain.find(':');
  const auto user = listener_.users.find(plain.substr(0, colon));
  const bool good = colon != std::string::npos && user != listener_.users.end() &&
                    user->second == plain.substr(colon + 1);
  ++(good ? world_.counters.logons_ok : world_.counters.logons_failed);
  return good;
}

template <typename Stream>
asio::awaitable<void> Site::serve(Stream& stream, tcp::socket& socket) {
  boost::beast::flat_buffer buffer;
  bool usable = true;
  for (std::size_t answers = 1; usable; ++answers) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kMaxBody);
    std::optional<IdleEnd> idle(std::in_place, socket, listener_.closing.idle);
    const auto [error, count] = co_await http::async_read(stream, buffer, parser, kAwait);
    idle.reset();
    if (error) {
      // Not when the client just goes, or speaks TLS to a plain listener.
      constexpr char kTlsRecord = 0x16;
      const bool tls =
          buffer.size() > 0 && *static_cast<const char*>(buffer.data().data()) == kTlsRecord;
      if (error.category() == http::make_error_code(http::error::bad_method).category() && !tls &&
          error != http::error::end_of_stream && error != http::error::partial_message) {
        world_.violation("HTTP: " + error.message());
      }
      co_return;
    }
    world_.counters.bytes_in += count;
    const auto& request = parser.get();
    if (!let_in(std::string(request[http::field::authorization]))) {
      std::string offers;
      for (const std::string& offer : listener_.offers) {
        offers += fmt::format("WWW-Authenticate: {}\r\n",
                              offer == "Basic" ? "Basic realm=\"WSMAN\"" : offer);
      }
      const std::string text = head(401, "text/html", offers + "Content-Length: 0\r\n");
      world_.counters.bytes_out += text.size();
      const auto [failed, written] = co_await asio::async_write(stream, asio::buffer(text), kAwait);
      usable = !failed;
      continue;
    }
    Answer answer;
    if (request.target() != listener_.path) {
      answer.status = 404;
      answer.content_type = "text/html";
      answer.body = "<html><body><h2>Not Found</h2></body></html>";
    } else if (auto soap = read_soap(request.body(), head_of(request))) {
      answer = co_await machine_.handle(std::move(*soap));
    } else {
      world_.violation(soap.error());
      answer.status = 400;
      answer.body.clear();
    }
    const Closing closing = listener_.closing;
    const bool last = closing.behind > 0 && answers >= closing.behind;
    if (last && closing.announced && answer.delivery == Delivery::normal) {
      answer.delivery = Delivery::last;
    }
    usable = co_await deliver(stream, socket, answer, world_, listener_.http == "1.0") &&
             request.keep_alive() && !last;
    if (last) {
      co_await part(socket, closing);
    }
  }
}

}  // namespace sim
