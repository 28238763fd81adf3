// TLS for outgoing connections: what is trusted, what is required, and what the peer showed.
#pragma once

#include "agent/base/error.hpp"
#include "agent/net/certificate.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <openssl/types.h>
#include <openssl/x509_vfy.h>

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sfb::net {

enum class TlsVersion : std::uint8_t { tls1_2, tls1_3 };

struct TlsOptions {
  std::string ca_file;  ///< PEM; empty: the system's store
  std::string
      server_name;  ///< name or IP address the certificate must carry; empty: the URL's host
  TlsVersion minimum = TlsVersion::tls1_2;
  auto operator<=>(const TlsOptions&) const = default;
};

/// Immutable, shared by all connections with the same options: the certificates that a system
/// trusts take more than a MiB.
class TlsClient {
 public:
  /// Reads the CA file; blocks. Reason::tls, codes tls.ca_file (unreadable, no certificate in it).
  static Result<std::shared_ptr<TlsClient>> create(TlsOptions options);
  /// `known` while its CA file is the one that was read (by inode, time and size), else a new one.
  /// A system's store is read once. Blocks; errors as create.
  static Result<std::shared_ptr<TlsClient>> current(std::shared_ptr<TlsClient> known,
                                                    const TlsOptions& options);
  explicit TlsClient(TlsOptions options);

  boost::asio::ssl::context& context() { return context_; }
  const TlsOptions& options() const { return options_; }
  /// With equal options: the same file in the same state.
  bool read_the_same(const TlsClient& other) const { return file_state_ == other.file_state_; }

 private:
  TlsOptions options_;
  boost::asio::ssl::context context_;
  std::string file_state_;  ///< of the CA file, taken before it was read
};

/// What a handshake led to, or got as far as.
struct TlsInfo {
  std::string version;  ///< `TLSv1.3`
  std::string cipher;
  std::vector<Certificate> chain;  ///< leaf first, as the server sent it
  std::string end_point;           ///< server_end_point of the leaf; may be empty
  bool wants_certificate = false;  ///< it asked for a client's certificate; it got none
};

// For HttpConnection, around the handshake of one connection:

/// The first thing OpenSSL found wrong with the chain.
struct Refusal {
  long error = X509_V_OK;   ///< X509_V_ERR_*
  Certificate certificate;  ///< the one it is about
  bool ours = false;        ///< a CA's that lies in our own trust store, not the server's to renew
};

/// What to trust for this connection: SNI and the name or address the certificate must carry.
/// Reason::tls, code tls.server_name.
Status prepare_handshake(SSL* ssl, const TlsOptions& options, const std::string& host);
/// Notes in `info` when the server asks for a client's certificate. `info` outlives the handshakes
/// of `ssl`.
void watch_requests(SSL* ssl, TlsInfo& info);
/// The server ends a connection for want of a client's certificate. `error` is of the handshake or
/// of reading: its own alert.
bool wants_certificate(const boost::system::error_code& error);
/// Reason::tls, code tls.client_certificate.
Error certificate_wanted(const std::string& where);
/// For the verify callback when it is told of a fault: the chain of a connection that never comes
/// about is had only here.
void note_refusal(X509_STORE_CTX* context, Refusal& refusal, TlsInfo& info);
/// Version, cipher and, when the handshake ended well, the chain.
void note_handshake(const SSL* ssl, bool ended_well, TlsInfo& info);
/// A failed handshake as an error with a remedy; `where` is the server for messages.
Error handshake_error(const boost::system::error_code& error, const Refusal& refusal,
                      const std::string& where, const TlsInfo& info, const TlsOptions& options);

}  // namespace sfb::net
