// What the connections of one server share, and who of them goes when there is no place left.
#pragma once

#include "agent/base/descriptor.hpp"
#include "agent/http/listener.hpp"
#include "agent/http/request_ids.hpp"
#include "agent/http/server.hpp"
#include "agent/net/log_sum.hpp"
#include "agent/net/wake.hpp"
#include "agent/net/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace sfb::http {

class Connection;

/// Thread rule: the loop thread only.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
 public:
  ServerCore(boost::asio::any_io_executor loop, ServerOptions limits, Handler answer, Logger log);

  const boost::asio::any_io_executor executor;
  const ServerOptions options;
  const Handler handler;
  const Logger logger;

  bool draining = false;
  std::unordered_set<Connection*> connections;  ///< each takes itself out at its end
  std::size_t ending = 0;                       ///< of these: closed, but not yet at their end
  net::WorkerPool* handshakes = nullptr;        ///< computes them; with ServerOptions::tls
  net::Wake drained;                            ///< the last one has gone
  ServerCounters counters;                      ///< `open` apart

  /// The Date header of now, made once a second.
  const std::string& date();
  /// Logs an answer that no handler made, gives it an X-Request-Id that stands there too (`id`, or
  /// a new one), and gives it to ServerOptions::on_own_answer.
  void mark_own_answer(Response& response, const std::string& peer, std::string id = {});
  RequestIds ids;

  /// All that are not at their end. A copy: what is closed takes itself out of the set.
  std::vector<std::shared_ptr<Connection>> all() const;
  /// May one more connection be served? Where all places are taken, `make_room` is tried.
  bool has_place();
  /// Closes the connection that ServerOptions::max_connections says. False when there is none.
  bool make_room();
  /// Server::cut_slow_reader.
  bool cut_slow_reader();
  /// A head has grown above ServerOptions::header_bytes: is there room? Makes it as
  /// ServerOptions::large_heads_bytes says.
  bool has_room_for_head(const Connection& head);
  /// A client does not read as fast as it is written to: ServerOptions::unsent_bytes.
  void bound_unsent();
  /// A handler begins: soon it is looked whether its caller is still there.
  void watch_callers();
  /// No more of that, and the log has the sums up to now, so that nothing holds the loop.
  void stop_watching();

  /// May a connection of this peer begin with a handshake? TlsSource::current says.
  bool speaks_tls(const Peer& peer) const;
  /// Says so in the log: the first at once, then the sum once a period.
  void handshake_failed(const std::string& peer, std::string why);

  /// Tells a caller that there is no place, and counts it.
  void turn_away(StreamSocket socket);

  /// Held back for the time when the process has no descriptor left: closing it admits one caller.
  Descriptor spare;
  void keep_spare();

 private:
  /// What is being sent: distinct bodies with their bytes, and who reads slowest, of all or of the
  /// slow readers alone.
  struct Unsent {
    std::size_t bodies = 0;
    std::size_t bytes = 0;
    Connection* slowest = nullptr;
  };
  Unsent unsent(MonoTime now, bool slow_only) const;
  void cut(Connection& reader, std::size_t bytes);
  /// Closes connections whose handler has run for `at_least` and whose caller has closed its end.
  bool end_gone(std::chrono::nanoseconds at_least);
  void count(Ended how);
  void log_crowd();
  void log_cut();
  void log_handshakes();
  static boost::asio::awaitable<void> linger(std::shared_ptr<ServerCore> core, StreamSocket socket);

  std::time_t date_time_ = 0;
  std::string date_;
  boost::asio::steady_timer watch_;
  bool watching_ = false;
  std::size_t turning_away_ = 0;  ///< connections over the limit that are just being told so
  net::LogSum crowd_log_;
  ServerCounters logged_;  ///< as of the last line of it
  net::LogSum unsent_log_;
  net::LogSum handshake_log_;
  std::uint64_t failed_ = 0;  ///< handshakes, since the last line of it
  std::string failed_peer_;   ///< the last one's
  std::string failed_why_;
  std::uint64_t cut_ = 0;   ///< readers, since the last line of it
  std::size_t unread_ = 0;  ///< the most bytes that were not read then
};

/// Reads and forgets what a client still sends. True when it has closed its end, false when it
/// sent more than is worth waiting for.
boost::asio::awaitable<bool> discard(StreamSocket& socket);

/// How long a client that was told to go is read from, so that the answer gets there: closing a
/// socket with unread bytes resets the connection and may destroy the answer on its way.
inline constexpr std::chrono::milliseconds kLingerTime{1000};

}  // namespace sfb::http
