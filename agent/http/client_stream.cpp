#include "agent/http/client_stream.hpp"

#include "agent/base/text.hpp"
#include "agent/net/await.hpp"
#include "agent/net/certificate.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace sfb::http {

namespace {

namespace asio = boost::asio;

using net::kAwait;

constexpr const char* kCaFile = "SFB_BACKUP_EXPORTER_CA_FILE";
constexpr const char* kCertFile = "SFB_BACKUP_EXPORTER_CERT_FILE";
constexpr const char* kKeyFile = "SFB_BACKUP_EXPORTER_KEY_FILE";

Error client_tls_error(std::string code, std::string message, std::string remedy) {
  ERR_clear_error();
  return {Reason::tls, std::move(code), std::move(message), std::move(remedy), {}, Stage::tls};
}

/// No certificate, or none that the agent takes.
Error unwelcome(const std::string& where, bool had_one) {
  if (had_one) {
    return client_tls_error("tls.client_certificate",
                            where + ": the agent does not take this client certificate",
                            fmt::format("let {} name one of a CA in client_ca_file of its web "
                                        "configuration, valid now, with a name that it allows",
                                        kCertFile));
  }
  return client_tls_error("tls.client_certificate",
                          where + ": the agent wants a client certificate",
                          fmt::format("name one in {}, and its key in {}", kCertFile, kKeyFile));
}

// The remedies of the rooms below speak of keys of the agent's configuration.
std::string client_remedy(const Error& error) {
  if (error.code == "tls.wrong_name") {
    return "use a name of the certificate in SFB_BACKUP_EXPORTER_URL";
  }
  if (error.code == "tls.unknown_issuer" || error.code == "tls.untrusted_root") {
    return fmt::format("write the CA's certificate (PEM) into a file and name it in {}", kCaFile);
  }
  if (error.code == "tls.ca_expired" || error.code == "tls.ca_not_yet_valid") {
    return fmt::format("let {} name the certificate that the CA uses now", kCaFile);
  }
  if (error.code == "tls.not_tls") {
    return "the agent speaks plain http there: write http:// into SFB_BACKUP_EXPORTER_URL";
  }
  if (error.code == "tls.handshake" || error.code == "tls.too_old") {
    return "look at the agent's log, and at tls_server_config of its web configuration";
  }
  return error.remedy;
}

/// The server ends the connection because of what we showed, or did not.
bool about_us(const boost::system::error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) {
    return false;
  }
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<std::shared_ptr<net::TlsClient>> client_tls(const ClientIdentity& identity) {
  auto made = net::TlsClient::create({.ca_file = identity.ca_file, .server_name = {}});
  if (!made) {
    made.error().remedy = fmt::format("let {} name a file with certificates in PEM form", kCaFile);
    return made;
  }
  if (identity.certificate_file.empty()) {
    return made;
  }
  SSL_CTX* const context = (*made)->context().native_handle();
  // Else OpenSSL asks the terminal.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(context, identity.certificate_file.c_str()) != 1) {
    return std::unexpected(client_tls_error(
        "client.certificate",
        fmt::format("{}: no certificate could be read", quote(identity.certificate_file, 200)),
        fmt::format("let {} name a file with a certificate in PEM form", kCertFile)));
  }
  const std::string& key =
      identity.key_file.empty() ? identity.certificate_file : identity.key_file;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return std::unexpected(client_tls_error(
        "client.key",
        fmt::format("{}: no key of the client certificate could be read", quote(key, 200)),
        fmt::format("let {} name a file with the certificate's own key in PEM form, without a "
                    "passphrase",
                    kKeyFile)));
  }
  return made;
}

asio::awaitable<Status> ClientStream::secure(std::shared_ptr<net::TlsClient> tls, std::string host,
                                             std::string where) {
  client_ = std::move(tls);
  tls_.emplace(socket_, client_->context());
  SSL* const ssl = tls_->native_handle();
  has_certificate_ = SSL_get_certificate(ssl) != nullptr;
  if (Status prepared = net::prepare_handshake(ssl, client_->options(), host); !prepared) {
    prepared.error().remedy = "correct SFB_BACKUP_EXPORTER_URL";
    co_return prepared;
  }
  net::watch_requests(ssl, info_);
  boost::system::error_code ignored;
  tls_->set_verify_mode(asio::ssl::verify_peer, ignored);
  tls_->set_verify_callback(
      [this](bool good, asio::ssl::verify_context& context) {
        if (!good) {
          net::note_refusal(context.native_handle(), refused_, info_);
        }
        return good;
      },
      ignored);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, kAwait);
  if (!error) {
    co_return Status{};
  }
  Error failed = net::handshake_error(error, refused_, where, info_, client_->options());
  if (failed.code == "tls.client_certificate" || about_us(error)) {
    co_return std::unexpected(unwelcome(where, has_certificate_));
  }
  failed.remedy = client_remedy(failed);
  co_return std::unexpected(std::move(failed));
}

std::string ClientStream::bindings() {
  X509* const certificate = tls_ ? SSL_get0_peer_certificate(tls_->native_handle()) : nullptr;
  return certificate == nullptr ? std::string() : net::server_end_point(certificate);
}

// A server that refuses early answers before it has read everything: so a failed write is no reason
// not to read.
asio::awaitable<void> ClientStream::write(std::string_view bytes) {
  const auto buffer = asio::buffer(bytes.data(), bytes.size());
  if (tls_) {
    static_cast<void>(co_await asio::async_write(*tls_, buffer, kAwait));
  } else {
    static_cast<void>(co_await asio::async_write(socket_, buffer, kAwait));
  }
}

asio::awaitable<std::pair<boost::system::error_code, std::size_t>> ClientStream::read_some(
    std::span<char> room) {
  const auto buffer = asio::buffer(room.data(), room.size());
  const auto [error, size] = tls_ ? co_await tls_->async_read_some(buffer, kAwait)
                                  : co_await socket_.async_read_some(buffer, kAwait);
  co_return std::pair{error, size};
}

std::optional<Error> ClientStream::refusal(const boost::system::error_code& error,
                                           const std::string& where) const {
  const bool reset = error == asio::error::connection_reset && info_.wants_certificate;
  return tls_ && (about_us(error) || reset) ? std::optional(unwelcome(where, has_certificate_))
                                            : std::nullopt;
}

}  // namespace sfb::http
