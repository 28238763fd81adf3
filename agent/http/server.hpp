// The HTTP/1.1 server: sockets, limits and deadlines in one place, so that handlers see only
// complete requests and give back values.
#pragma once

#include "agent/base/descriptor.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/http/tls_source.hpp"
#include "agent/http/types.hpp"
#include "agent/net/address.hpp"
#include "agent/net/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sfb::http {

/// Limits of one server. What breaks one is answered by the server itself, in one line of
/// text/plain, and the connection is closed.
struct ServerOptions {
  /// One more takes the place of the one that has waited for a request the longest, else of one
  /// whose caller hung up, else of the one whose half request began first, else of the slowest
  /// reader of an answer. Younger ones than `young` go behind all these, but before a reader who
  /// reads well. Where all wait for handlers it gets 503 with Retry-After: 1.
  std::size_t max_connections = 512;
  std::chrono::milliseconds young{1'000};  ///< nobody is slow before that
  /// Of bodies that clients are still reading, each counted once however many read it; beyond, the
  /// slowest readers are cut off until it fits or four bodies are left.
  std::size_t unsent_bytes = 64UL << 20U;
  /// Request line and headers, without the value of Authorization and with it: a ticket of somebody
  /// in 1,000 groups is one of 13 KB, and Windows makes some of 64 KB. Beyond: 431.
  std::size_t header_bytes = 16UL << 10U;
  std::size_t head_bytes = 64UL << 10U;
  /// Of all heads above `header_bytes` that are being read or answered. Beyond, the one goes that
  /// has been read the longest; where all are being answered, the new one gets 503.
  std::size_t large_heads_bytes = 8UL << 20U;
  std::size_t body_bytes = 64UL << 10U;  ///< beyond: 413
  /// The handler of such a request is called when its headers are there, and reads a body itself
  /// (Request::unread). May be empty; must not throw.
  std::function<bool(const Request&)> reads_body = {};
  /// Asked before the handler: is there an answer that needs no waiting? Then it fills in all of
  /// it, in the memory of an answer before. It is not asked for a request whose handler reads the
  /// body. May be empty; must not throw.
  std::function<bool(const Request&, Response&)> ready = {};
  std::chrono::milliseconds handshake_timeout{10'000};  ///< of TLS, as a whole; then closed
  std::chrono::milliseconds header_timeout{
      10'000};                                     ///< from the first byte to the last header; 408
  std::chrono::milliseconds body_timeout{10'000};  ///< from the headers to the end of the body; 408
  std::chrono::milliseconds idle_timeout{120'000};  ///< before a first byte; closed without a word
  std::chrono::milliseconds write_timeout{30'000};  ///< for one whole answer; then closed
  /// TLS of connections over TCP; absent: all are plain. A handshake counts as half a request.
  /// Where there is no place, a caller over TLS gets no 503: its connection is closed.
  std::shared_ptr<TlsSource> tls = {};
  /// Given every answer the server makes itself (400, 408, 413, 417, 431, 500, 501, 503) before it
  /// is sent: counts it and adds headers to it. Answers of handlers are not given. May be empty;
  /// must not throw.
  std::function<void(Response&)> on_own_answer;
  /// From a log line about full places or slow readers to the next, which has the sum.
  std::chrono::nanoseconds log_period = std::chrono::minutes(1);
  /// Told of every such end, for the counters. May be empty; must not throw.
  std::function<void(Ended)> on_ended;
};

/// Gives the answer to one request, HEAD as if it were GET. Runs on the server's executor; bounds
/// its own time; an exception becomes a 500. Called for one request of a connection at a time. It
/// is cancelled when the client closes its end and the answer takes longer than a second.
using Handler = std::function<boost::asio::awaitable<Response>(std::shared_ptr<const Request>)>;

/// What an operator wants to know about the connections.
struct ServerCounters {
  std::size_t open = 0;  ///< connections being served now
  // Since the start:
  std::uint64_t accepted = 0;     ///< served ones
  std::uint64_t closed_idle = 0;  ///< closed to make room, waiting for a request
  std::uint64_t closed_slow = 0;  ///< the same, with half a request or an unread answer
  std::uint64_t gone = 0;         ///< hung up before their answer was there
  std::uint64_t refused = 0;      ///< no place, and nobody could go
};

/// HTTP/1.1 and 1.0 with keep-alive, pipelining and Expect: 100-continue, one coroutine per
/// connection. Request bodies need a Content-Length: one with a Transfer-Encoding is refused with
/// 501 and the connection is closed. Large answers are written from the shared string, without a
/// copy.
/// Thread rule: every member is called on the executor's one thread (or before it runs), and the
/// server is destroyed before its io_context. Handlers may still be suspended when the server goes:
/// run `drain` or `close_all` and then the loop before what the handlers use is destroyed.
class Server {
 public:
  Server(boost::asio::any_io_executor executor, ServerOptions options, Handler handler,
         Logger logger);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and listens at once; connections are taken as soon as the loop runs. `host:` names are
  /// resolved here, blocking. An address that another one takes in already is served once: the same
  /// one again, or one of a wildcard's. `[::]` takes IPv4 too, unless `0.0.0.0` has its port. A
  /// unix socket gets mode 0660; a socket file nobody listens on is replaced. Reason::connect, code
  /// `listen.in_use`, `listen.denied`, `listen.unavailable`, `listen.not_a_socket`,
  /// `listen.too_long` or `listen.failed`; Reason::dns, code `listen.resolve`; each message starts
  /// with the address.
  Status listen(const std::vector<net::ListenAddress>& addresses);

  /// The same with sockets that are bound and listen already; Reason::process, code
  /// `listen.systemd`. Their files stay at the end.
  Status inherit(std::vector<Descriptor> sockets);

  /// The addresses really bound, in the order of `listen`, with the ports the system chose.
  std::vector<std::string> addresses() const;

  /// Closes the listening sockets and removes the socket files. Connections go on.
  void stop_accepting();

  /// Ends gracefully: stops accepting, closes idle connections at once and the others behind the
  /// answer they are at. True when all are gone, false when the deadline came first. Called once.
  boost::asio::awaitable<bool> drain(MonoTime deadline);

  /// Ends at once: stops accepting, cancels handlers, closes every connection.
  void close_all();

  ServerCounters counters() const;

  /// Memory of answers is short: cuts off the slowest of those who have had time to read and read
  /// hardly anything. The body of its answer is let go before this returns. False: nobody is slow.
  bool cut_slow_reader();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
  std::unique_ptr<net::WorkerPool> handshakes_;  ///< not the Impl's, which may go with the loop
};

}  // namespace sfb::http
