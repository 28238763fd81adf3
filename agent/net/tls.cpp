#include "agent/net/tls.hpp"

#include "agent/base/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>
#include <utility>

namespace sfb::net {

namespace {

namespace ssl = boost::asio::ssl;

constexpr int kMaxChain = 16;

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

Error tls_error(std::string code, std::string message, std::string remedy, std::string peer = {}) {
  return {Reason::tls,       std::move(code), std::move(message),
          std::move(remedy), std::move(peer), Stage::tls};
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

Error verification_error(const Refusal& refusal, const std::string& where, const TlsInfo& info) {
  const Certificate& culprit = refusal.certificate;
  switch (refusal.error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: {
      const Certificate leaf = info.chain.empty() ? Certificate{} : info.chain.front();
      return tls_error(
          "tls.wrong_name", where + ": the certificate is for another name",
          "use a name of the certificate in url, or write it as tls.server_name",
          leaf.names.empty() ? leaf.subject : std::string(cut_utf8(joined(leaf.names))));
    }
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return tls_error(
          "tls.expired",
          fmt::format("{}: a certificate expired at {}", where, format_iso8601(culprit.not_after)),
          "renew the certificate on the server, or check this machine's clock", culprit.subject);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return tls_error("tls.not_yet_valid",
                       fmt::format("{}: a certificate is not valid before {}", where,
                                   format_iso8601(culprit.not_before)),
                       "check the clocks of this machine and of the server", culprit.subject);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return tls_error("tls.unknown_issuer",
                       where + ": nobody who is trusted here issued the certificate",
                       "write the issuing CA's certificate (PEM) into tls.ca_file", culprit.issuer);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return tls_error("tls.untrusted_root", where + ": the certificate's root is not trusted here",
                       "if it is the right one (compare the fingerprint that `evaluate` shows), "
                       "write it (PEM) into tls.ca_file",
                       culprit.subject);
    default:
      return tls_error("tls.certificate",
                       fmt::format("{}: the certificate is not accepted: {}", where,
                                   X509_verify_cert_error_string(refusal.error)),
                       "look at the certificate on the server", culprit.subject);
  }
}

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

void collect_chain(const STACK_OF(X509) * chain, TlsInfo& info) {
  info.chain.clear();
  for (int i = 0; i < sk_X509_num(chain) && i < kMaxChain; ++i) {
    info.chain.push_back(describe_certificate(sk_X509_value(chain, i)));
  }
}

// Another text whenever the file was written or replaced; empty when it is not there.
std::string state_of(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return {};
  }
  return fmt::format("{} {} {}.{:09}", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec);
}

}  // namespace

Result<std::shared_ptr<TlsClient>> TlsClient::current(std::shared_ptr<TlsClient> known,
                                                      const TlsOptions& options) {
  if (known && (options.ca_file.empty() || known->file_state_ == state_of(options.ca_file))) {
    return known;
  }
  return create(options);
}

TlsClient::TlsClient(TlsOptions options)
    : options_(std::move(options)), context_(ssl::context::tls_client) {
  SSL_CTX_set_min_proto_version(context_.native_handle(), options_.minimum == TlsVersion::tls1_3
                                                              ? TLS1_3_VERSION
                                                              : TLS1_2_VERSION);
}

Result<std::shared_ptr<TlsClient>> TlsClient::create(TlsOptions options) {
  auto client = std::make_shared<TlsClient>(std::move(options));
  boost::system::error_code error;
  if (client->options_.ca_file.empty()) {
    client->context_.set_default_verify_paths(error);
  } else {
    client->file_state_ = state_of(client->options_.ca_file);
    client->context_.load_verify_file(client->options_.ca_file, error);
    // What the operator wrote there is trusted as it is, an issuing CA without its root as well.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(client->context_.native_handle()),
                                X509_V_FLAG_PARTIAL_CHAIN);
  }
  ERR_clear_error();
  if (error) {
    return std::unexpected(tls_error(
        "tls.ca_file",
        fmt::format("{}: no trusted certificate could be read", client->options_.ca_file.empty()
                                                                    ? "the system's store"
                                                                    : client->options_.ca_file),
        "write certificates in PEM form into it, readable for the agent's account"));
  }
  return client;
}

Status prepare_handshake(SSL* ssl, const TlsOptions& options, const std::string& host) {
  std::string name = options.server_name.empty() ? host : options.server_name;
  if (name.ends_with('.')) {
    name.pop_back();  // absolute for DNS; certificates and SNI are without the dot
  }
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  boost::system::error_code not_address;
  static_cast<void>(boost::asio::ip::make_address(name, not_address));
  const bool set = not_address
                       ? X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) == 1 &&
                             SSL_set_tlsext_host_name(ssl, name.c_str()) == 1  // NOLINT: its macro
                       : X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1;
  if (!set) {
    ERR_clear_error();
    return std::unexpected(tls_error("tls.server_name",
                                     fmt::format("{} is no server name", quote(name)),
                                     "correct tls.server_name"));
  }
  return {};
}

void note_refusal(X509_STORE_CTX* context, Refusal& refusal, TlsInfo& info) {
  if (refusal.error != X509_V_OK) {
    return;
  }
  refusal.error = X509_STORE_CTX_get_error(context);
  if (const X509* const certificate = X509_STORE_CTX_get_current_cert(context)) {
    refusal.certificate = describe_certificate(certificate);
  }
  collect_chain(X509_STORE_CTX_get0_untrusted(context), info);
}

void note_handshake(const SSL* ssl, bool ended_well, TlsInfo& info) {
  if (const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl)) {
    info.version = SSL_get_version(ssl);
    info.cipher = SSL_CIPHER_get_name(cipher);
  }
  if (ended_well) {
    collect_chain(SSL_get_peer_cert_chain(ssl), info);
  }
}

Error handshake_error(const boost::system::error_code& error, const Refusal& refusal,
                      const std::string& where, const TlsInfo& info, TlsVersion least) {
  if (refusal.error != X509_V_OK) {
    return verification_error(refusal, where, info);
  }
  const std::string_view minimum = least == TlsVersion::tls1_3 ? "1.3" : "1.2";
  const int why = error.category() == boost::asio::error::get_ssl_category()
                      ? ERR_GET_REASON(static_cast<unsigned long>(error.value()))
                      : 0;
  switch (why) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNKNOWN_PROTOCOL:
      return tls_error("tls.too_old",
                       fmt::format("{}: the server speaks no TLS {} or newer", where, minimum),
                       fmt::format("enable it on the server{}",
                                   minimum == "1.3" ? ", or lower tls.min_version to 1.2" : ""));
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return tls_error("tls.not_tls", where + ": the port does not speak TLS",
                       "use the HTTPS port (5986), or http:// with allow_unencrypted: true");
    default:
      return tls_error(
          "tls.handshake", where + ": the TLS handshake failed",
          "look whether this is the HTTPS port (5986; 5985 is plain HTTP), then at the server's "
          "TLS versions, certificate and System event log (Schannel)",
          error == boost::asio::ssl::error::stream_truncated ? std::string() : error.message());
  }
}

}  // namespace sfb::net
