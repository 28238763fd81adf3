// Where a server has its TLS from, which may change while it runs.
#pragma once

#include "agent/net/tls_server.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace sfb::http {

/// Asked by a server for each connection over TCP; unix sockets stay plain. Thread rule: the
/// server's executor.
class TlsSource {
 public:
  virtual ~TlsSource() = default;
  /// What is known now; null: connections are plain HTTP.
  virtual std::shared_ptr<net::TlsServer> known() const = 0;
  /// The same, after a look whether it has changed. Bounds its own time to a second or so, and then
  /// gives what is known.
  virtual boost::asio::awaitable<std::shared_ptr<net::TlsServer>> current() = 0;
};

}  // namespace sfb::http
