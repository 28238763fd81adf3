// The machine none -> fresh -> stale of one pool.
#include "agent/status/knowledge.hpp"

#include <algorithm>

namespace sfb::status {

Knowledge::Knowledge(PoolIdentity identity, const Limits& limits)
    : current_{std::move(identity)}, memory_(limits) {}

void Knowledge::completed(EvaluationPtr evaluation, Now now) {
  cached_.reset();
  ++current_.evaluations;
  current_.last_evaluation = evaluation->finished;
  current_.last_duration = evaluation->duration;
  current_.last_completed = evaluation;
  current_.up = evaluation->good();
  if (evaluation->error) {
    ++current_.failures[static_cast<std::size_t>(evaluation->error->reason)];
  } else if (evaluation->status) {
    if (evaluation->conclusive()) {
      memory_.learn(*evaluation->status, evaluation->evaluated_at, evaluation->finished,
                    evaluation->made);
      current_.modules = memory_.modules();
      current_.active_machine_changes = memory_.active_machine_changes();
      current_.unknown_states = memory_.unknown_states();
      current_.last_success = evaluation->evaluated_at;
      current_.last_good = evaluation;
    }
    judged_ = std::move(evaluation);
  }
  memory_.forget(now.mono);
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

void Knowledge::set_backoff(std::optional<WallTime> until) {
  if (current_.backoff_until != until) {
    current_.backoff_until = until;
    cached_.reset();
  }
}

void Knowledge::reconfigure(PoolIdentity identity) {
  current_.identity = std::move(identity);
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
  if (const auto forgotten = memory_.next_forgotten()) {
    next = std::min(next, *forgotten);
  }
  return std::max(next, now.mono);
}

PoolSnapshotPtr Knowledge::snapshot(Now now) {
  if (memory_.forget(now.mono)) {
    cached_.reset();
  }
  const Freshness state = freshness(now);
  if (cached_ && cached_->freshness == state) {
    return cached_;
  }
  auto snapshot = std::make_shared<PoolSnapshot>(current_);
  snapshot->freshness = state;
  if (state == Freshness::fresh) {
    const collectors::BackupStatus& status = *current_.last_good->status;
    snapshot->verdict = collectors::judge(*judged_->status, current_.identity.expectation);
    snapshot->overall_export = status.overall_export;
    snapshot->overall_import = status.overall_import;
    snapshot->machines = memory_.machines();
  }
  cached_ = std::move(snapshot);
  return cached_;
}

}  // namespace sfb::status
