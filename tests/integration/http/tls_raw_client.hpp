// A client over TLS that looks at what the server chose and how it ended.
#pragma once

#include "tests/integration/http/raw_client.hpp"
#include "tests/integration/http/test_server.hpp"
#include "tests/integration/net/pki.hpp"

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::http {

/// Our side of one connection; every wait ends after 20 s.
class TlsRawClient {
 public:
  struct Setup {
    const net::Identity* identity = nullptr;  ///< shown when the server asks
    std::function<void(SSL_CTX*)> context = {};
    std::function<void(SSL*)> connection = {};
  };
  explicit TlsRawClient(const std::string& address) : TlsRawClient(address, Setup{}) {}
  TlsRawClient(const std::string& address, const Setup& setup);
  ~TlsRawClient();
  TlsRawClient(const TlsRawClient&) = delete;
  TlsRawClient& operator=(const TlsRawClient&) = delete;

  /// The handshake worked, as far as this side can tell.
  bool open() const { return open_; }
  /// One request and the status of its answer; 0: there is none. A refused certificate of TLS 1.3
  /// shows only here.
  int ask(const std::string& path = "/");
  bool send(std::string_view bytes);
  /// Everything to the end.
  std::string read_all();
  /// The server said that nothing follows, as TLS wants it.
  bool ended_well() const;
  /// The reason of the last error of TLS: `tlsv13 alert certificate required`.
  std::string error() const { return error_; }
  SSL* ssl() { return ssl_.get(); }

 private:
  void note_error();

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  RawClient socket_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> ssl_;
  bool open_ = false;
  std::string error_;
};

/// TLS that a test changes.
class TestTls : public TlsSource {
 public:
  explicit TestTls(std::shared_ptr<net::TlsServer> tls) : tls_(std::move(tls)) {}
  std::shared_ptr<net::TlsServer> known() const override { return tls_; }
  boost::asio::awaitable<std::shared_ptr<net::TlsServer>> current() override { co_return tls_; }
  /// On the server's loop.
  void set(std::shared_ptr<net::TlsServer> tls) { tls_ = std::move(tls); }

 private:
  std::shared_ptr<net::TlsServer> tls_;
};

/// The server's own.
inline const net::Identity& server_identity() {
  static const net::Identity made = net::make_identity({"server.test", "DNS:server.test"});
  return made;
}

inline net::TlsServerOptions tls_options(const net::Identity& identity = server_identity()) {
  net::TlsServerOptions options;
  options.certificate = identity.pem();
  options.certificate_from = "server.crt";
  options.key = Secret(identity.key_pem());
  options.key_from = "server.key";
  return options;
}

inline std::shared_ptr<TestTls> test_tls(const net::TlsServerOptions& options = tls_options()) {
  return std::make_shared<TestTls>(net::TlsServer::create(options).value());
}

inline ServerOptions over_tls(std::shared_ptr<TestTls> tls, ServerOptions options = {}) {
  options.tls = std::move(tls);
  return options;
}

}  // namespace sfb::http
