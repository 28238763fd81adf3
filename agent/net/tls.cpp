#include "agent/net/tls.hpp"

#include "agent/base/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace sfb::net {

namespace {

namespace ssl = boost::asio::ssl;

constexpr int kMaxChain = 16;

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using CertificatePtr = std::unique_ptr<X509, FreeCertificate>;

Error tls_error(std::string code, std::string message, std::string remedy, std::string peer = {}) {
  return {Reason::tls,       std::move(code), std::move(message),
          std::move(remedy), std::move(peer), Stage::tls};
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

// A CA's certificate of our own that is not valid now.
Error own_ca_error(const Refusal& refusal, const std::string& where, const std::string& ca_file) {
  const bool expired = refusal.error == X509_V_ERR_CERT_HAS_EXPIRED;
  const Certificate& culprit = refusal.certificate;
  const std::string place =
      ca_file.empty() ? "the system's trust store" : fmt::format("tls.ca_file ({})", ca_file);
  return tls_error(
      expired ? "tls.ca_expired" : "tls.ca_not_yet_valid",
      fmt::format("{}: the CA's certificate in {}, {}, {} {}", where, place, quote(culprit.subject),
                  expired ? "expired at" : "is not valid before",
                  format_iso8601(expired ? culprit.not_after : culprit.not_before)),
      fmt::format("{}, or check this machine's clock",
                  ca_file.empty() ? "update the system's trusted certificates (ca-certificates), "
                                    "write the one that the CA uses now (PEM) into tls.ca_file"
                                  : "replace it there by the one that the CA uses now"));
}

Error verification_error(const Refusal& refusal, const std::string& where, const TlsInfo& info,
                         const std::string& ca_file) {
  if (refusal.ours) {
    return own_ca_error(refusal, where, ca_file);
  }
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
                       where + ": no CA that is trusted here issued the certificate",
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

void collect_chain(const STACK_OF(X509) * chain, TlsInfo& info) {
  info.chain.clear();
  for (int i = 0; i < sk_X509_num(chain) && i < kMaxChain; ++i) {
    info.chain.push_back(describe_certificate(sk_X509_value(chain, i)));
  }
}

// 0: valid now; 1: expired; -1: not yet valid.
int validity(X509_STORE_CTX* context, const X509* certificate) {
  return X509_cmp_timeframe(X509_STORE_CTX_get0_param(context), X509_get0_notBefore(certificate),
                            X509_get0_notAfter(certificate));
}

// As OpenSSL's own, which takes a trusted certificate even when it is not valid now: a renewed one
// that the server sent would not be looked at any more.
int valid_issuer(X509** issuer, X509_STORE_CTX* context, X509* certificate) {
  const int found = X509_STORE_CTX_get1_issuer(issuer, context, certificate);
  if (found != 1 || validity(context, *issuer) == 0) {
    return found;
  }
  X509_free(*issuer);
  *issuer = nullptr;
  return 0;
}

// The one of our own that bears the name of this certificate's issuer, but is not valid now. None
// where another one is, which is then not what the fault is about.
CertificatePtr invalid_issuer(X509_STORE_CTX* context, X509* certificate) {
  STACK_OF(X509)* const named =
      X509_STORE_CTX_get1_certs(context, X509_get_issuer_name(certificate));
  X509* found = nullptr;
  bool other = false;
  for (int i = 0; i < sk_X509_num(named); ++i) {
    X509* const own = sk_X509_value(named, i);
    if (validity(context, own) == 0) {
      other = true;
    } else if (found == nullptr || X509_check_issued(own, certificate) == X509_V_OK) {
      found = own;
    }
  }
  if (found != nullptr && (!other || X509_check_issued(found, certificate) == X509_V_OK)) {
    X509_up_ref(found);
  } else {
    found = nullptr;
  }
  sk_X509_pop_free(named, X509_free);
  return CertificatePtr(found);
}

// Where the chain ends before a certificate that is trusted: one of our own that should have been
// its next link.
void blame_own(X509_STORE_CTX* context, Refusal& refusal) {
  STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const CertificatePtr own = invalid_issuer(context, sk_X509_value(chain, i));
    if (own == nullptr) {
      continue;
    }
    refusal.error = validity(context, own.get()) > 0 ? X509_V_ERR_CERT_HAS_EXPIRED
                                                     : X509_V_ERR_CERT_NOT_YET_VALID;
    refusal.certificate = describe_certificate(own.get());
    // A server's certificate that was itself written into the file: the server renews it.
    refusal.ours = X509_cmp(own.get(), sk_X509_value(chain, 0)) != 0;
    return;
  }
}

// The server sent it, but so did we trust it.
bool lies_here(X509_STORE_CTX* context, X509* certificate) {
  STACK_OF(X509)* const named =
      X509_STORE_CTX_get1_certs(context, X509_get_subject_name(certificate));
  bool found = false;
  for (int i = 0; i < sk_X509_num(named); ++i) {
    found = found || X509_cmp(sk_X509_value(named, i), certificate) == 0;
  }
  sk_X509_pop_free(named, X509_free);
  return found;
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
  X509_STORE_set_get_issuer(SSL_CTX_get_cert_store(client->context_.native_handle()), valid_issuer);
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

void watch_requests(SSL* ssl, TlsInfo& info) {
  SSL_set_cert_cb(
      ssl,
      [](SSL*, void* argument) {
        static_cast<TlsInfo*>(argument)->wants_certificate = true;
        return 1;  // without one
      },
      &info);
}

bool wants_certificate(const boost::system::error_code& error) {
  return error.category() == boost::asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) ==
             SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;
}

Error certificate_wanted(const std::string& where) {
  return tls_error("tls.client_certificate",
                   where + ": the server wants a client certificate, and this agent has none",
                   "let the server not ask for one: netsh http show sslcert (Negotiate Client "
                   "Certificate) for WinRM, SSL settings of the virtual directory in IIS; or use "
                   "http with method kerberos");
}

void note_refusal(X509_STORE_CTX* context, Refusal& refusal, TlsInfo& info) {
  if (refusal.error != X509_V_OK) {
    return;
  }
  refusal.error = X509_STORE_CTX_get_error(context);
  X509* const certificate = X509_STORE_CTX_get_current_cert(context);
  if (certificate != nullptr) {
    refusal.certificate = describe_certificate(certificate);
  }
  switch (refusal.error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      refusal.ours = X509_STORE_CTX_get_error_depth(context) > 0 && certificate != nullptr &&
                     lies_here(context, certificate);
      break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      blame_own(context, refusal);
      break;
    default:
      break;
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
    if (X509* const leaf = SSL_get0_peer_certificate(ssl)) {
      info.end_point = server_end_point(leaf);
    }
  }
}

Error handshake_error(const boost::system::error_code& error, const Refusal& refusal,
                      const std::string& where, const TlsInfo& info, const TlsOptions& options) {
  if (refusal.error != X509_V_OK) {
    return verification_error(refusal, where, info, options.ca_file);
  }
  if (info.wants_certificate || wants_certificate(error)) {
    return certificate_wanted(where);
  }
  const std::string_view minimum = options.minimum == TlsVersion::tls1_3 ? "1.3" : "1.2";
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
