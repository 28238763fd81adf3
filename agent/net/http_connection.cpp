#include "agent/net/http_connection.hpp"

#include "agent/base/text.hpp"
#include "agent/net/address.hpp"
#include "agent/net/connect.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace sfb::net {

namespace asio = boost::asio;

namespace {

using tcp = asio::ip::tcp;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPiece = 16UL << 10U;

std::unexpected<Error> fail_at(Stage stage, Reason reason, std::string code, std::string message,
                               std::string remedy) {
  auto failure = fail(reason, std::move(code), std::move(message), std::move(remedy));
  failure.error().stage = stage;
  return failure;
}

std::unexpected<Error> connect_failed(const std::string& where,
                                      const boost::system::error_code& e) {
  if (e == asio::error::timed_out) {
    return fail_at(Stage::connect, Reason::timeout, "connect.timeout",
                   where + ": no connection in time",
                   "check the address, the firewall and whether the server is up");
  }
  if (e == asio::error::connection_refused) {
    return fail_at(Stage::connect, Reason::connect, "connect.refused",
                   where + ": connection refused",
                   "check the port and whether the WinRM service runs (winrm enumerate "
                   "winrm/config/listener)");
  }
  if (e == asio::error::host_unreachable || e == asio::error::network_unreachable ||
      e == asio::error::network_down) {
    return fail_at(Stage::connect, Reason::connect, "connect.unreachable",
                   fmt::format("{}: {}", where, e.message()), "check the network and the route");
  }
  return fail_at(Stage::connect, Reason::connect, "connect.failed",
                 fmt::format("{}: cannot connect: {}", where, e.message()),
                 "check the address and the network");
}

std::string head_of(const HttpUrl& url, const std::vector<Header>& headers, std::size_t body) {
  std::string head = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: sfb_backup_exporter\r\n"
      "Connection: Keep-Alive\r\nAccept-Encoding: identity\r\nContent-Length: {}\r\n",
      url.path, url.host_port(), body);
  for (const Header& header : headers) {
    head += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  head += "\r\n";
  return head;
}

}  // namespace

class HttpConnection::Impl {
 public:
  Impl(asio::any_io_executor executor, Resolver& resolver, HttpConnectionOptions options)
      : resolver_(resolver), options_(std::move(options)), socket_(std::move(executor)) {}

  asio::awaitable<Status> open(MonoTime deadline, std::vector<StageTime>& times) {
    close();
    tls_info_.reset();
    const std::string where = options_.url.host_port();
    const MonoTime began = mono_now();
    auto resolved =
        co_await resolver_.resolve(options_.url.host, options_.url.port,
                                   std::min<MonoTime>(deadline, began + options_.resolve_cap));
    times.push_back({Stage::resolve, mono_now() - began});
    if (!resolved) {
      resolved.error().stage = Stage::resolve;
      co_return std::unexpected(std::move(resolved.error()));
    }
    const MonoTime connecting = mono_now();
    auto socket = co_await connect_any(
        resolved->endpoints, std::min<MonoTime>(deadline, connecting + options_.connect_cap));
    times.push_back({Stage::connect, mono_now() - connecting});
    if (!socket) {
      co_return connect_failed(where, socket.error());
    }
    socket_ = std::move(*socket);
    boost::system::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    open_ = true;
    last_used_ = mono_now();
    if (!options_.url.tls) {
      co_return Status{};
    }
    const MonoTime shaking = mono_now();
    Status secured = co_await secure(std::min<MonoTime>(deadline, shaking + options_.tls_cap));
    times.push_back({Stage::tls, mono_now() - shaking});
    if (!secured) {
      close();
    }
    co_return secured;
  }

  asio::awaitable<Result<HttpReply>> post(std::vector<Header> headers, std::string body,
                                          MonoTime deadline) {
    if (!open_) {
      co_return fail(Reason::connect, "http.closed", "the connection is closed");
    }
    const ClosesUnlessKept guard(*this);  // an error, a time-out, a cancellation
    auto done = co_await with_deadline(exchange(std::move(headers), std::move(body)), deadline);
    if (!done) {
      co_return fail(Reason::timeout, "http.timeout",
                     fmt::format("{} did not answer in time", options_.url.host_port()),
                     "look at the load of the server and at the network");
    }
    if (*done) {
      last_used_ = mono_now();
      keep_ = reusable_;
    }
    co_return std::move(*done);
  }

  bool usable() {
    if (!open_) {
      return false;
    }
    // Nothing may have come: after an answer the peer is silent until it is asked. What did come
    // is its end, a TLS alert or an answer to nobody.
    char byte = 0;
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    const bool silent = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return silent && (!tls_ || SSL_pending(tls_->native_handle()) == 0);
  }

  void close() {
    open_ = false;
    boost::system::error_code ignored;
    socket_.close(ignored);
    tls_.reset();
  }

  MonoTime last_used() const { return last_used_; }
  const std::optional<TlsInfo>& tls_info() const { return tls_info_; }

  std::string peer_address() const {
    boost::system::error_code error;
    const auto endpoint = socket_.remote_endpoint(error);
    return error ? std::string() : net::host_port(endpoint.address().to_string(), endpoint.port());
  }

 private:
  using TlsStream = asio::ssl::stream<tcp::socket&>;

  class ClosesUnlessKept {
   public:
    explicit ClosesUnlessKept(Impl& self) : self_(self) { self_.keep_ = false; }
    ~ClosesUnlessKept() {
      if (!self_.keep_) {
        self_.close();
      }
    }
    ClosesUnlessKept(const ClosesUnlessKept&) = delete;
    ClosesUnlessKept& operator=(const ClosesUnlessKept&) = delete;

