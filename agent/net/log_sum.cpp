#include "agent/net/log_sum.hpp"

#include <utility>

namespace sfb::net {

LogSum::LogSum(const boost::asio::any_io_executor& loop, std::chrono::nanoseconds period,
               std::function<void()> write)
    : state_(std::make_shared<State>(State{
          .timer = boost::asio::steady_timer(loop), .period = period, .write = std::move(write)})) {
}

LogSum::~LogSum() {
  state_->timer.cancel();
}

void LogSum::happened() {
  if (state_->waiting) {
    state_->more = true;
    return;
  }
  state_->write();
  wait(state_);
}

void LogSum::stop() {
  state_->timer.cancel();
  state_->waiting = false;
  if (std::exchange(state_->more, false)) {
    state_->write();
  }
}

void LogSum::wait(const std::shared_ptr<State>& state) {
  state->waiting = true;
  state->timer.expires_after(state->period);
  state->timer.async_wait([weak = std::weak_ptr(state)](const boost::system::error_code& error) {
    const auto alive = weak.lock();
    if (error || alive == nullptr || !alive->waiting) {
      return;
    }
    alive->waiting = false;
    if (std::exchange(alive->more, false)) {
      alive->write();
      wait(alive);
    }
  });
}

}  // namespace sfb::net
