#include "agent/serve/body_budget.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace sfb::serve {

namespace {

constexpr std::size_t kFree = 4UL << 10U;

/// A body with what it holds.
struct Held {
  std::shared_ptr<const std::string> body;
  std::shared_ptr<ByteBudget> all;
  std::shared_ptr<ByteBudget> bodies;

  Held(std::shared_ptr<const std::string> text, std::shared_ptr<ByteBudget> whole,
       std::shared_ptr<ByteBudget> part)
      : body(std::move(text)), all(std::move(whole)), bodies(std::move(part)) {}
  ~Held() {
    all->give(body->size());
    bodies->give(body->size());
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
};

}  // namespace

BodyBudget::BodyBudget(std::shared_ptr<ByteBudget> all) : all_(std::move(all)) {
  if (all_ != nullptr) {
    bodies_ = std::make_shared<ByteBudget>(all_->total() / 2);
  }
}

Status BodyBudget::hold(http::Response& response) const {
  if (all_ == nullptr || response.body == nullptr || response.body->size() <= kFree) {
    return {};
  }
  const std::size_t bytes = response.body->size();
  const bool part = bodies_->try_take(bytes);
  if (!part || !all_->try_take(bytes)) {
    if (part) {
      bodies_->give(bytes);
    }
    return fail(Reason::throttled, "query.in_flight",
                "answers that are still being read take too many bytes at once",
                "try again; if no reader is slow, raise limits.in_flight");
  }
  const auto held = std::make_shared<const Held>(std::move(response.body), all_, bodies_);
  response.body = std::shared_ptr<const std::string>(held, held->body.get());
  return {};
}

Status BodyBudget::hold(http::Response& response,
                        const std::function<bool()>& cut_slow_reader) const {
  Status status = hold(response);
  while (!status && response.body->size() <= bodies_->total() && cut_slow_reader &&
         cut_slow_reader()) {
    status = hold(response);
  }
  return status;
}

}  // namespace sfb::serve
