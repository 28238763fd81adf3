#include "tests/integration/http/tls_raw_client.hpp"

#include <openssl/err.h>

#include <array>
#include <csignal>
#include <cstdlib>

namespace sfb::http {

TlsRawClient::TlsRawClient(const std::string& address, const Setup& setup)
    : socket_(address), context_(SSL_CTX_new(TLS_client_method())) {
  if (setup.identity != nullptr) {
    SSL_CTX_use_certificate(context_.get(), setup.identity->certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), setup.identity->key.get());
  }
  if (setup.context) {
    setup.context(context_.get());
  }
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_fd(ssl_.get(), socket_.descriptor());
  if (setup.connection) {
    setup.connection(ssl_.get());
  }
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes into sockets that the server has closed
  ERR_clear_error();
  open_ = SSL_connect(ssl_.get()) == 1;
  note_error();
}

TlsRawClient::~TlsRawClient() {
  if (open_) {
    SSL_shutdown(ssl_.get());  // else OpenSSL takes the session for a broken one
  }
}

void TlsRawClient::note_error() {
  for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    const char* const reason = ERR_reason_error_string(code);
    error_ = reason == nullptr ? "?" : reason;
  }
}

bool TlsRawClient::send(std::string_view bytes) {
  const bool sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
                    static_cast<int>(bytes.size());
  note_error();
  return sent;
}

std::string TlsRawClient::read_all() {
  std::string all;
  std::array<char, 65536> bytes{};
  for (int got = 1; got > 0;) {
    got = SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    all.append(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  note_error();
  return all;
}

int TlsRawClient::ask(const std::string& path) {
  if (!open_ || !send(get_request(path))) {
    return 0;
  }
  std::string answer;
  std::array<char, 65536> bytes{};
  std::size_t needed = std::string::npos;
  while (answer.size() < needed) {
    const int got = SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (got <= 0) {
      note_error();
      return 0;
    }
    answer.append(bytes.data(), static_cast<std::size_t>(got));
    const std::size_t end = answer.find("\r\n\r\n");
    const std::size_t length = answer.find("Content-Length: ");
    if (needed == std::string::npos && end != std::string::npos) {
      needed = end + 4 + std::strtoul(answer.c_str() + length + 16, nullptr, 10);
    }
  }
  return std::atoi(answer.c_str() + 9);
}

bool TlsRawClient::ended_well() const {
  return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

}  // namespace sfb::http
