// Channel bindings of every kind of signature.
#include "agent/net/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <functional>
#include <memory>
#include <string>

namespace sfb::net {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Made = std::unique_ptr<X509, decltype(&X509_free)>;

Key rsa() {
  return {EVP_RSA_gen(2048), EVP_PKEY_free};
}
Key ecdsa() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}
Key ed25519() {
  return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free};
}

// Signed by its own key with this digest; `tune` sets up the padding.
Made certificate(const Key& key, const EVP_MD* digest,
                 const std::function<void(EVP_PKEY_CTX*)>& tune = {}) {
  Made made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
  X509_set_pubkey(made.get(), key.get());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_PKEY_CTX* padding = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &padding, digest, nullptr, key.get()), 1);
  if (tune) {
    tune(padding);
  }
  EXPECT_GT(X509_sign_ctx(made.get(), context.get()), 0);
  return made;
}

std::string expected(const Made& made, const EVP_MD* digest) {
  std::string hash(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EXPECT_EQ(X509_digest(made.get(), digest, reinterpret_cast<unsigned char*>(hash.data()), &size),
            1);
  return "tls-server-end-point:" + hash.substr(0, size);
}

TEST(ServerEndPoint, IsTheDigestOfTheSignature) {
  for (const EVP_MD* digest : {EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
    const Made by_rsa = certificate(rsa(), digest);
    EXPECT_EQ(server_end_point(by_rsa.get()), expected(by_rsa, digest));
    const Made by_curve = certificate(ecdsa(), digest);
    EXPECT_EQ(server_end_point(by_curve.get()), expected(by_curve, digest));
  }
}

TEST(ServerEndPoint, OfPssTheDigestOfItsParameters) {
  const Made made = certificate(rsa(), EVP_sha384(), [](EVP_PKEY_CTX* padding) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING), 1);
  });
  EXPECT_EQ(server_end_point(made.get()), expected(made, EVP_sha384()));
}

TEST(ServerEndPoint, AWeakDigestGivesWayToSha256) {
  const Made made = certificate(rsa(), EVP_sha1());
  EXPECT_EQ(server_end_point(made.get()), expected(made, EVP_sha256()));
}

TEST(ServerEndPoint, ASignatureWithoutADigestHasNone) {
  EXPECT_EQ(server_end_point(certificate(ed25519(), nullptr).get()), "");
}

}  // namespace
}  // namespace sfb::net