   private:
    Impl& self_;
  };

  asio::awaitable<Status> secure(MonoTime deadline) {
    tls_info_.emplace();
    tls_.emplace(socket_, options_.tls->context());
    SSL* const ssl = tls_->native_handle();
    if (Status prepared = prepare_handshake(ssl, options_.tls->options(), options_.url.host);
        !prepared) {
      co_return prepared;
    }
    long verification = X509_V_OK;
    tls_->set_verify_mode(asio::ssl::verify_peer);
    tls_->set_verify_callback([&](bool good, asio::ssl::verify_context& context) {
      if (!good && verification == X509_V_OK) {
        // The chain of a connection that never comes about is had only here.
        verification = X509_STORE_CTX_get_error(context.native_handle());
        collect_chain(X509_STORE_CTX_get0_untrusted(context.native_handle()), *tls_info_);
      }
      return good;
    });
    const auto done = co_await with_deadline(
        tls_->async_handshake(asio::ssl::stream_base::client, asio::as_tuple(asio::use_awaitable)),
        deadline);
    if (!done) {
      co_return fail_at(Stage::tls, Reason::timeout, "tls.timeout",
                        options_.url.host_port() + ": the TLS handshake did not end in time",
                        "look whether the port speaks TLS and at the load of the server");
    }
    if (const auto [error] = *done; error) {
      co_return std::unexpected(
          handshake_error(error, verification, options_.url.host_port(), *tls_info_));
    }
    tls_info_->version = SSL_get_version(ssl);
    tls_info_->cipher = SSL_get_cipher_name(ssl);  // NOLINT: its macro
    collect_chain(SSL_get_peer_cert_chain(ssl), *tls_info_);
    last_used_ = mono_now();
    // The callback refers to this frame.
    tls_->set_verify_callback([](bool good, asio::ssl::verify_context&) { return good; });
    co_return Status{};
  }

  asio::awaitable<Result<HttpReply>> exchange(std::vector<Header> headers, std::string body) {
    const std::string head = head_of(options_.url, headers, body.size());
    const std::array<asio::const_buffer, 2> request{asio::buffer(head), asio::buffer(body)};
    const auto [write_error, written] = tls_ ? co_await asio::async_write(*tls_, request, kAwait)
                                             : co_await asio::async_write(socket_, request, kAwait);
    // A server may answer and close before it read everything (413, 401): the answer counts.
    HttpReplyReader reader(options_.max_header, options_.max_body);
    std::array<char, kPiece> piece{};
    std::size_t body_bytes = 0;
    while (!reader.done()) {
      const auto [error, count] =
          tls_ ? co_await tls_->async_read_some(asio::buffer(piece), kAwait)
               : co_await socket_.async_read_some(asio::buffer(piece), kAwait);
      Status taken;
      if (count > 0) {
        taken = reader.feed({piece.data(), count});
      } else if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        taken = reader.finish();
      } else {
        co_return lost(error, reader);
      }
      if (!taken) {
        co_return std::unexpected(std::move(taken.error()));
      }
      const std::size_t grown = reader.body_size() - std::min(body_bytes, reader.body_size());
      body_bytes = reader.body_size();
      if (grown > 0 && options_.admit && !options_.admit(grown)) {
        co_return fail(Reason::internal, "http.in_flight",
                       "answers hold more bytes at once than limits.in_flight allows",
                       "raise limits.in_flight");
      }
    }
    static_cast<void>(written);
    reusable_ = reader.reusable() && !write_error;
    co_return reader.take();
  }

  std::unexpected<Error> lost(const boost::system::error_code& error,
                              const HttpReplyReader& reader) const {
    auto failure =
        fail(Reason::connect, "http.closed",
             fmt::format("{} {} the connection{}", options_.url.host_port(),
                         error == asio::error::connection_reset ? "reset" : "lost",
                         reader.started() ? " in the middle of its answer" : " before an answer"),
             "if it stays so, look at the service behind the port and at proxies in between");
    failure.error().peer = error.message();
    return failure;
  }

  Resolver& resolver_;
  HttpConnectionOptions options_;
  tcp::socket socket_;
  std::optional<TlsStream> tls_;
  std::optional<TlsInfo> tls_info_;
  MonoTime last_used_{};
  bool open_ = false;
  bool reusable_ = false;
  bool keep_ = false;
};

HttpConnection::HttpConnection(asio::any_io_executor executor, Resolver& resolver,
                               HttpConnectionOptions options)
    : impl_(std::make_unique<Impl>(std::move(executor), resolver, std::move(options))) {}

HttpConnection::~HttpConnection() = default;

asio::awaitable<Status> HttpConnection::open(MonoTime deadline, std::vector<StageTime>& times) {
  co_return co_await impl_->open(deadline, times);
}

bool HttpConnection::usable() {
  return impl_->usable();
}

MonoTime HttpConnection::last_used() const {
  return impl_->last_used();
}

const std::optional<TlsInfo>& HttpConnection::tls_info() const {
  return impl_->tls_info();
}

std::string HttpConnection::peer_address() const {
  return impl_->peer_address();
}

asio::awaitable<Result<HttpReply>> HttpConnection::post(std::vector<Header> headers,
                                                        std::string body, MonoTime deadline) {
  co_return co_await impl_->post(std::move(headers), std::move(body), deadline);
}

void HttpConnection::close() {
  impl_->close();
}

}  // namespace sfb::net
