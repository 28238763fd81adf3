// Certificates made on the spot, good ones and bad ones.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>

namespace sfb::net {

struct FreeOpenssl {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

/// A certificate and its key.
struct Identity {
  std::unique_ptr<X509, FreeOpenssl> certificate;
  std::unique_ptr<EVP_PKEY, FreeOpenssl> key;

  std::string pem() const;
  std::string key_pem() const;
};

struct CertificateSpec {
  std::string name;          ///< its common name
  std::string alternatives;  ///< `DNS:fe.test,IP:127.0.0.1`; may be empty
  bool authority = false;
  std::chrono::seconds from = -std::chrono::hours(1);  ///< from now
  std::chrono::seconds until = std::chrono::hours(1);
};

/// Self-signed without an issuer. With `key_of`: with that one's key, as a renewed CA has.
Identity make_identity(const CertificateSpec& spec, const Identity* issuer = nullptr,
                       const Identity* key_of = nullptr);

/// A file that goes with the object.
class TempFile {
 public:
  explicit TempFile(const std::string& content);
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;

  std::string path;
};

}  // namespace sfb::net
