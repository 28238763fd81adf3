#include "agent/net/loop_lag.hpp"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace sfb::net {

class LoopLag::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(const boost::asio::any_io_executor& executor,
       std::function<void(std::chrono::nanoseconds)> on_sample, std::chrono::milliseconds period)
      : timer_(executor), on_sample_(std::move(on_sample)), period_(period) {}

  void arm() {
    timer_.expires_after(period_);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (self == nullptr || error || self->stopped_) {
        return;
      }
      self->on_sample_(std::chrono::steady_clock::now() - self->timer_.expiry());
      // Armed anew only now: a blocked loop gives one late sample, not a burst of them.
      if (!self->stopped_) {
        self->arm();
      }
    });
  }

  void stop() {
    stopped_ = true;  // a wait that has already ended still has its handler queued
    timer_.cancel();
  }

 private:
  boost::asio::steady_timer timer_;
  std::function<void(std::chrono::nanoseconds)> on_sample_;
  std::chrono::milliseconds period_;
  bool stopped_ = false;
};

LoopLag::LoopLag(boost::asio::any_io_executor executor,
                 std::function<void(std::chrono::nanoseconds)> on_sample,
                 std::chrono::milliseconds period)
    : impl_(std::make_shared<Impl>(executor, std::move(on_sample), period)) {
  impl_->arm();
}

LoopLag::~LoopLag() {
  impl_->stop();
}

}  // namespace sfb::net
