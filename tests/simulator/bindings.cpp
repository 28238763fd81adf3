// Channel bindings of a TLS server's certificate.
#include "tests/simulator/acceptor.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

namespace sim {

std::expected<std::string, std::string> channel_bindings(const std::string& certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(certificate.c_str(), "r"),
                                                       BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> leaf(
      file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
  int hash = NID_undef;
  if (!leaf || X509_get_signature_info(leaf.get(), &hash, nullptr, nullptr, nullptr) != 1) {
    return std::unexpected(certificate + " is no PEM certificate");
  }
  if (hash == NID_undef) {
    return "";  // Ed25519 and its like: RFC 5929 says nothing about them
  }
  if (hash == NID_md5 || hash == NID_sha1) {
    hash = NID_sha256;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(leaf.get(), EVP_get_digestbynid(hash), digest.data(), &size) != 1) {
    return std::unexpected(certificate + " cannot be hashed");
  }
  return "tls-server-end-point:" + std::string(digest.begin(), digest.begin() + size);
}

}  // namespace sim
