// How late the loop thread is: the one figure that tells whether something blocks it.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace sfb::net {

/// Every `period` measures how much later than asked a timer ran and tells `on_sample`, on the
/// loop. Thread rule: made and destroyed on the loop thread, before its io_context; samples end
/// with it.
class LoopLag {
 public:
  LoopLag(boost::asio::any_io_executor executor,
          std::function<void(std::chrono::nanoseconds)> on_sample,
          std::chrono::milliseconds period = std::chrono::milliseconds(250));
  ~LoopLag();
  LoopLag(const LoopLag&) = delete;
  LoopLag& operator=(const LoopLag&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sfb::net
