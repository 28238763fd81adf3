#include "agent/engine/kept_objects.hpp"

#include <utility>

namespace sfb::engine {

namespace {

constexpr std::size_t kScheduledTimes = 4;

struct Held {
  PackedPtr objects;
  std::shared_ptr<ByteBudget> budget;
  ByteBudget::Hold hold;  // goes first
};

}  // namespace

PackedPtr KeptObjects::hold(PackedPtr objects, bool scheduled, const Limits& limits) {
  if (scheduled_ == nullptr || limits.in_flight != asked_->total()) {
    scheduled_ = std::make_shared<ByteBudget>(kScheduledTimes * limits.in_flight);
    asked_ = std::make_shared<ByteBudget>(limits.in_flight);
  }
  const auto& budget = scheduled ? scheduled_ : asked_;
  auto hold = budget->try_hold(objects->memory());
  if (!hold) {
    return nullptr;
  }
  const auto held = std::make_shared<const Held>(std::move(objects), budget, *std::move(hold));
  return {held, held->objects.get()};
}

bool KeptObjects::hold(Result<remote::Reply>& reply, bool scheduled, const Limits& limits) {
  if (!reply || !reply->result) {
    return true;
  }
  auto held = hold(reply->result, scheduled, limits);
  const bool has_room = held != nullptr;
  if (has_room) {
    reply->result = std::move(held);
  }
  return has_room;
}

status::EvaluationPtr without_objects(const status::Evaluation& evaluation) {
  auto rest = std::make_shared<status::Evaluation>(evaluation);
  rest->result = nullptr;
  if (rest->good() && rest->note.empty()) {
    rest->note = {"engine.not_kept",
                  "its objects are not kept: those of all pools take too much memory",
                  "find out why answers are so large; `limits.in_flight` sets how much is kept"};
  }
  return rest;
}

bool can_be_shown(const status::EvaluationPtr& evaluation) {
  return evaluation != nullptr && (!evaluation->good() || evaluation->result != nullptr);
}

}  // namespace sfb::engine
