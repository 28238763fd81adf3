// The connection of the command line's client: plain or TLS.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/http/listener.hpp"
#include "agent/http/types.hpp"
#include "agent/net/tls.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::http {

/// Whom the client believes, and who it says to be.
struct ClientIdentity {
  std::string ca_file;           ///< PEM; empty: the CAs that the system trusts
  std::string certificate_file;  ///< PEM, our own, then those of its issuers; empty: none
  std::string key_file;          ///< PEM; empty: the key stands in certificate_file
  Secret authorization;          ///< value of the Authorization header; empty: none
  /// Makes it instead, where it is good for one connection: for the host that is asked, with the
  /// channel bindings of TLS (net::server_end_point; empty: none). It may block. May be empty.
  std::function<Result<Secret>(const std::string& host, const std::string& bindings)> prove = {};
  /// Judges the answer to what `prove` made. Set with it.
  std::function<Status(const Response& answer)> proved = {};
};

/// What `identity` says for TLS. Blocks. Reason::tls, codes `tls.ca_file`, `client.certificate` or
/// `client.key`: a file that cannot be used.
Result<std::shared_ptr<net::TlsClient>> client_tls(const ClientIdentity& identity);

/// Thread rule: the socket's executor; one operation at a time.
class ClientStream {
 public:
  explicit ClientStream(StreamSocket socket) : socket_(std::move(socket)) {}
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  /// The handshake; `host` is the name that the server's certificate must have. Reason::tls with
  /// the codes of HttpConnection::open; remedies name the variables of the command.
  boost::asio::awaitable<Status> secure(std::shared_ptr<net::TlsClient> tls, std::string host,
                                        std::string where);
  /// Those of the server's certificate; empty: plain, or there are none.
  std::string bindings();
  boost::asio::awaitable<void> write(std::string_view bytes);
  boost::asio::awaitable<std::pair<boost::system::error_code, std::size_t>> read_some(
      std::span<char> room);
  /// Why reading ended, where the server refused the client's certificate: TLS 1.3 tells it no
  /// sooner. Nothing for any other end.
  std::optional<Error> refusal(const boost::system::error_code& error,
                               const std::string& where) const;

 private:
  StreamSocket socket_;
  std::shared_ptr<net::TlsClient> client_;
  net::TlsInfo info_;
  net::Refusal refused_;
  bool has_certificate_ = false;
  std::optional<boost::asio::ssl::stream<StreamSocket&>> tls_;
};

}  // namespace sfb::http
