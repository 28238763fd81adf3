// The bytes of one connection of the server, over TLS or plain.
#pragma once

#include "agent/base/time.hpp"
#include "agent/http/listener.hpp"
#include "agent/http/server_handshake.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

namespace sfb::http {

/// Thread rule: the loop thread. Operations end with an error when the socket is closed or its
/// operations are cancelled.
class ServerStream {
 public:
  explicit ServerStream(StreamSocket socket) : socket_(std::move(socket)) {}
  ServerStream(const ServerStream&) = delete;
  ServerStream& operator=(const ServerStream&) = delete;

  /// For options, cancelling and closing; bytes go through the stream.
  StreamSocket& socket() { return socket_; }

  /// As shake_hands; after a good one the bytes go over TLS.
  boost::asio::awaitable<ServerHandshake> handshake(std::shared_ptr<net::TlsServer> tls,
                                                    net::WorkerPool& workers, MonoTime deadline);

  using Outcome = std::tuple<boost::system::error_code, std::size_t>;
  boost::asio::awaitable<Outcome> read_some(std::span<char> room);
  /// `bytes` stay until the end.
  boost::asio::awaitable<Outcome> write_some(std::span<const boost::asio::const_buffer> bytes);
  /// What the kernel takes at once, without a turn of the loop; nothing when it takes none now, or
  /// over TLS: then `write_some` waits.
  std::optional<Outcome> write_now(std::span<const boost::asio::const_buffer> bytes);
  /// Tells the client that nothing follows. Over TLS it waits for the client to say the same.
  boost::asio::awaitable<void> shut_down();

 private:
  StreamSocket socket_;
  std::shared_ptr<SSL> session_;  // before what uses it
  std::optional<boost::asio::ssl::stream<StreamSocket&>> tls_;
};

}  // namespace sfb::http
