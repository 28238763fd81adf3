#include "tests/simulator/certificate.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

namespace sim {

namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freer<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension != nullptr) {
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
}

CertificatePtr make(EVP_PKEY* key, const std::string& name, X509* issuer, EVP_PKEY* issuer_key,
                    const std::string& names) {
  CertificatePtr certificate(X509_new());
  X509* const raw = certificate.get();
  X509_set_version(raw, 2);
  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial) - 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(raw), serial);
  X509_gmtime_adj(X509_getm_notBefore(raw), -3600);
  X509_gmtime_adj(X509_getm_notAfter(raw), 30L * 24 * 3600);
  X509_set_pubkey(raw, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(raw, X509_get_subject_name(issuer == nullptr ? raw : issuer));
  X509* const signer = issuer == nullptr ? raw : issuer;
  extend(raw, signer, NID_subject_key_identifier, "hash");
  if (issuer == nullptr) {
    extend(raw, signer, NID_basic_constraints, "critical,CA:TRUE");
    extend(raw, signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    extend(raw, signer, NID_basic_constraints, "critical,CA:FALSE");
    extend(raw, signer, NID_ext_key_usage, "serverAuth");
    extend(raw, signer, NID_subject_alt_name, names);
  }
  X509_sign(raw, issuer_key, EVP_sha256());
  return certificate;
}

template <typename Write>
bool write_pem(const std::string& path, mode_t mode, Write write) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (write(bio.get()) != 1) {
    return false;
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  const mode_t before = ::umask(0777U & ~mode);
  std::ofstream file(path, std::ios::trunc);
  ::umask(before);
  file.write(text, size);
  file.flush();
  return file.good();
}

}  // namespace

std::optional<std::string> make_certificates(const std::string& folder,
                                             const std::vector<std::string>& names) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::string alternatives = "DNS:localhost,IP:127.0.0.1,IP:::1";
  for (const std::string& name : names) {
    if (name.empty() || !std::ranges::all_of(name, [](unsigned char c) {
          return std::isalnum(c) || c == '-' || c == '.' || c == '*';
        })) {
      return fmt::format("\"{}\" is no DNS name", name);
    }
    alternatives += ",DNS:" + name;
  }
  const KeyPtr ca_key(EVP_EC_gen("P-256"));  // NOLINT: its macro casts
  const KeyPtr key(EVP_EC_gen("P-256"));     // NOLINT
  const CertificatePtr ca =
      make(ca_key.get(), "sfb_backup_simulator CA", nullptr, ca_key.get(), "");
  const CertificatePtr server =
      make(key.get(), "sfb_backup_simulator", ca.get(), ca_key.get(), alternatives);
  const bool written =
      write_pem(folder + "/ca.pem", 0644,
                [&](BIO* bio) { return PEM_write_bio_X509(bio, ca.get()); }) &&
      write_pem(folder + "/server.pem", 0644,
                [&](BIO* bio) { return PEM_write_bio_X509(bio, server.get()); }) &&
      write_pem(folder + "/server.key", 0600, [&](BIO* bio) {
        return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      });
  if (!written) {
    return fmt::format("cannot write into {}: {}", folder, std::strerror(errno));
  }
  return std::nullopt;
}

}  // namespace sim
