// Reloads of the configuration, one at a time, for a signal and for callers that wait.
#pragma once

#include "agent/base/time.hpp"
#include "agent/net/wake.hpp"
#include "agent/serve/live_reload.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace sfb::app {

/// Whoever asks while a reload runs gets the next one, which all that ask meanwhile share: the
/// running one may have read the files before they were changed. Thread rule: loop thread. It must
/// outlive the reloads that it starts.
class ReloadTurns {
 public:
  using Spawn = std::function<void(boost::asio::awaitable<void>)>;

  /// `once`: one reload, to its end. `spawn`: starts a coroutine of its own.
  ReloadTurns(serve::Reload once, Spawn spawn) : once_(std::move(once)), spawn_(std::move(spawn)) {}

  /// Asks for a reload and does not wait.
  void ask();
  /// Asks for a reload and waits for its end: 503 when the agent stops before, 504 when it has not
  /// ended at `deadline`; it goes on then.
  boost::asio::awaitable<serve::Reloaded> wait(MonoTime deadline);
  /// No further reload begins, and nobody waits any more. Final.
  void stop();

 private:
  struct Round {
    net::Wake ended;
    std::optional<serve::Reloaded> outcome;
  };
  using RoundPtr = std::shared_ptr<Round>;

  /// The round that serves those who ask now; null once stopped.
  RoundPtr join();
  boost::asio::awaitable<void> run();

  serve::Reload once_;
  Spawn spawn_;
  RoundPtr current_;  ///< null: none runs
  RoundPtr next_;     ///< null: none follows
  bool stopped_ = false;
};

}  // namespace sfb::app
