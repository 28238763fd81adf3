#include "agent/http/client_connection.hpp"

#include "agent/base/host_port.hpp"
#include "agent/http/exchange.hpp"
#include "agent/net/await.hpp"
#include "agent/net/connect.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <tuple>
#include <utility>

namespace sfb::http {

namespace asio = boost::asio;

namespace {

using tcp = asio::ip::tcp;
using net::kAwait;

}  // namespace

class HttpConnection::Impl {
 public:
  Impl(const asio::any_io_executor& executor, net::Resolver& resolver,
       HttpConnectionOptions options)
      : resolver_(resolver),
        options_(std::move(options)),
        where_(options_.url.host_port()),
        socket_(executor) {}

  asio::awaitable<Status> open(MonoTime deadline, std::vector<StageTime>& times) {
    close();
    tls_info_.reset();
    remembered_.reset();
    addresses_.clear();
    peer_.clear();
    const ClosesUnlessKept guard(*this);  // an error, a cancellation
    const MonoTime began = net::mono_now();
    auto resolved =
        co_await resolver_.resolve(options_.url.host, options_.url.port,
                                   std::min<MonoTime>(deadline, began + options_.resolve_cap));
    times.push_back({Stage::resolve, net::mono_now() - began});
    if (!resolved) {
      resolved.error().stage = Stage::resolve;
      co_return std::unexpected(std::move(resolved.error()));
    }
    remembered_ = resolved->remembered;
    addresses_ = resolved->endpoints;
    const MonoTime connecting = net::mono_now();
    auto socket = co_await net::connect_any(
        resolved->endpoints, std::min<MonoTime>(deadline, connecting + options_.connect_cap));
    times.push_back({Stage::connect, net::mono_now() - connecting});
    if (!socket) {
      co_return std::unexpected(net::connect_error(where_, socket.error()));
    }
    socket_ = std::move(*socket);
    boost::system::error_code ignored;
    const auto peer = socket_.remote_endpoint(ignored);
    peer_ = host_port(peer.address().to_string(), peer.port());
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);  // for `usable`
    if (options_.url.tls) {
      const MonoTime shaking = net::mono_now();
      Status secured = co_await secure(std::min<MonoTime>(deadline, shaking + options_.tls_cap));
      times.push_back({Stage::tls, net::mono_now() - shaking});
      if (!secured) {
        co_return secured;
      }
    }
    answered_ = false;
    open_ = keep_ = true;
    last_used_ = net::mono_now();
    co_return Status{};
  }

  asio::awaitable<Result<HttpReply>> post(HttpRequest request, MonoTime deadline) {
    if (!open_) {
      co_return fail(Reason::connect, "http.closed",
                     where_ + ": the connection was closed before an answer");
    }
    const ClosesUnlessKept guard(*this);  // an error, a time-out, a cancellation
    came_.clear();
    auto done = co_await net::with_deadline(exchange(std::move(request)), deadline);
    if (!done && !came_.empty()) {
      co_return fail(
          Reason::timeout, "http.timeout",
          fmt::format("{} began an answer and did not end it in time: {}", where_, came_),
          "look at the network and at proxies in between: the rest is lost or slow to "
          "come, or the answer's Content-Length is wrong");
    }
    if (!done) {
      co_return fail(Reason::timeout, "http.timeout", where_ + " did not answer in time",
                     "look at the load of the server and at the network");
    }
    if (*done) {
      last_used_ = net::mono_now();
      keep_ = reusable_ && open_;
    }
    co_return std::move(*done);
  }

