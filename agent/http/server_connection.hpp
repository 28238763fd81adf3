// One connection of the server, from its first byte to its last: the only code that waits on a
// client's socket.
#pragma once

#include "agent/http/listener.hpp"
#include "agent/http/request_reader.hpp"
#include "agent/http/response_writer.hpp"
#include "agent/http/server.hpp"
#include "agent/net/wake.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

namespace sfb::http {

class Connection;

/// What the connections of one server share. Thread rule: the loop thread only.
struct ServerCore {
  ServerCore(boost::asio::any_io_executor loop, ServerOptions limits, Handler answer, Logger log)
      : executor(std::move(loop)),
        options(std::move(limits)),
        handler(std::move(answer)),
        logger(std::move(log)) {}

  const boost::asio::any_io_executor executor;
  const ServerOptions options;
  const Handler handler;
  const Logger logger;

  bool draining = false;
  std::unordered_set<Connection*> connections;  ///< each takes itself out at its end
  net::Wake drained;                            ///< the last one has gone
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::size_t turning_away = 0;  ///< connections over the limit that are just being told so

  /// The Date header of now, made once a second.
  const std::string& date();
  /// Tells the counter and the log of an answer that no handler made.
  void count_own_answer(int status, const std::string& peer) const;

 private:
  std::time_t date_time_ = 0;
  std::string date_;
};

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
  /// Ends at once and cancels the handler.
  void close();

 private:
  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> read_request();
  boost::asio::awaitable<bool> read_some();
  boost::asio::awaitable<Response> answer();
  boost::asio::awaitable<bool> write(Response response, HeadOptions options, bool head);
  boost::asio::awaitable<bool> write_bytes(std::string head,
                                           std::shared_ptr<const std::string> body);
  boost::asio::awaitable<void> refuse(RequestReader::Refusal refusal);
  void set_read_deadline();
  void set_deadline(MonoTime deadline);
  void arm(MonoTime when);
  void on_timer();
  void finish();

  // What the current read waits for; `answering` while nothing is read.
  enum class Phase : std::uint8_t { idle, headers, body, answering };

  std::shared_ptr<ServerCore> core_;
  StreamSocket socket_;
  RequestReader reader_;
  Peer peer_;
  std::string local_address_;
  boost::asio::cancellation_signal cancel_;

  // One timer for all deadlines. Setting a later deadline costs nothing: the timer looks at
  // `deadline_` when it wakes and sleeps on.
  boost::asio::steady_timer timer_;
  MonoTime deadline_;
  MonoTime armed_;
  bool expired_ = false;

  Phase phase_ = Phase::answering;
  bool closing_ = false;
};

/// Writes the 503 of a full server to a connection that gets no Connection, and closes it. Ends
/// within a second.
boost::asio::awaitable<void> turn_away(std::shared_ptr<ServerCore> core, StreamSocket socket);

}  // namespace sfb::http
