// A server that does exactly what a test writes, plain or TLS, well or badly.
#pragma once

#include "tests/integration/net/pki.hpp"

#include <openssl/ssl.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace sfb::http {

/// One connection as its server sees it. Blocking; every wait ends when the peer goes or after 20
/// s.
class Wire {
 public:
  explicit Wire(int fd) : fd_(fd) {}
  ~Wire() { close(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// Empty at the end of the connection.
  std::string read_some(std::size_t most = 65536);
  /// A whole request by its Content-Length; what came when it never became whole.
  std::string read_request();
  bool send(std::string_view bytes);
  /// Until the other side has closed.
  void wait_closed();
  /// The server's half of a handshake.
  bool accept_tls(SSL_CTX* context);
  /// TLS's own farewell, the socket stays.
  void say_goodbye();
  void close();
  /// Closes with a RST.
  void reset();

  int fd() const { return fd_; }

 private:
  int fd_;
  SSL* ssl_ = nullptr;
};

/// Listens on a free port of 127.0.0.1 (or ::1), a thread for each connection.
class ScriptPeer {
 public:
  using Script = std::function<void(Wire&)>;
  explicit ScriptPeer(Script script, bool ipv6 = false);
  ~ScriptPeer();
  ScriptPeer(const ScriptPeer&) = delete;
  ScriptPeer& operator=(const ScriptPeer&) = delete;

  std::string url(std::string_view scheme = "http", std::string_view host = "127.0.0.1") const;

  std::uint16_t port = 0;
  std::atomic<int> accepted{0};
  std::atomic<int> ended{0};  ///< scripts that ran to their end

 private:
  void serve();

  Script script_;
  int fd_;
  std::vector<std::thread> threads_;  // the acceptor's, until it has ended
  std::thread acceptor_;
};

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using ServerContext = std::unique_ptr<SSL_CTX, FreeContext>;

/// `leaf` first, then what else the server sends.
ServerContext server_context(const net::Identity& leaf,
                             const std::vector<const net::Identity*>& others = {}, int oldest = 0,
                             int newest = 0);

/// `HTTP/1.1 200 OK` with a Content-Length.
std::string answer_of(std::string_view body, std::string_view more_headers = {});

/// Relays between `wire` and 127.0.0.1:`port`; both connections end behind `up` bytes of the
/// client's or `down` bytes of the server's, by a RST when asked.
void relay(Wire& wire, std::uint16_t port, std::size_t up, std::size_t down, bool reset);

}  // namespace sfb::http
