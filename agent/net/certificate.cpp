#include "agent/net/certificate.hpp"

#include "agent/base/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>
#include <memory>
#include <string_view>

namespace sfb::net {

namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;

std::string name_of(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return to_utf8_lossy(std::string_view(text, size > 0 ? static_cast<std::size_t>(size) : 0));
}

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return {};
  }
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

std::string address_of(const ASN1_OCTET_STRING* ip) {
  const unsigned char* const data = ASN1_STRING_get0_data(ip);
  if (ASN1_STRING_length(ip) == 4) {
    std::array<unsigned char, 4> bytes{};
    std::copy_n(data, bytes.size(), bytes.begin());
    return boost::asio::ip::make_address_v4(bytes).to_string();
  }
  if (ASN1_STRING_length(ip) == 16) {
    std::array<unsigned char, 16> bytes{};
    std::copy_n(data, bytes.size(), bytes.begin());
    return boost::asio::ip::make_address_v6(bytes).to_string();
  }
  return {};
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> found;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      const ASN1_STRING* const text = name->d.dNSName;
      found.push_back(
          to_utf8_lossy(std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                         static_cast<std::size_t>(ASN1_STRING_length(text)))));
    } else if (name->type == GEN_IPADD) {
      found.push_back(address_of(name->d.iPAddress));
    }
  }
  return found;
}

}  // namespace

Certificate describe_certificate(const X509* certificate) {
  Certificate out;
  out.subject = name_of(X509_get_subject_name(certificate));
  out.issuer = name_of(X509_get_issuer_name(certificate));
  out.names = names_of(certificate);
  out.not_before = time_of(X509_get0_notBefore(certificate));
  out.not_after = time_of(X509_get0_notAfter(certificate));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1) {
    for (unsigned i = 0; i < size; ++i) {
      out.sha256 += fmt::format("{:02x}", digest.at(i));
    }
  }
  return out;
}

std::string server_end_point(X509* certificate) {
  int digest = NID_undef;
  if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1 ||
      digest == NID_undef) {
    return {};
  }
  const bool weak = digest == NID_md5 || digest == NID_sha1;
  const EVP_MD* const method = weak ? EVP_sha256() : EVP_get_digestbynid(digest);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  if (method == nullptr || X509_digest(certificate, method, hash.data(), &size) != 1) {
    return {};
  }
  std::string bindings = "tls-server-end-point:";
  std::ranges::copy(hash.begin(), hash.begin() + size, std::back_inserter(bindings));
  return bindings;
}

}  // namespace sfb::net
