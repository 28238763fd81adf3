// The machine none -> fresh -> stale of one pool.
#include "agent/status/knowledge.hpp"

#include <algorithm>
#include <utility>

namespace sfb::status {

namespace {

// Not make_shared: pages keep weak pointers, which would hold all its bytes until the next page.
std::shared_ptr<PoolSnapshot> made(PoolSnapshot snapshot) {
  return std::shared_ptr<PoolSnapshot>(new PoolSnapshot(std::move(snapshot)));
}

}  // namespace

std::string PoolIdentity::pair() const {
  const auto& [first, second] = std::minmax(fqdn.str(), paired_pool.str());
  return first + '/' + second;
}

Knowledge::Knowledge(PoolIdentity identity, const collectors::Collector& what, const Limits& limits)
    : current_(made({std::move(identity), &what})),
      memory_(what.memory(current_->identity.facts(), limits)) {}

PoolSnapshot& Knowledge::edit() {
  if (std::exchange(told_, false)) {
    current_ = made(*current_);
  }
  return *current_;
}

void Knowledge::completed(EvaluationPtr evaluation) {
  PoolSnapshot& now = edit();
  ++now.evaluations;
  now.last_evaluation = evaluation->finished;
  now.last_duration = evaluation->duration;
  now.last_completed = evaluation;
  now.up = evaluation->good();
  if (evaluation->error) {
    if (now.failures_in_row++ == 0) {
      now.failing_since = evaluation->finished;
    }
    ++now.failures[static_cast<std::size_t>(evaluation->error->reason)];
    now.failure = std::shared_ptr<const Error>(evaluation, &*evaluation->error);
    return;
  }
  now.failure.reset();
  now.failures_in_row = 0;
  now.failing_since.reset();
  if (evaluation->finding) {
    memory_->learn(evaluation->finding,
                   {evaluation->evaluated_at, evaluation->finished, evaluation->made});
    if (evaluation->conclusive()) {
      now.last_success = evaluation->evaluated_at;
      now.last_good = std::move(evaluation);
    }
  }
}

void Knowledge::set_running(bool running) {
  if (current_->running != running) {
    edit().running = running;
  }
}

void Knowledge::overrun() {
  ++edit().overruns;
}

void Knowledge::set_next_due(std::optional<MonoTime> due) {
  if (current_->next_due != due) {
    edit().next_due = due;
  }
}

void Knowledge::set_backoff(std::optional<WallTime> until, std::optional<Reason> reason) {
  if (current_->backoff_until != until || current_->backoff_reason != reason) {
    PoolSnapshot& now = edit();
    now.backoff_until = until;
    now.backoff_reason = reason;
  }
}

KeptPool Knowledge::keep(Now now) const {
  SavedKnowledge saved{.last_evaluation = current_->last_evaluation,
                       .last_duration = current_->last_duration,
                       .last_success = current_->last_success};
  saved.failing_since = current_->failing_since;
  saved.failures_in_row = current_->failures_in_row;
  if (current_->failure) {
    saved.failure = *current_->failure;
  }
  if (const EvaluationPtr& good = current_->last_good) {
    saved.good = {good->id,       good->evaluated_at, good->finished,
                  good->duration, good->trigger,      good->dated};
  }
  return {.source = {},
          .knowledge = write_saved_knowledge(saved),
          .memory = memory_->save(now),
          .good = current_->last_good};
}

bool Knowledge::restore(const SavedKnowledge& saved, std::string_view memory, EvaluationPtr good,
                        Now now) {
  const auto past = [&](const std::optional<WallTime>& time) {
    return time ? std::optional(std::min(*time, now.wall)) : std::nullopt;
  };
  PoolSnapshot& known = edit();
  known.last_evaluation = past(saved.last_evaluation);
  known.last_duration = saved.last_duration;
  known.last_success = past(saved.last_success);
  known.failing_since = past(saved.failing_since);
  known.failures_in_row = saved.failures_in_row;
  known.failure = saved.failure ? std::make_shared<const Error>(*saved.failure) : nullptr;
  known.last_good = std::move(good);
  const Evaluation* const last = known.last_good.get();
  return memory_->restore(memory, last == nullptr ? nullptr : last->finding,
                          {last == nullptr ? now.wall : last->evaluated_at, now.wall,
                           last == nullptr ? now.mono : last->made},
                          now);
}

void Knowledge::reconfigure(PoolIdentity identity, const Limits& limits) {
  edit().identity = std::move(identity);
  memory_->reconfigure(current_->identity.facts(), limits);
}

Freshness Knowledge::freshness(Now now) const {
  if (!current_->last_good) {
    return Freshness::none;
  }
  return current_->last_good->age(now.mono) > current_->identity.stale_after ? Freshness::stale
                                                                             : Freshness::fresh;
}

std::optional<MonoTime> Knowledge::next_change(Now now) const {
  if (freshness(now) != Freshness::fresh) {
    return std::nullopt;  // what is not shown cannot change by time
  }
  const std::chrono::nanoseconds just_after{1};
  MonoTime next = current_->last_good->made + current_->identity.stale_after + just_after;
  if (const auto change = memory_->next_change(now.mono)) {
    next = std::min(next, *change);
  }
  return std::max(next, now.mono);
}

PoolSnapshotPtr Knowledge::snapshot(Now now) {
  const Freshness state = freshness(now);
  if (!told_ || current_->freshness != state || (view_ends_ && now.mono >= *view_ends_)) {
    PoolSnapshot& next = edit();
    next.freshness = state;
    next.view = memory_->view(state == Freshness::fresh, now.mono);
    view_ends_ = memory_->next_change(now.mono);
    told_ = true;
  }
  return current_;
}

}  // namespace sfb::status
