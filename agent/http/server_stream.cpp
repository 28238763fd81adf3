#include "agent/http/server_stream.hpp"

#include "agent/net/await.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace sfb::http {

namespace {

namespace asio = boost::asio;

using net::kAwait;

// Empty where there is nothing to say.
std::string words_of(const boost::system::error_code& error, const SSL* ssl) {
  if (error.category() != asio::error::get_ssl_category()) {
    return {};  // it went away
  }
  const char* const reason = ERR_reason_error_string(static_cast<unsigned long>(error.value()));
  const std::string text = reason == nullptr ? error.message() : reason;
  const long verified = SSL_get_verify_result(ssl);
  if (verified == X509_V_OK) {
    return text;
  }
  return fmt::format("{}: {}", text,
                     verified == X509_V_ERR_APPLICATION_VERIFICATION
                         ? "the client's certificate has none of client_allowed_sans"
                         : X509_verify_cert_error_string(verified));
}

}  // namespace

asio::awaitable<ServerStream::Handshake> ServerStream::handshake(
    std::shared_ptr<net::TlsServer> tls) {
  server_ = std::move(tls);
  tls_.emplace(socket_, server_->context());
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kAwait);
  if (!error) {
    co_return Handshake{};
  }
  Handshake failed{.error = error, .why = words_of(error, tls_->native_handle())};
  failed.plain_http =
      error.category() == asio::error::get_ssl_category() &&
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
  tls_.reset();  // what is still said is said in plain
  co_return failed;
}

asio::awaitable<ServerStream::Outcome> ServerStream::read_some(std::span<char> room) {
  const auto buffer = asio::buffer(room.data(), room.size());
  const auto [error, size] = tls_ ? co_await tls_->async_read_some(buffer, kAwait)
                                  : co_await socket_.async_read_some(buffer, kAwait);
  co_return Outcome{error, size};
}

asio::awaitable<ServerStream::Outcome> ServerStream::write_some(
    const std::array<asio::const_buffer, 2>& bytes) {
  const auto [error, size] = tls_ ? co_await tls_->async_write_some(bytes, kAwait)
                                  : co_await socket_.async_write_some(bytes, kAwait);
  co_return Outcome{error, size};
}

asio::awaitable<void> ServerStream::shut_down() {
  if (tls_) {
    co_await tls_->async_shutdown(kAwait);
  }
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace sfb::http
