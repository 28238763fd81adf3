// A callback that may come at once, later, or (should the engine be wrong) never, as one await.
#include "agent/serve/live_query.hpp"

#include "agent/net/deadline.hpp"
#include "agent/net/wake.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

namespace sfb::serve {
namespace {

using Outcome = std::expected<status::Answer, status::Refusal>;

/// Shared with the callback, which may outlive the coroutine.
struct Pending {
  std::optional<Outcome> outcome;
  net::Wake came;
};

/// Takes the question back when the wait ends without an answer, however it ends.
class Waiting {
 public:
  explicit Waiting(const Pending& pending) : pending_(pending) {}
  ~Waiting() {
    if (!pending_.outcome) {
      stop_.request_stop();
    }
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  const Pending& pending_;
  std::stop_source stop_;
};

}  // namespace

boost::asio::awaitable<Outcome> ask(status::Evaluator& evaluator, status::Question question,
                                    status::Wish wish, std::chrono::nanoseconds patience) {
  const auto pending = std::make_shared<Pending>();
  const MonoTime deadline = net::mono_now() + patience;
  const Waiting waiting(*pending);
  evaluator.evaluate(question, std::move(wish), waiting.token(), [pending](Outcome outcome) {
    pending->outcome = std::move(outcome);
    pending->came.notify_all();
  });
  if (!pending->outcome) {
    co_await pending->came.wait_until(deadline);
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
