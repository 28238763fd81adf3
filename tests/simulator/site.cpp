#include "tests/simulator/site.hpp"

#include "tests/simulator/await.hpp"
#include "tests/simulator/delivery.hpp"
#include "tests/simulator/doorman.hpp"
#include "tests/simulator/listening.hpp"
#include "tests/simulator/sealing.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

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

constexpr std::size_t kMaxBody = 16UL << 20U;

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

Answer plain_answer(int status, const char* body) {
  Answer answer;
  answer.status = status;
  answer.content_type = "text/html";
  answer.body = body;
  answer.sealed = false;
  return answer;
}

// What http.sys does once it wants a certificate that the handshake cannot bring any more: Server
// 2022 resets, Server 2025 answers ERROR_NOT_SUPPORTED.
std::optional<Answer> without_certificate(const std::string& wish) {
  if (wish != "reset" && wish != "not_supported") {
    return std::nullopt;
  }
  Answer answer =
      plain_answer(500,
                   "<html><body><h2>HTTP Error 500.0 - Internal Server Error</h2>"
                   "<p>Error Code 0x80070032: The request is not supported.</p></body></html>");
  answer.delivery = wish == "reset" ? Delivery::reset : Delivery::normal;
  return answer;
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

asio::awaitable<Answer> Site::answer_to(const Request& request, Doorman& doorman) {
  if (auto answer = without_certificate(listener_.client_certificate)) {
    co_return std::move(*answer);
  }
  Doorman::Verdict verdict =
      doorman.hear({request.method_string(), std::string(request[http::field::authorization]),
                    request.has_content_length(), !request.body().empty()});
  if (verdict.delay) {
    asio::steady_timer timer(co_await asio::this_coro::executor, *verdict.delay);
    co_await timer.async_wait(kAwait);
  }
  if (verdict.answer) {
    co_return std::move(*verdict.answer);
  }
  HttpHead head = head_of(request);
  const bool sealed = is_sealed(head.content_type);
  Answer answer;
  if (request.target() != listener_.path) {
    answer = plain_answer(404, "<html><body><h2>Not Found</h2></body></html>");
  } else if (sealed && doorman.context() == nullptr) {
    world_.violation("a sealed body without a context");
    answer = plain_answer(400, "");
  } else if (!sealed && listener_.encryption == "required" && listener_.certificate.empty()) {
    answer = plain_answer(500, "");  // as Windows with AllowUnencrypted=false
  } else if (const auto body = sealed ? unseal(request, head, doorman) : request.body(); !body) {
    world_.violation(body.error());
    answer = plain_answer(400, "");
  } else if (auto soap = read_soap(*body, std::move(head))) {
    answer = co_await machine_.handle(std::move(*soap));
  } else {
    world_.violation(soap.error());
    answer.status = 400;
  }
  if (answer.lapse) {
    co_return doorman.refuse();
  }
  if (sealed && answer.sealed) {
    seal(answer, doorman);
  }
  answer.headers += verdict.headers;
  co_return answer;
}

std::expected<std::string, std::string> Site::unseal(const Request& request, HttpHead& head,
                                                     Doorman& doorman) {
  ++world_.counters.sealed_requests;
  auto read = read_sealed(doorman.scheme(), head.content_type, request.body());
  if (!read) {
    return std::unexpected(read.error());
  }
  for (const std::string& violation : read->violations) {
    world_.violation(violation);
  }
  const std::size_t room = read->sealed.text.size();
  auto plain = doorman.context()->unwrap(std::move(read->sealed));
  if (!plain) {
    return std::unexpected("the sealed body cannot be opened: " + plain.error());
  }
  // RC4's padding may be counted.
  if (read->length != plain->size() && read->length != room) {
    return std::unexpected(
        fmt::format("Length is {}, the plain body has {} bytes", read->length, plain->size()));
  }
  head.content_type = read->content_type;
  return plain;
}

void Site::seal(Answer& answer, Doorman& doorman) {
  auto sealed = doorman.context()->wrap(answer.body, listener_.sealing.plain_wrap);
  if (!sealed) {
    world_.violation("the answer cannot be sealed: " + sealed.error());
    return;
  }
  // RC4's padding is counted.
  const std::size_t length = sealed->text.size();
  SealedReply reply = write_sealed(doorman.scheme(), listener_.sealing, answer.seal_fault,
                                   answer.content_type, length, std::move(*sealed));
  answer.content_type = std::move(reply.content_type);
  answer.body = std::exchange(doorman.last_sealed, reply.body);
  if (answer.seal_fault.act != "seal_replayed" || answer.body.empty()) {
    answer.body = std::move(reply.body);
  }
}

template <typename Stream>
asio::awaitable<void> Site::serve(Stream& stream, tcp::socket& socket) {
  boost::beast::flat_buffer buffer;
  Doorman doorman(listener_, world_);
  const Write write = [&](std::string text) -> asio::awaitable<bool> {
    world_.counters.bytes_out += text.size();
    const bool http10 = listener_.http == "1.0";
    if (http10 && text.starts_with("HTTP/1.1")) {
      text.replace(0, 8, "HTTP/1.0");
    }
    const auto [error, count] = co_await asio::async_write(stream, asio::buffer(text), kAwait);
    co_return !error && !http10;
  };
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
    ++world_.counters.http_requests;
    Answer answer = co_await answer_to(parser.get(), doorman);
    const Closing closing = listener_.closing;
    const bool last = closing.behind > 0 && answers >= closing.behind;
    if (last && closing.announced && answer.delivery == Delivery::normal) {
      answer.delivery = Delivery::last;
    }
    usable = co_await deliver(write, socket, answer) && parser.get().keep_alive() && !last;
    if (last) {
      co_await part(socket, closing);
    }
  }
}

}  // namespace sim
