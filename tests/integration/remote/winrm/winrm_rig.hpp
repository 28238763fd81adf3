// A real HTTP server in front of the scripted WS-Management peer, and one transport that asks it.
#pragma once

#include "agent/http/server.hpp"
#include "agent/net/deadline.hpp"
#include "agent/remote/winrm/winrm_transport.hpp"
#include "tests/integration/net/loop.hpp"
#include "tests/unit/remote/winrm/fake_server.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::remote {

/// What the peer does with one request, seen by the number of the request (from 1) and its action.
enum class Act : std::uint8_t {
  answer,
  answer_and_close,  ///< and closes the connection behind it
  hang,              ///< longer than the client waits; the request is not acted on
  act_and_hang,      ///< the same, but the request was acted on
  status_500,        ///< an empty one
  garbage,           ///< 200 with something else
};

/// Basic over HTTP on a free port. Everything but the atomics belongs to its own loop.
class WinrmPeer {
 public:
  WinrmPeer();
  ~WinrmPeer();
  WinrmPeer(const WinrmPeer&) = delete;
  WinrmPeer& operator=(const WinrmPeer&) = delete;

  void set_knobs(const testing::FakeKnobs& knobs);
  void set_password(std::string password);
  /// Called for every request that is let in.
  void set_act(std::function<Act(int request, std::string_view action)> act);

  std::size_t shells();
  std::size_t commands();
  /// Actions of the requests let in since the last call: `Create`, `Receive`, ...
  std::vector<std::string> take_actions();
  /// Rules of the protocol that the client broke.
  std::vector<std::string> violations();
  std::uint64_t connections();
  std::size_t open_connections();
  /// Nobody listens any more; shells that were there are gone when it is back at the same port.
  void die();
  void come_back();
  /// Sent with each answer, refusals included.
  void set_cookie(std::string line);
  /// Values of Cookie since the last call, each change once; `-`: a request had none.
  std::vector<std::string> take_cookies();

  std::string url;
  std::atomic<int> refused{0};  ///< requests answered 401
  std::atomic<int> hanging{0};  ///< requests that hang now

 private:
  boost::asio::awaitable<http::Response> handle(std::shared_ptr<const http::Request> request);

  void listen(const std::string& address);

  net::Loop loop_;
  testing::FakeServer fake_;
  std::unique_ptr<http::Server> server_;
  std::string password_ = "secret";
  std::function<Act(int, std::string_view)> act_;
  int requests_ = 0;
  std::vector<std::string> actions_;
  std::string address_;
  std::string cookie_;
  std::vector<std::string> cookies_;
};

/// What an observer was told.
class Notes final : public Observer {
 public:
  void stage(const StageTime& time) override { stages.emplace_back(to_string(time.stage)); }
  void fact(std::string_view name, std::string_view value) override { facts.emplace(name, value); }
  bool wants_wire() const override { return true; }
  void wire(std::string_view direction, std::string_view text) override {
    wired += std::string(direction) + " " + std::string(text) + "\n";
  }
  std::vector<std::string> stages;
  std::multimap<std::string, std::string> facts;
  std::string wired;
};

/// A peer, a password file and a transport, which `make` makes from `options`.
class WinrmRig {
 public:
  WinrmRig();
  ~WinrmRig();
  WinrmRig(const WinrmRig&) = delete;
  WinrmRig& operator=(const WinrmRig&) = delete;

  void make();
  /// Closes and destroys it; what is left on the server then is a fault.
  void unmake();
  void write_password(std::string_view password) const;

  std::future<Result<Reply>> start(std::chrono::milliseconds time = std::chrono::seconds(30));
  Result<Reply> ask(std::chrono::milliseconds time = std::chrono::seconds(30)) {
    return start(time).get();
  }
  /// `good`, or the error's code.
  std::string code(std::chrono::milliseconds time = std::chrono::seconds(30)) {
    const auto reply = ask(time);
    return reply ? "good" : reply.error().code;
  }
  /// An ask that `cancel` can cut off; `ended` tells when its coroutine is gone.
  struct CutOff {
    boost::asio::cancellation_signal signal;
    std::atomic<bool> ended{false};
  };
  std::shared_ptr<CutOff> start_cancellable();
  void cancel(const std::shared_ptr<CutOff>& ask);
  /// True when all was closed in time.
  bool close(std::chrono::milliseconds time = std::chrono::seconds(10));
  /// No command runs on the server, and as many shells are open there.
  bool eventually_shells(std::size_t count);

  std::string folder;
  WinrmPeer peer;
  SystemClock clock;
  WinrmOptions options;
  Logger logger;
  net::Loop loop;
  std::shared_ptr<Transport> transport;
  std::atomic<int> told{0};  ///< calls of on_credentials
};

/// Open descriptors of this process.
std::size_t descriptors();
/// The scheduled question.
Call status_call();

}  // namespace sfb::remote
