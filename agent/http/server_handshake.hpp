// The TLS handshake of one connection of the server. What OpenSSL computes for it takes up to some
// milliseconds, and strangers can ask for it: so it is done beside the loop.
#pragma once

#include "agent/base/time.hpp"
#include "agent/http/listener.hpp"
#include "agent/http/types.hpp"
#include "agent/net/tls_server.hpp"
#include "agent/net/worker_pool.hpp"

#include <boost/asio/awaitable.hpp>
#include <openssl/types.h>

#include <memory>
#include <string>

namespace sfb::http {

/// How it ended.
struct ServerHandshake {
  std::shared_ptr<SSL> ssl = {};             ///< TLS is spoken from now on; null: it failed
  std::string why = {};                      ///< what was wrong; empty: the client went away
  bool plain_http = false;                   ///< the client sent a request without TLS
  std::shared_ptr<const TlsPeer> peer = {};  ///< with `ssl`
};

/// Reads no byte behind the handshake. An alert that OpenSSL has for the client is sent. `workers`
/// computes, one job at a time for each connection. Ends soon behind `deadline`, if the caller
/// cancels what waits for the socket then. Thread rule: loop thread.
boost::asio::awaitable<ServerHandshake> shake_hands(StreamSocket& socket,
                                                    std::shared_ptr<net::TlsServer> tls,
                                                    net::WorkerPool& workers, MonoTime deadline);

}  // namespace sfb::http
