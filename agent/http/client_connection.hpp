// One outgoing HTTP/1.1 connection, plain or TLS, kept alive and used for one request at a time.
// It never repeats a request: whether that is allowed only the caller knows.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/base/url.hpp"
#include "agent/http/reply_reader.hpp"
#include "agent/http/request.hpp"
#include "agent/net/resolver.hpp"
#include "agent/net/tls.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::http {

struct HttpConnectionOptions {
  Url url;
  std::shared_ptr<net::TlsClient> tls;  ///< needed for https
  std::chrono::milliseconds resolve_cap{5'000};
  std::chrono::milliseconds connect_cap{5'000};
  std::chrono::milliseconds tls_cap{10'000};
  std::size_t max_header = 64UL << 10U;
  std::size_t max_body = 2UL << 20U;  ///< larger bodies are refused by their Content-Length already
  /// Asked before more bytes of a body are kept; false ends the answer (Reason::internal, code
  /// `http.in_flight`). May be empty.
  std::function<bool(std::size_t)> admit = {};
};

/// Thread rule: loop thread of `executor`; one operation at a time. Destroying it closes the
/// socket.
class HttpConnection {
 public:
  HttpConnection(boost::asio::any_io_executor executor, net::Resolver& resolver,
                 HttpConnectionOptions options);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Resolves, connects and shakes hands; each stage ends by its cap or by `deadline`. Stage times
  /// (resolve, connect, tls) are appended to `times`, those of a failure included. Errors carry
  /// their stage: Reason::dns (resolver.hpp); connect: connect.refused, connect.unreachable,
  /// connect.failed; timeout: connect.timeout, tls.timeout; tls: tls.wrong_name, tls.expired,
  /// tls.not_yet_valid, tls.ca_expired and tls.ca_not_yet_valid (a CA's in our own trust store),
  /// tls.unknown_issuer, tls.untrusted_root (a root in the chain that is not in
  /// the trust store, or self-signed), tls.too_old (the peer offers only a version below the
  /// minimum), tls.not_tls (the port speaks something else), tls.certificate (any other
  /// verification error), tls.client_certificate (the server
  /// demands one of the client), tls.handshake. Cancellable.
  boost::asio::awaitable<Status> open(MonoTime deadline, std::vector<StageTime>& times);

  /// Connected, and the peer has neither closed it nor sent anything unasked; else the connection
  /// is closed. Costs a system call.
  bool usable();
  /// As `usable`, watched until then: a server that closes behind an answer may take a moment.
  /// Cancellable.
  boost::asio::awaitable<bool> usable_until(MonoTime until);
  /// Nothing on our side has closed it: no error, and no answer that said that the peer would.
  bool kept_open() const;
  /// Part of an answer to the last `post` came: a time-out then is no silence of the server.
  bool answer_began() const;
  /// When the last answer came; when it was opened before that.
  MonoTime last_used() const;
  /// Since `open` began; kept when the handshake failed, as far as it got.
  const std::optional<net::TlsInfo>& tls_info() const;
  /// DNS did not confirm the address (Resolver::Answer::remembered); absent when there was none.
  std::optional<bool> address_remembered() const;
  /// All addresses that the host name has, as the last `open` found them.
  const net::Endpoints& addresses() const;
  /// `127.0.0.1:5986`; empty before a connection, kept behind one.
  std::string peer_address() const;

  /// POSTs and reads the whole answer. The connection is closed after an error, after `Connection:
  /// close`, and when it is cancelled. Errors: tls `tls.client_certificate` (TLS 1.3 tells
  /// it no sooner; stage tls where the request was not read), timeout `http.timeout`; connect
  /// `http.closed` (the peer closed or reset; `before_answer` in the message when not one byte had
  /// come); protocol `http.malformed`, `http.answer_too_large`, `http.cut` (the body is shorter
  /// than announced). Interim 1xx answers are skipped (bounded). The request's memory is wiped when
  /// it was sent.
  boost::asio::awaitable<Result<HttpReply>> post(HttpRequest request, MonoTime deadline);

  /// At once, without TLS's close_notify: HTTP's own lengths tell the peer that nothing is missing.
  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfb::http
