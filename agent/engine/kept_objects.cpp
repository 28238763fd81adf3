#include "agent/engine/kept_objects.hpp"

#include <utility>

namespace sfb::engine {

namespace {

constexpr std::size_t kScheduledTimes = 4;

std::size_t memory_of(const PipelineResult& result) {
  std::size_t bytes = sizeof(PipelineResult) + result.graph.memory();
  for (const auto* values : {&result.output, &result.errors}) {
    for (const Value& value : *values) {
      bytes += sizeof(Value) + value.text.size() + value.wire.size();
    }
  }
  for (const std::string& warning : result.warnings) {
    bytes += sizeof(std::string) + warning.size();
  }
  for (const Rendering& text : result.rendered) {
    bytes += sizeof(Rendering) + text.text.size();
  }
  return bytes;
}

struct Held {
  std::shared_ptr<const PipelineResult> objects;
  std::shared_ptr<ByteBudget> budget;
  ByteBudget::Hold hold;  // goes first
};

}  // namespace

std::shared_ptr<const PipelineResult> KeptObjects::hold(
    std::shared_ptr<const PipelineResult> objects, bool scheduled, const Limits& limits) {
  if (scheduled_ == nullptr || limits.in_flight != asked_->total()) {
    scheduled_ = std::make_shared<ByteBudget>(kScheduledTimes * limits.in_flight);
    asked_ = std::make_shared<ByteBudget>(limits.in_flight);
  }
  const auto& budget = scheduled ? scheduled_ : asked_;
  auto hold = budget->try_hold(memory_of(*objects));
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
