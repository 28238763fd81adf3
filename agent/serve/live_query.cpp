// A callback that may come at once, later, or (should the engine be wrong) never, as one await.
#include "agent/serve/live_query.hpp"

#include "agent/net/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

using Outcome = std::expected<status::Answer, status::Refusal>;

/// Shared with the callback, which may outlive the coroutine.
struct Pending {
  std::optional<Outcome> outcome;
  asio::steady_timer* waiting = nullptr;  ///< the coroutine's, while it waits
};

/// However the wait ends, nobody is waiting any more.
class Waiting {
 public:
  Waiting(Pending& pending, asio::steady_timer& timer) : pending_(pending) {
    pending_.waiting = &timer;
  }
  ~Waiting() {
    pending_.waiting = nullptr;
    if (!pending_.outcome) {
      stop_.request_stop();
    }
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  Pending& pending_;
  std::stop_source stop_;
};

}  // namespace

boost::asio::awaitable<Outcome> ask(status::Evaluator& evaluator, status::Question question,
                                    status::Wish wish, std::chrono::nanoseconds patience) {
  const auto pending = std::make_shared<Pending>();
  asio::steady_timer timer(co_await asio::this_coro::executor, net::mono_now() + patience);
  const Waiting waiting(*pending, timer);
  evaluator.evaluate(question, std::move(wish), waiting.token(), [pending](Outcome outcome) {
    pending->outcome = std::move(outcome);
    if (pending->waiting != nullptr) {
      pending->waiting->cancel();
    }
  });
  if (!pending->outcome) {
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (pending->outcome) {
    co_return std::move(*pending->outcome);
  }
  co_return std::unexpected(
      status::Refusal{Error{Reason::timeout,
                            "timeout.waiting",
                            "no answer came in the time a query has",
                            "allow more time (`evaluation_timeout`), or ask with max_age",
                            {},
                            Stage::query}});
}

}  // namespace sfb::serve
