#include "agent/serve/body_budget.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace sfb::serve {

namespace {

constexpr std::size_t kFree = 4UL << 10U;

/// A body with what it holds. The budgets outlive the holds.
struct Held {
  std::shared_ptr<const std::string> body;
  std::shared_ptr<ByteBudget> all;
  std::shared_ptr<ByteBudget> bodies;
  ByteBudget::Hold of_bodies;
  ByteBudget::Hold of_all;
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
  auto part = bodies_->try_hold(bytes);
  auto whole = part ? all_->try_hold(bytes) : std::nullopt;
  if (!whole) {
    return fail(Reason::throttled, "query.in_flight",
                "answers that are still being read take too many bytes at once",
                "try again; if no reader is slow, raise limits.in_flight");
  }
  const auto held = std::make_shared<const Held>(std::move(response.body), all_, bodies_,
                                                 *std::move(part), *std::move(whole));
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
