// TLS for incoming connections: our certificate, and what is asked of clients.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/net/certificate.hpp"
#include "agent/net/tls.hpp"

#include <boost/asio/ssl/context.hpp>
#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::net {

/// What clients must show.
enum class ClientCertificate : std::uint8_t {
  none,                ///< nothing is asked for
  request,             ///< it is asked for, and not looked at
  require_any,         ///< one, whoever issued it
  verify_if_given,     ///< a good one or none
  require_and_verify,  ///< a good one
};

struct TlsServerOptions {
  std::string certificate;       ///< PEM: our own, then those of its issuers
  std::string certificate_from;  ///< what messages call it, likewise below
  Secret key;                    ///< PEM, without a passphrase
  std::string key_from;
  ClientCertificate clients = ClientCertificate::none;
  /// PEM: who may issue clients' certificates. Absent: the system's CAs.
  std::optional<std::string> client_ca;
  std::string client_ca_from;
  /// A client's certificate must have one of these, letter by letter, as DNS name, e-mail address,
  /// IP address or URI. Empty: any will do.
  std::vector<std::string> allowed_names;
  TlsVersion minimum = TlsVersion::tls1_2;
  TlsVersion maximum = TlsVersion::tls1_3;
  std::vector<std::string> suites;  ///< of TLS 1.2, OpenSSL's names, best first; empty: the usual
  bool our_order = true;            ///< of suites we choose, not the client
  std::vector<std::string> curves;  ///< OpenSSL's names, best first; empty: the usual
};

/// Immutable, shared by the connections that began with it. Renegotiation is off; only HTTP/1.1 is
/// offered (ALPN). Tickets, by which a client comes back without a whole handshake, are given only
/// where no client certificate is asked for, so that each is looked at each time.
class TlsServer {
 public:
  /// Blocks where the system's CAs are read. Reason::tls, codes `tls.server_certificate`,
  /// `tls.server_key`, `tls.client_ca`, `tls.server_options`; no message holds any of the key.
  static Result<std::shared_ptr<TlsServer>> create(const TlsServerOptions& options);
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  /// It must not outlive this object: its callbacks use it.
  boost::asio::ssl::context& context() { return context_; }
  /// Our own; the first of its chain to expire says when.
  const Certificate& certificate() const { return certificate_; }
  WallTime not_after() const { return not_after_; }
  /// What a client can bind a login to (server_end_point); empty where there is no such thing.
  const std::string& bindings() const { return bindings_; }
  /// Whom the client's certificate is for, at the end of a handshake that began with this object:
  /// its alternative_names, of those that are printable and not longer than 512 bytes the first 64.
  /// Empty without a certificate, and where its chain was not verified: it proves nothing then.
  std::vector<std::string> verified_names(const SSL* ssl) const;

 private:
  TlsServer();
  Status use_certificate(const TlsServerOptions& options);
  Status use_key(const TlsServerOptions& options);
  Status use_clients(const TlsServerOptions& options);
  Status use_client_ca(const TlsServerOptions& options);
  Status use_suites(const TlsServerOptions& options);
  static int verify(X509_STORE_CTX* store, void* self);
  SSL_CTX* native() { return context_.native_handle(); }

  boost::asio::ssl::context context_;
  Certificate certificate_;
  WallTime not_after_{};
  std::string bindings_;
  bool verifies_ = false;
  std::vector<std::string> allowed_names_;
};

/// DNS names, e-mail addresses, IP addresses and URIs that a certificate is for, as texts.
std::vector<std::string> alternative_names(const X509* certificate);

}  // namespace sfb::net
