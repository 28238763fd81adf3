// One connection of the server, from its first byte to its last: the only code that waits on a
// client's socket.
#pragma once

#include "agent/base/error.hpp"
#include "agent/http/listener.hpp"
#include "agent/http/request_reader.hpp"
#include "agent/http/response_writer.hpp"
#include "agent/http/server.hpp"
#include "agent/http/server_core.hpp"
#include "agent/http/server_stream.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sfb::http {

/// Serves one client. Kept alive by its own coroutine.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerCore> core, StreamSocket socket,
             const std::string& listener_name);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Starts serving; returns at once.
  void start();
  /// Ends now if no request is under way, else behind its answer (the core says `draining`); a
  /// request that is still coming has a second left.
  void end_soon();
  /// For the handler, see UnreadBody.
  boost::asio::awaitable<Result<std::string>> read_body(MonoTime deadline);
  /// Ends at once and cancels the handler. Its place is free.
  void close();
  /// The same, and the kernel drops what the client has not read.
  void abort();

  /// Waits for a request, or is told to go; nobody misses it.
  bool is_idle() const { return phase_ == Phase::idle || phase_ == Phase::lingering; }
  bool is_reading_request() const {
    return (phase_ == Phase::headers || phase_ == Phase::body) && !closing_;
  }
  bool is_answering() const { return phase_ == Phase::answering && !closing_; }
  /// It waits for its client, so that it may be closed to make room.
  bool can_go() const { return phase_ != Phase::answering && !closing_; }
  /// Who goes first when there is no place (ServerOptions::max_connections), of those that can go.
  /// Whoever came just now may be a scraper whose request is on its way.
  enum class Turn : std::uint8_t { idle, half_request, slow_reader, young, reader };
  Turn turn(MonoTime now) const;
  /// Of two that can go. Bytes that trickle make none of them younger.
  bool goes_before(const Connection& other, MonoTime now) const;
  /// Of two that read an answer: by bytes per time, then by how long they have read.
  bool is_slower(const Connection& other, MonoTime now) const;
  /// When its phase began; half a request counts from its first byte.
  MonoTime since() const { return since_; }
  int descriptor() { return stream_.socket().native_handle(); }
  /// RequestReader::large_head, until its answer is sent.
  std::size_t large_head() const { return closing_ ? 0 : reader_.large_head(); }
  /// The body that its client is still reading: what tells it from others, and its bytes. Closed,
  /// it holds none.
  struct Unsent {
    const void* body = nullptr;
    std::size_t bytes = 0;
  };
  Unsent unsent() const;

 private:
  // What is waited for: the end of the handshake, a byte of a request, the rest of it, the handler,
  // the client's reading, or its end behind a refusal.
  enum class Phase : std::uint8_t { handshake, idle, headers, body, answering, writing, lingering };

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> shake_hands();
  boost::asio::awaitable<bool> read_request();
  boost::asio::awaitable<bool> read_some();
  bool is_ready(const Request& request);
  boost::asio::awaitable<Response> answer(Request request);
  boost::asio::awaitable<bool> write(HeadOptions options, bool head);
  /// `head` stays where it is; the body follows, if there is one.
  boost::asio::awaitable<bool> write_bytes(std::string_view head);
  void drop_body();
  boost::asio::awaitable<void> refuse(RequestReader::Refusal refusal);
  boost::asio::awaitable<void> linger();
  void enter(Phase phase);
  double bytes_per_second(MonoTime now) const;
  void set_read_deadline();
  void set_deadline(MonoTime deadline);
  void arm(MonoTime when);
  void on_timer();
  void finish();

  std::shared_ptr<ServerCore> core_;
  ServerStream stream_;
  RequestReader reader_;
  Response response_;  ///< the last one, whose memory serves the next; likewise its head
  std::string head_;
  Peer peer_;
  std::string local_address_;
  boost::asio::cancellation_signal cancel_;

  // One timer for all deadlines. Setting a later deadline costs nothing: the timer looks at
  // `deadline_` when it wakes and sleeps on.
  boost::asio::steady_timer timer_;
  MonoTime deadline_;
  MonoTime armed_;
  bool expired_ = false;

  Phase phase_ = Phase::idle;
  MonoTime since_ = net::mono_now();
  std::size_t sent_ = 0;                     ///< bytes of the answer that is being written
  std::shared_ptr<const std::string> body_;  ///< of the answer that is being written
  std::shared_ptr<BodyParts> parts_;         ///< likewise
  bool closing_ = false;
  bool unread_ = false;  ///< a body is announced that the handler has not read
};

}  // namespace sfb::http
