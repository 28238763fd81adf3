#include "agent/app/reload_turns.hpp"

#include <utility>

namespace sfb::app {

namespace {

namespace asio = boost::asio;

serve::Reloaded stopping() {
  return {503, {"the agent is stopping, the configuration is not read any more"}};
}

}  // namespace

void ReloadTurns::ask() {
  join();
}

ReloadTurns::RoundPtr ReloadTurns::join() {
  if (stopped_) {
    return nullptr;
  }
  if (current_) {
    if (!next_) {
      next_ = std::make_shared<Round>();
    }
    return next_;
  }
  const RoundPtr round = current_ = std::make_shared<Round>();
  spawn_(run());  // it may end at once
  return round;
}

asio::awaitable<serve::Reloaded> ReloadTurns::wait(MonoTime deadline) {
  const RoundPtr round = join();
  if (!round) {
    co_return stopping();
  }
  if (!round->outcome) {
    co_await round->ended.wait_until(deadline);
  }
  if (!round->outcome) {
    co_return serve::Reloaded{
        504, {"the configuration files are still being read; the log will tell the outcome"}};
  }
  co_return *round->outcome;
}

asio::awaitable<void> ReloadTurns::run() {
  while (current_) {
    serve::Reloaded outcome = co_await once_();
    if (stopped_) {
      co_return;
    }
    current_->outcome = std::move(outcome);
    current_->ended.notify_all();
    current_ = std::exchange(next_, nullptr);
  }
}

void ReloadTurns::stop() {
  stopped_ = true;
  for (RoundPtr* const each : {&current_, &next_}) {
    if (const RoundPtr round = std::exchange(*each, nullptr)) {
      round->outcome = stopping();
      round->ended.notify_all();
    }
  }
}

}  // namespace sfb::app
