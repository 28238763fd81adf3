#include "agent/http/server_stream.hpp"

#include "agent/net/await.hpp"

#include <openssl/ssl.h>

namespace sfb::http {

namespace {

namespace asio = boost::asio;

using net::kAwait;

}  // namespace

asio::awaitable<ServerHandshake> ServerStream::handshake(std::shared_ptr<net::TlsServer> tls,
                                                         net::WorkerPool& workers,
                                                         MonoTime deadline) {
  ServerHandshake done = co_await shake_hands(socket_, std::move(tls), workers, deadline);
  if (done.ssl != nullptr) {
    session_ = done.ssl;
    SSL_up_ref(session_.get());  // the stream gives it back too
    tls_.emplace(socket_, session_.get());
  }
  co_return done;
}

// No coroutine of their own: Asio keeps the memory of two frames, and a waiting connection has two.
asio::awaitable<ServerStream::Outcome> ServerStream::read_some(std::span<char> room) {
  const auto buffer = asio::buffer(room.data(), room.size());
  return tls_ ? tls_->async_read_some(buffer, kAwait) : socket_.async_read_some(buffer, kAwait);
}

asio::awaitable<ServerStream::Outcome> ServerStream::write_some(
    std::span<const asio::const_buffer> bytes) {
  return tls_ ? tls_->async_write_some(bytes, kAwait) : socket_.async_write_some(bytes, kAwait);
}

std::optional<ServerStream::Outcome> ServerStream::write_now(
    std::span<const asio::const_buffer> bytes) {
  if (tls_) {
    return std::nullopt;
  }
  boost::system::error_code error;
  if (!socket_.non_blocking()) {
    socket_.non_blocking(true, error);
  }
  if (error) {
    return std::nullopt;
  }
  const std::size_t size = socket_.write_some(bytes, error);
  if (error == asio::error::would_block || error == asio::error::try_again) {
    return std::nullopt;
  }
  return Outcome{error, size};
}

asio::awaitable<void> ServerStream::shut_down() {
  if (tls_) {
    co_await tls_->async_shutdown(kAwait);
  }
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

}  // namespace sfb::http