  // After an answer the peer is silent until it is asked. What did come is its end, an alert or an
  // answer to nobody; only records of TLS's own (session tickets, say) are no reason to part.
  bool usable() {
    if (!open_) {
      return false;
    }
    char byte = 0;
    bool silent = false;
    if (tls_) {
      boost::system::error_code error;
      tls_->read_some(asio::buffer(&byte, 1), error);  // the socket does not block
      silent = error == asio::error::would_block;
    } else {
      const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      silent = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
    if (!silent) {
      close();
    }
    return silent;
  }

  asio::awaitable<bool> usable_until(MonoTime until) {
    while (usable() && net::mono_now() < until) {
      // Readable is no verdict: TLS has records of its own.
      static_cast<void>(
          co_await net::with_deadline(socket_.async_wait(tcp::socket::wait_read, kAwait), until));
    }
    co_return open_;
  }

  bool kept_open() const { return open_; }

  void close() {
    open_ = false;
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (!busy_) {
      tls_.reset();  // else the operation that it ends does so
    }
  }

  MonoTime last_used() const { return last_used_; }
  bool answer_began() const { return !came_.empty(); }
  const std::optional<net::TlsInfo>& tls_info() const { return tls_info_; }

  std::optional<bool> address_remembered() const { return remembered_; }
  const net::Endpoints& addresses() const { return addresses_; }
  const std::string& peer_address() const { return peer_; }

 private:
  using TlsStream = asio::ssl::stream<tcp::socket&>;

  class ClosesUnlessKept {
   public:
    explicit ClosesUnlessKept(Impl& self) : self_(self) {
      self_.keep_ = false;
      self_.busy_ = true;
    }
    ~ClosesUnlessKept() {
      self_.busy_ = false;
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
    if (!options_.tls) {
      co_return fail_at(Stage::tls, Reason::internal, "tls.missing",
                        where_ + ": https without TLS settings",
                        "this is a bug of sfb_backup_exporter: please report it");
    }
    tls_info_.emplace();
    refusal_ = {};
    tls_.emplace(socket_, options_.tls->context());
    SSL* const ssl = tls_->native_handle();
    if (Status prepared = net::prepare_handshake(ssl, options_.tls->options(), options_.url.host);
        !prepared) {
      co_return prepared;
    }
    net::watch_requests(ssl, *tls_info_);
    boost::system::error_code ignored;
    tls_->set_verify_mode(asio::ssl::verify_peer, ignored);
    tls_->set_verify_callback(
        [this](bool good, asio::ssl::verify_context& context) {
          if (!good) {
            net::note_refusal(context.native_handle(), refusal_, *tls_info_);
          }
          return good;
        },
        ignored);
    const auto done = co_await net::with_deadline(
        tls_->async_handshake(asio::ssl::stream_base::client, kAwait), deadline);
    const bool ended_well = done && !std::get<0>(*done);
    net::note_handshake(ssl, ended_well, *tls_info_);
    if (!done) {
      co_return fail_at(Stage::tls, Reason::timeout, "tls.timeout",
                        where_ + ": the TLS handshake did not end in time",
                        "look whether the port speaks TLS and at the load of the server");
    }
    if (!ended_well) {
      co_return std::unexpected(net::handshake_error(std::get<0>(*done), refusal_, where_,
                                                     *tls_info_, options_.tls->options()));
    }
    co_return Status{};
  }

  asio::awaitable<Result<HttpReply>> exchange(HttpRequest request) {
    const auto bytes = bytes_of(options_.url, request);
    if (!bytes) {
      co_return std::unexpected(bytes.error());
    }
    const auto buffer = asio::buffer(bytes->reveal());
    // A server may answer and close before it has read everything: its answer counts.
    const auto [write_error, written] = tls_ ? co_await asio::async_write(*tls_, buffer, kAwait)
                                             : co_await asio::async_write(socket_, buffer, kAwait);
    static_cast<void>(written);
    HttpReplyReader reader(options_.max_header, options_.max_body);
    std::array<char, kPiece> piece{};
    while (!reader.done()) {
      const auto [error, count] =
          tls_ ? co_await tls_->async_read_some(asio::buffer(piece), kAwait)
               : co_await socket_.async_read_some(asio::buffer(piece), kAwait);
      const std::size_t before = reader.body_size();
      Status taken;
      if (count > 0) {
        taken = reader.feed({piece.data(), count});
      } else if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
        taken = reader.finish(error == asio::error::eof);
      } else {
        taken = lost(error, reader);
      }
      if (!taken) {
        taken.error().message = where_ + ": " + taken.error().message;
        co_return std::unexpected(hint_at_tls(std::move(taken.error()), reader));
      }
      came_ = reader.progress();
      const std::size_t grown = reader.body_size() - before;
      if (grown > 0 && options_.admit && !options_.admit(grown)) {
        co_return fail(Reason::internal, "http.in_flight",
                       "answers hold more bytes at once than limits.in_flight allows",
                       "raise limits.in_flight");
      }
    }
    reusable_ = reader.reusable() && !write_error;
    answered_ = true;
    spoke_http_ = true;
    co_return reader.take();
  }

  std::unexpected<Error> lost(const boost::system::error_code& error,
                              const HttpReplyReader& reader) const {
    const bool first = tls_info_ && !answered_ && !reader.started();
    const bool alert = net::wants_certificate(error);
    if (first && (alert || tls_info_->wants_certificate)) {
      Error wanted = net::certificate_wanted(where_);
      if (!alert) {
        wanted.stage = Stage::none;  // it may have read the request
      }
      return std::unexpected(std::move(wanted));
    }
    // TLS 1.3 has no way to ask a client later that has not offered it.
    const bool late =
        first && tls_info_->version == "TLSv1.3" && error == boost::asio::error::connection_reset;
    return fail(
        Reason::connect, "http.closed",
        fmt::format("the connection was {} {}",
                    error == asio::error::connection_reset ? "reset" : "lost",
                    reader.started() ? "in the middle of the answer" : "before an answer"),
        std::string(late ? "Windows Server 2022 resets a connection of TLS 1.3 where it wants "
                           "a client certificate, which this agent does not have: look at "
                           "netsh http show sslcert (Negotiate Client Certificate); "
                         : "") +
            "if it stays so, look at the service behind the port and at proxies in between",
        error.message());
  }

  // A TLS port that is spoken to in plain HTTP closes without a word, or with a TLS alert.
  Error hint_at_tls(Error error, const HttpReplyReader& reader) const {
    constexpr std::string_view kAlert = "\x15\x03";
    if (options_.url.tls) {
      return error;
    }
    if (error.code == "http.malformed" && error.peer.starts_with(kAlert)) {
      error.code = "http.is_tls";
      error.message = where_ + ": the port speaks TLS";
      error.remedy = "write https in url, or the port of plain HTTP (5985)";
      error.peer.clear();
    } else if (error.code == "http.closed" && !reader.started() && !spoke_http_) {
      error.remedy = "if this is an HTTPS port (5986), write https in url; " + error.remedy;
    }
    return error;
  }

  net::Resolver& resolver_;
  HttpConnectionOptions options_;
  std::string where_;  ///< the server, for messages
  std::string peer_;
  std::optional<bool> remembered_;
  net::Endpoints addresses_;
  tcp::socket socket_;
  std::optional<TlsStream> tls_;
  std::optional<net::TlsInfo> tls_info_;
  net::Refusal refusal_;
  MonoTime last_used_{};
  bool open_ = false;
  bool answered_ = false;    ///< since it was opened
  bool spoke_http_ = false;  ///< an answer came here before
  bool busy_ = false;        ///< an operation runs
  bool keep_ = false;        ///< the one that runs leaves the connection open
  bool reusable_ = false;    ///< so the last answer says
  std::string came_;         ///< of an answer that has begun
};

HttpConnection::HttpConnection(asio::any_io_executor executor, net::Resolver& resolver,
                               HttpConnectionOptions options)
    : impl_(std::make_unique<Impl>(executor, resolver, std::move(options))) {}

HttpConnection::~HttpConnection() = default;

asio::awaitable<Status> HttpConnection::open(MonoTime deadline, std::vector<StageTime>& times) {
  co_return co_await impl_->open(deadline, times);
}

bool HttpConnection::usable() {
  return impl_->usable();
}

asio::awaitable<bool> HttpConnection::usable_until(MonoTime until) {
  co_return co_await impl_->usable_until(until);
}

bool HttpConnection::kept_open() const {
  return impl_->kept_open();
}

bool HttpConnection::answer_began() const {
  return impl_->answer_began();
}

MonoTime HttpConnection::last_used() const {
  return impl_->last_used();
}

const std::optional<net::TlsInfo>& HttpConnection::tls_info() const {
  return impl_->tls_info();
}

std::optional<bool> HttpConnection::address_remembered() const {
  return impl_->address_remembered();
}

const net::Endpoints& HttpConnection::addresses() const {
  return impl_->addresses();
}

std::string HttpConnection::peer_address() const {
  return impl_->peer_address();
}

asio::awaitable<Result<HttpReply>> HttpConnection::post(HttpRequest request, MonoTime deadline) {
  co_return co_await impl_->post(std::move(request), deadline);
}

void HttpConnection::close() {
  impl_->close();
}

}  // namespace sfb::http
