#include "agent/net/wake.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace sfb::net {

namespace asio = boost::asio;

// Registered while the coroutine waits, however the wait ends.
class Wake::Waiter {
 public:
  Waiter(Wake& wake, asio::steady_timer& timer) : wake_(wake), timer_(&timer) {
    wake_.waiting_.push_back(timer_);
  }
  ~Waiter() { std::erase(wake_.waiting_, timer_); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

 private:
  Wake& wake_;
  asio::steady_timer* timer_;
};

asio::awaitable<bool> Wake::wait_until(MonoTime deadline) {
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  const Waiter waiter(*this, timer);
  // An error is an end of the wait that somebody else chose.
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return static_cast<bool>(error);
}

void Wake::notify_all() {
  for (asio::steady_timer* const timer : waiting_) {
    timer->cancel();
  }
}

}  // namespace sfb::net
