// A process behind a listener that speaks PSRP on its stdin and stdout: a real engine, for what no
// simulation knows.
#pragma once

#include "tests/simulator/packets.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/types.h>

#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sim {

/// Strict ping-pong per PSGuid: the next packet leaves when the one before was acked. Thread rule:
/// one loop thread.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  struct Events {
    std::function<void(const Packet&)> data;  ///< what the process says
    std::function<void()> end;                ///< it is gone; nothing comes after this
  };

  /// Starts the process; its stderr is ours. An error says why it cannot.
  static std::expected<std::shared_ptr<Engine>, std::string> start(
      const boost::asio::any_io_executor& executor, const std::vector<std::string>& command,
      Events events);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// `packet`: Data, Command, Signal or Close.
  void send(const Packet& packet);
  /// Closes the session and ends the process, by force when it does not end in time. No event comes
  /// any more.
  void close();

 private:
  struct Turn {
    std::deque<Packet> packets;
    std::string awaited;  ///< an ack; empty: the next one may go
  };

  Engine(const boost::asio::any_io_executor& executor, Events events);
  static boost::asio::awaitable<void> read(std::shared_ptr<Engine> self);
  static boost::asio::awaitable<void> write(std::shared_ptr<Engine> self);
  static boost::asio::awaitable<void> kill_later(std::shared_ptr<Engine> self);
  void take(const Packet& packet);
  void go_on(Turn& turn);
  void reap();

  boost::asio::posix::stream_descriptor in_;   ///< its stdin
  boost::asio::posix::stream_descriptor out_;  ///< its stdout
  boost::asio::steady_timer grace_;
  Events events_;
  pid_t pid_ = 0;                      ///< 0: is gone
  std::map<std::string, Turn> turns_;  ///< by PSGuid
  std::string unsent_;
  bool writing_ = false;
};

}  // namespace sim
