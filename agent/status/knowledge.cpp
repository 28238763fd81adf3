// The machine none -> fresh -> stale of one pool.
#include "agent/status/knowledge.hpp"

#include <algorithm>

namespace sfb::status {

namespace {

constexpr std::chrono::hours kMachineMemory{24};

// The later of both: content that is older than what was known takes nothing back. Except for a
// time ahead of `now`, when our clock was set back.
void raise(std::optional<WallTime>& time, WallTime value, WallTime now) {
  time = time && *time <= now ? std::max(*time, value) : value;
}

}  // namespace

Knowledge::Knowledge(PoolIdentity identity, const Limits& limits)
    : current_{std::move(identity)}, limits_(limits) {}

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
      learn(*evaluation);
      current_.last_success = evaluation->evaluated_at;
      current_.last_good = evaluation;
    }
    judged_ = std::move(evaluation);
  }
  forget_machines(now.mono);
}

void Knowledge::learn(const Evaluation& evaluation) {
  const collectors::BackupStatus& status = *evaluation.status;
  learn_modules(evaluation);
  learn_machine(status.active_machine, evaluation.made);
  current_.unknown_states += status.unknown_states;
}

void Knowledge::learn_modules(const Evaluation& evaluation) {
  std::vector<ModuleSeries> series;
  series.reserve(evaluation.status->modules.size());
  for (const collectors::Module& module : evaluation.status->modules) {
    const auto before = std::ranges::find_if(current_.modules, [&](const ModuleSeries& known) {
      return known.module.identity == module.identity;
    });
    const bool known = before != current_.modules.end();
    ModuleSeries next = known ? *before : ModuleSeries{};
    // A change is dated by our own clock: it says when this agent saw it first. No time stays that
    // lies ahead of it since it was set back.
    const WallTime now = evaluation.finished;
    if (!known || next.module.export_state != module.export_state || next.export_changed > now) {
      next.export_changed = now;
    }
    if (!known || next.module.import_state != module.import_state || next.import_changed > now) {
      next.import_changed = now;
    }
    next.module = module;
    if (module.export_state == collectors::ExportState::not_initialized) {
      // The export was set up anew or the CMS master moved away: the old dates are of another life.
      next.last_healthy.reset();
      next.last_final.reset();
    }
    if (collectors::is_healthy(module.export_state)) {
      raise(next.last_healthy, evaluation.evaluated_at, now);
    }
    if (module.export_state == collectors::ExportState::final_state) {
      raise(next.last_final, evaluation.evaluated_at, now);
    }
    series.push_back(std::move(next));
  }
  current_.modules = std::move(series);
}

void Knowledge::learn_machine(const std::string& name, MonoTime seen) {
  for (Machine& machine : machines_) {
    machine.active = false;
  }
  if (name.empty()) {
    return;
  }
  if (!last_active_.empty() && last_active_ != name) {
    ++current_.active_machine_changes;
  }
  last_active_ = name;
  auto machine = std::ranges::find(machines_, name, &Machine::name);
  if (machine == machines_.end()) {
    if (limits_.machines_per_pool == 0) {
      return;
    }
    if (machines_.size() >= limits_.machines_per_pool) {
      machines_.erase(std::ranges::min_element(machines_, {}, &Machine::seen));
    }
    machine = machines_.insert(machines_.end(), Machine{name, seen, false});
  }
  machine->seen = std::max(machine->seen, seen);
  machine->active = true;
}

void Knowledge::forget_machines(MonoTime now) {
  const auto forgotten = std::erase_if(machines_, [&](const Machine& machine) {
    return !machine.active && now - machine.seen > kMachineMemory;
  });
  if (forgotten > 0) {
    cached_.reset();
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
  for (const Machine& machine : machines_) {
    if (!machine.active) {
      next = std::min(next, machine.seen + kMachineMemory + just_after);
    }
  }
  return std::max(next, now.mono);
}

PoolSnapshotPtr Knowledge::snapshot(Now now) {
  forget_machines(now.mono);
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
    for (const Machine& machine : machines_) {
      snapshot->machines.emplace_back(machine.name, machine.active);
    }
  }
  cached_ = std::move(snapshot);
  return cached_;
}

}  // namespace sfb::status
