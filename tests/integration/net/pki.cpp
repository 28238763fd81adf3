#include "tests/integration/net/pki.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

namespace sfb::net {

namespace {

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

}  // namespace

std::string Identity::pem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string out(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  return out;
}

std::string Identity::key_pem() const {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string out(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  return out;
}

Identity make_identity(const CertificateSpec& spec, const Identity* issuer,
                       const Identity* key_of) {
  static std::atomic<long> serial{1};
  Identity made;
  if (key_of != nullptr) {
    EVP_PKEY_up_ref(key_of->key.get());
  }
  made.key.reset(key_of != nullptr ? key_of->key.get() : EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* const x = made.certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
  X509_gmtime_adj(X509_getm_notBefore(x), spec.from.count());
  X509_gmtime_adj(X509_getm_notAfter(x), spec.until.count());
  X509_set_pubkey(x, made.key.get());
  X509_NAME* const name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(spec.name.data()),
                             static_cast<int>(spec.name.size()), -1, 0);
  X509* const signer = issuer != nullptr ? issuer->certificate.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(signer));
  if (spec.authority) {
    add_extension(x, signer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(x, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  }
  add_extension(x, signer, NID_subject_key_identifier, "hash");
  if (!spec.alternatives.empty()) {
    add_extension(x, signer, NID_subject_alt_name, spec.alternatives);
  }
  X509_sign(x, issuer != nullptr ? issuer->key.get() : made.key.get(), EVP_sha256());
  return made;
}

TempFile::TempFile(const std::string& content) {
  static std::atomic<int> number{0};
  path = (std::filesystem::temp_directory_path() /
          fmt::format("sfb-pki-{}-{}.pem", ::getpid(), number++))
             .string();
  std::ofstream(path) << content;
}

TempFile::~TempFile() {
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
}

}  // namespace sfb::net
