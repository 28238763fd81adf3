// A loop on a thread of its own, as the agent has one, for tests that stand outside it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <thread>
#include <type_traits>
#include <utility>

namespace sfb::net {

/// At its end it waits until nothing is left to do on the loop: a coroutine that never ends makes
/// the test hang, which is how it shows.
class Loop {
 public:
  Loop() : guard_(io_.get_executor()), thread_([this] { io_.run(); }) {}
  ~Loop() {
    guard_.reset();
    thread_.join();
  }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::any_io_executor executor() { return io_.get_executor(); }

  /// Runs a coroutine on the loop; the future has its value.
  template <typename T>
  std::future<T> start(boost::asio::awaitable<T> operation) {
    return boost::asio::co_spawn(io_, std::move(operation), boost::asio::use_future);
  }

  /// Runs a function on the loop and gives its value.
  template <typename F>
  std::invoke_result_t<F> call(F function) {
    std::packaged_task<std::invoke_result_t<F>()> task(std::move(function));
    auto future = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return future.get();
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::thread thread_;
};

/// Waits, at most 20 s, until `condition` holds.
inline bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace sfb::net
