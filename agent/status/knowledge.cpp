// The machine none -> fresh -> stale of one pool.
#include "agent/status/knowledge.hpp"

#include <algorithm>

namespace sfb::status {

std::string PoolIdentity::pair() const {
  const auto& [first, second] = std::minmax(fqdn.str(), paired_pool);
  return first + '/' + second;
}

Knowledge::Knowledge(PoolIdentity identity, const collectors::Collector& what, const Limits& limits)
    : current_{std::move(identity), &what},
      memory_(what.memory(current_.identity.facts(), limits)) {}

void Knowledge::completed(EvaluationPtr evaluation) {
  cached_.reset();
  ++current_.evaluations;
  current_.last_evaluation = evaluation->finished;
  current_.last_duration = evaluation->duration;
  current_.last_completed = evaluation;
  current_.up = evaluation->good();
  if (evaluation->error) {
    if (current_.failures_in_row++ == 0) {
      current_.failing_since = evaluation->finished;
    }
    ++current_.failures[static_cast<std::size_t>(evaluation->error->reason)];
    return;
  }
  current_.failures_in_row = 0;
  current_.failing_since.reset();
  if (evaluation->finding) {
    memory_->learn(evaluation->finding,
                   {evaluation->evaluated_at, evaluation->finished, evaluation->made});
    if (evaluation->conclusive()) {
      current_.last_success = evaluation->evaluated_at;
      current_.last_good = std::move(evaluation);
    }
  }
}

void Knowledge::set_running(bool running) {
  if (current_.running != running) {
    current_.running = running;
    cached_.reset();
  }
}

void Knowledge::overrun() {
  ++current_.overruns;
  cached_.reset();
}

void Knowledge::set_next_due(std::optional<MonoTime> due) {
  if (current_.next_due != due) {
    current_.next_due = due;
    cached_.reset();
  }
}

void Knowledge::set_backoff(std::optional<WallTime> until, std::optional<Reason> reason) {
  if (current_.backoff_until != until || current_.backoff_reason != reason) {
    current_.backoff_until = until;
    current_.backoff_reason = reason;
    cached_.reset();
  }
}

KeptPool Knowledge::keep(Now now) const {
  SavedKnowledge saved{.last_evaluation = current_.last_evaluation,
                       .last_duration = current_.last_duration,
                       .last_success = current_.last_success};
  saved.failing_since = current_.failing_since;
  saved.failures_in_row = current_.failures_in_row;
  if (const EvaluationPtr& good = current_.last_good) {
    saved.good = {good->id, good->evaluated_at, good->finished, good->duration, good->trigger};
  }
  return {.source = {},
          .knowledge = write_saved_knowledge(saved),
          .memory = memory_->save(now),
          .good = current_.last_good};
}

bool Knowledge::restore(const SavedKnowledge& saved, std::string_view memory, EvaluationPtr good,
                        Now now) {
  const auto past = [&](const std::optional<WallTime>& time) {
    return time ? std::optional(std::min(*time, now.wall)) : std::nullopt;
  };
  cached_.reset();
  current_.last_evaluation = past(saved.last_evaluation);
  current_.last_duration = saved.last_duration;
  current_.last_success = past(saved.last_success);
  current_.failing_since = past(saved.failing_since);
  current_.failures_in_row = saved.failures_in_row;
  current_.last_good = std::move(good);
  const Evaluation* const last = current_.last_good.get();
  return memory_->restore(memory, last == nullptr ? nullptr : last->finding,
                          {last == nullptr ? now.wall : last->evaluated_at, now.wall,
                           last == nullptr ? now.mono : last->made},
                          now);
}

void Knowledge::reconfigure(PoolIdentity identity, const Limits& limits) {
  current_.identity = std::move(identity);
  memory_->reconfigure(current_.identity.facts(), limits);
  cached_.reset();
}

Freshness Knowledge::freshness(Now now) const {
  if (!current_.last_good) {
    return Freshness::none;
  }
  return current_.last_good->age(now.mono) > current_.identity.stale_after ? Freshness::stale
                                                                           : Freshness::fresh;
}

std::optional<MonoTime> Knowledge::next_change(Now now) const {
  if (freshness(now) != Freshness::fresh) {
    return std::nullopt;  // what is not shown cannot change by time
  }
  const std::chrono::nanoseconds just_after{1};
  MonoTime next = current_.last_good->made + current_.identity.stale_after + just_after;
  if (const auto change = memory_->next_change(now.mono)) {
    next = std::min(next, *change);
  }
  return std::max(next, now.mono);
}

PoolSnapshotPtr Knowledge::snapshot(Now now) {
  const Freshness state = freshness(now);
  if (cached_ && cached_->freshness == state && (!view_ends_ || now.mono < *view_ends_)) {
    return cached_;
  }
  auto snapshot = std::make_shared<PoolSnapshot>(current_);
  snapshot->freshness = state;
  snapshot->view = memory_->view(state == Freshness::fresh, now.mono);
  view_ends_ = memory_->next_change(now.mono);
  cached_ = std::move(snapshot);
  return cached_;
}

}  // namespace sfb::status
