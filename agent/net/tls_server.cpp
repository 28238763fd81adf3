#include "agent/net/tls_server.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <climits>
#include <string_view>
#include <utility>

namespace sfb::net {

namespace {

namespace ssl = boost::asio::ssl;

// As Go has them by default: only what keeps old recordings secret when the key gets known.
constexpr std::string_view kUsualSuites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA";
// The one protocol spoken here, as ALPN writes it.
constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
// A person or machine has a few names; what is more would only be copied around.
constexpr std::size_t kMostNames = 64;
constexpr std::size_t kMostNameBytes = 512;
constexpr std::string_view kSessions = "sfb_backup_exporter";

struct FreeServerParts {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeServerParts>;

std::unexpected<Error> server_error(std::string code, std::string message, std::string remedy) {
  ERR_clear_error();
  return std::unexpected(
      Error{Reason::tls, std::move(code), std::move(message), std::move(remedy), {}, Stage::tls});
}

// Reads `text` in place.
Owned<BIO> reader_of(std::string_view text) {
  return Owned<BIO>(
      BIO_new_mem_buf(text.data(), static_cast<int>(std::min<std::size_t>(text.size(), INT_MAX))));
}

// Nobody is there to type a passphrase; OpenSSL would ask the terminal. `asked` tells that it did.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

int choose_http11(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                  const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
  unsigned char* out = nullptr;
  if (SSL_select_next_proto(&out, size, kHttp11.data(), kHttp11.size(), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = out;
  return SSL_TLSEXT_ERR_OK;
}

int version_of(TlsVersion version) {
  return version == TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_text(const ASN1_STRING* bytes) {
  namespace ip = boost::asio::ip;
  const std::string raw = text_of(bytes);
  if (raw.size() == 4) {
    ip::address_v4::bytes_type v4{};
    std::ranges::copy(raw, v4.begin());
    return ip::make_address_v4(v4).to_string();
  }
  if (raw.size() != 16) {
    return {};
  }
  ip::address_v6::bytes_type v6{};
  std::ranges::copy(raw, v6.begin());
  const auto address = ip::make_address_v6(v6);
  return address.is_v4_mapped() ? ip::make_address_v4(ip::v4_mapped, address).to_string()
                                : address.to_string();
}

bool is_too_weak(unsigned long error) {
  const int reason = ERR_GET_REASON(error);
  return reason == SSL_R_EE_KEY_TOO_SMALL || reason == SSL_R_CA_KEY_TOO_SMALL ||
         reason == SSL_R_CA_MD_TOO_WEAK;
}

}  // namespace

std::vector<std::string> alternative_names(const X509* certificate) {
  std::vector<std::string> found;
  const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS:
      case GEN_EMAIL:
      case GEN_URI:
        found.push_back(text_of(name->d.ia5));
        break;
      case GEN_IPADD:
        found.push_back(address_text(name->d.iPAddress));
        break;
      default:
        break;
    }
  }
  return found;
}

TlsServer::TlsServer() : context_(ssl::context::tls_server) {}

Result<std::shared_ptr<TlsServer>> TlsServer::create(const TlsServerOptions& options) {
  std::shared_ptr<TlsServer> server(new TlsServer());
  SSL_CTX* const context = server->native();
  SSL_CTX_set_min_proto_version(context, version_of(options.minimum));
  SSL_CTX_set_max_proto_version(context, version_of(options.maximum));
  // Its copy of what came holds passwords and tokens, also when the connection is gone.
  SSL_CTX_set_options(context,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT);
  // An idle connection keeps no buffers; no session is kept here, a client's ticket holds it.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kSessions.data()),
                                 kSessions.size());
  SSL_CTX_set_alpn_select_cb(context, choose_http11, nullptr);
  ERR_clear_error();
  for (const auto step : {&TlsServer::use_certificate, &TlsServer::use_key, &TlsServer::use_suites,
                          &TlsServer::use_clients}) {
    if (Status used = (server.get()->*step)(options); !used) {
      return std::unexpected(std::move(used.error()));
    }
  }
  return server;
}

Status TlsServer::use_certificate(const TlsServerOptions& options) {
  const Owned<BIO> reader = reader_of(options.certificate);
  bool first = true;
  while (true) {
    Owned<X509> next(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) {
      break;
    }
    const Certificate described = describe_certificate(next.get());
    if (first) {
      certificate_ = described;
      not_after_ = described.not_after;
      bindings_ = server_end_point(next.get());
    }
    not_after_ = std::min(not_after_, described.not_after);
    // Both take only what is strong enough.
    const bool used = first ? SSL_CTX_use_certificate(native(), next.get()) == 1
                            : SSL_CTX_add1_chain_cert(native(), next.get()) == 1;  // NOLINT: macro
    if (!used) {
      const bool weak = is_too_weak(ERR_peek_last_error());
      return server_error(
          "tls.server_certificate",
          fmt::format("{}: the {} certificate cannot be used{}", options.certificate_from,
                      first ? "first" : "issuer's",
                      weak ? ": its key or its signature is too weak" : ""),
          "get one with an RSA key of 2048 bits or more, or ECDSA, signed with SHA-256 or better");
    }
    first = false;
  }
  const unsigned long last = ERR_peek_last_error();
  const bool ended =
      ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (first || !ended) {
    return server_error("tls.server_certificate",
                        fmt::format("{}: {}", options.certificate_from,
                                    first ? "no certificate can be read"
                                          : "what follows the first certificate cannot be read"),
                        "write the server's certificate in PEM form, then those of its issuers");
  }
  ERR_clear_error();
  return {};
}

Status TlsServer::use_key(const TlsServerOptions& options) {
  const Owned<BIO> reader = reader_of(options.key.reveal());
  bool asked = false;
  const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(reader.get(), nullptr, no_passphrase, &asked));
  if (key == nullptr) {
    return server_error(
        "tls.server_key",
        fmt::format("{}: {}", options.key_from,
                    asked ? "the key is locked with a passphrase" : "no key can be read"),
        asked ? "write it without one: openssl pkey -in KEY -out NEW; and chmod 600"
              : "write the certificate's private key in PEM form");
  }
  if (SSL_CTX_use_PrivateKey(native(), key.get()) != 1 ||
      SSL_CTX_check_private_key(native()) != 1) {
    return server_error("tls.server_key",
                        fmt::format("{}: the key does not belong to the certificate of {}",
                                    options.key_from, options.certificate_from),
                        "write both of one request, and replace both when one is renewed");
  }
  return {};
}

Status TlsServer::use_suites(const TlsServerOptions& options) {
  const std::string suites = options.suites.empty()
                                 ? std::string(kUsualSuites)
                                 : fmt::format("{}", fmt::join(options.suites, ":"));
  const std::string curves = fmt::format("{}", fmt::join(options.curves, ":"));
  if (options.our_order) {
    SSL_CTX_set_options(native(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  }
  if (SSL_CTX_set_cipher_list(native(), suites.c_str()) != 1 ||
      (!curves.empty() && SSL_CTX_set1_groups_list(native(), curves.c_str()) != 1)) {  // NOLINT
    return server_error(
        "tls.server_options",
        "OpenSSL on this machine knows none of the cipher suites, or not all curves",
        "choose others, or leave cipher_suites and curve_preferences out");
  }
  return {};
}

Status TlsServer::use_clients(const TlsServerOptions& options) {
  verifies_ = options.clients == ClientCertificate::verify_if_given ||
              options.clients == ClientCertificate::require_and_verify;
  allowed_names_ = options.allowed_names;
  if (options.clients == ClientCertificate::none) {
    return {};
  }
  const bool required = options.clients == ClientCertificate::require_any ||
                        options.clients == ClientCertificate::require_and_verify;
  SSL_CTX_set_verify(native(), SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  SSL_CTX_set_cert_verify_callback(native(), verify, this);
  SSL_CTX_set_options(native(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(native(), 0);
  if (!options.client_ca) {
    return verifies_ && SSL_CTX_set_default_verify_paths(native()) != 1
               ? Status(server_error("tls.client_ca", "the system's CAs cannot be read",
                                     "write client_ca_file"))
               : Status();
  }
  return use_client_ca(options);
}

Status TlsServer::use_client_ca(const TlsServerOptions& options) {
  const Owned<BIO> reader = reader_of(*options.client_ca);
  X509_STORE* const store = SSL_CTX_get_cert_store(native());
  std::size_t count = 0;
  while (true) {
    const Owned<X509> next(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) {
      break;
    }
    X509_STORE_add_cert(store, next.get());
    SSL_CTX_add_client_CA(native(), next.get());
    ++count;
  }
  ERR_clear_error();
  if (count == 0) {
    return server_error("tls.client_ca",
                        fmt::format("{}: no certificate can be read", options.client_ca_from),
                        "write the certificates of the clients' CAs in PEM form");
  }
  // What the operator wrote there is trusted as it is, an issuing CA without its root as well.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

std::vector<std::string> TlsServer::verified_names(const SSL* ssl) const {
  const X509* const certificate = SSL_get0_peer_certificate(ssl);
  if (!verifies_ || certificate == nullptr || SSL_get_verify_result(ssl) != X509_V_OK) {
    return {};
  }
  std::vector<std::string> names = alternative_names(certificate);
  std::erase_if(names, [](const std::string& name) {
    const auto printable = [](unsigned char c) { return c >= ' ' && c <= '~'; };
    return name.empty() || name.size() > kMostNameBytes || !std::ranges::all_of(name, printable);
  });
  names.resize(std::min(names.size(), kMostNames));
  return names;
}

// Instead of OpenSSL's own look at a client's chain, which is run where it counts.
int TlsServer::verify(X509_STORE_CTX* store, void* self) {
  const auto& server = *static_cast<const TlsServer*>(self);
  if (server.verifies_) {
    if (X509_verify_cert(store) <= 0) {
      return 0;
    }
  } else {
    X509_STORE_CTX_set_error(store, X509_V_OK);
  }
  if (server.allowed_names_.empty()) {
    return 1;
  }
  const X509* const leaf = X509_STORE_CTX_get0_cert(store);
  const auto names = leaf == nullptr ? std::vector<std::string>() : alternative_names(leaf);
  const bool allowed = std::ranges::any_of(names, [&](const std::string& name) {
    return std::ranges::find(server.allowed_names_, name) != server.allowed_names_.end();
  });
  if (!allowed) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  }
  return allowed ? 1 : 0;
}

}  // namespace sfb::net
