// What people want to know of a certificate.
#pragma once

#include "agent/base/time.hpp"

#include <openssl/types.h>

#include <string>
#include <vector>

namespace sfb::net {

/// One certificate of the peer's chain; text is the peer's (show it through `quote`).
struct Certificate {
  std::string subject;
  std::string issuer;
  std::vector<std::string> names;  ///< DNS names and IP addresses it is for
  WallTime not_before{};
  WallTime not_after{};
  std::string sha256;  ///< fingerprint, lower-case hex
};

/// All of it but the key. Thread rule: any thread.
Certificate describe_certificate(const X509* certificate);

/// The channel bindings that name a server by its certificate: `tls-server-end-point:` and a digest
/// of it, that of its signature, SHA-256 for MD5 and SHA-1 (RFC 5929 4.1). Empty where the
/// signature names no digest (Ed25519): RFC 5929 defines none then. Thread rule: any thread.
std::string server_end_point(X509* certificate);

}  // namespace sfb::net
