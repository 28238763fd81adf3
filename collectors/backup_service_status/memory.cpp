#include "collectors/backup_service_status/memory.hpp"

#include "collectors/backup_service_status/saved_memory.hpp"
#include "collectors/backup_service_status/verdict.hpp"

#include <algorithm>
#include <chrono>

namespace sfb::collectors {

namespace {

constexpr std::chrono::hours kMachineMemory{24};

// The later of both: content that is older than what was known takes nothing back. Except for a
// time ahead of `now`, when our clock was set back.
void raise(std::optional<WallTime>& time, WallTime value, WallTime now) {
  time = time && *time <= now ? std::max(*time, value) : value;
}

}  // namespace

void BackupMemory::learn(FindingPtr finding, const When& when) {
  judged_ = std::static_pointer_cast<const BackupStatus>(std::move(finding));
  if (judged_->conclusive) {
    learn_modules(*judged_, when);
    learn_machine(judged_->active_machine, when.made);
    known_.unknown_states += judged_->unknown_states;
    overall_export_ = judged_->overall_export;
    overall_import_ = judged_->overall_import;
  }
}

void BackupMemory::reconfigure(const Facts& facts, const Limits& limits) {
  facts_ = facts;
  limits_ = limits;
}

void BackupMemory::learn_modules(const BackupStatus& status, const When& when) {
  const WallTime now = when.finished;
  std::vector<ModuleSeries> series;
  series.reserve(status.modules.size());
  for (const Module& module : status.modules) {
    const auto before = std::ranges::find_if(known_.modules, [&](const ModuleSeries& known) {
      return known.module.identity == module.identity;
    });
    const bool known = before != known_.modules.end();
    ModuleSeries next = known ? *before : ModuleSeries{};
    // A change is dated by our own clock: it says when this agent saw it first. No time stays that
    // lies ahead of it since it was set back.
    if (!known || next.module.export_state != module.export_state || next.export_changed > now) {
      next.export_changed = now;
    }
    if (!known || next.module.import_state != module.import_state || next.import_changed > now) {
      next.import_changed = now;
    }
    next.module = module;
    if (module.export_state == ExportState::not_initialized) {
      // The export was set up anew or the CMS master moved away: the old dates are of another life.
      next.last_healthy.reset();
      next.last_final.reset();
    }
    if (is_healthy(module.export_state)) {
      raise(next.last_healthy, when.evaluated_at, now);
    }
    if (module.export_state == ExportState::final_state) {
      raise(next.last_final, when.evaluated_at, now);
    }
    series.push_back(std::move(next));
  }
  known_.modules = std::move(series);
}

void BackupMemory::learn_machine(const CommonText& name, MonoTime seen) {
  for (Machine& machine : machines_) {
    machine.active = false;
  }
  if (name.empty()) {
    return;
  }
  if (!last_active_.empty() && last_active_ != name) {
    ++known_.active_machine_changes;
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

void BackupMemory::forget_machines(MonoTime now) {
  std::erase_if(machines_, [&](const Machine& machine) {
    return !machine.active && now - machine.seen > kMachineMemory;
  });
}

std::optional<MonoTime> BackupMemory::next_change(MonoTime now) const {
  std::optional<MonoTime> next;
  for (const Machine& machine : machines_) {
    const MonoTime end = machine.seen + kMachineMemory + std::chrono::nanoseconds(1);
    if (!machine.active && (!next || end < *next)) {
      next = std::max(end, now);
    }
  }
  return next;
}

ViewPtr BackupMemory::view(bool fresh, MonoTime now) {
  forget_machines(now);
  BackupShown shown = known_;
  shown.expectation = facts_.expectation;
  if (fresh && judged_) {
    shown.fresh = true;
    shown.verdict = judge(*judged_, facts_.expectation);
    shown.overall_export = overall_export_;
    shown.overall_import = overall_import_;
    for (const Machine& machine : machines_) {
      shown.machines.emplace_back(machine.name, machine.active);
    }
  }
  return std::make_shared<const BackupView>(facts_.pool, std::move(shown));
}

std::string BackupMemory::save(Now now) const {
  SavedMemory saved{.doubtful = judged_ && !judged_->conclusive,
                    .modules = known_.modules,
                    .machines = {},
                    .last_active = last_active_.str(),
                    .active_machine_changes = known_.active_machine_changes,
                    .unknown_states = known_.unknown_states};
  for (const Machine& machine : machines_) {
    saved.machines.push_back({machine.name.str(),
                              now.wall - std::chrono::floor<Micros>(now.mono - machine.seen),
                              machine.active});
  }
  return write_saved_memory(saved);
}

bool BackupMemory::restore(std::string_view saved, FindingPtr last, const When& when, Now now) {
  auto memory = read_saved_memory(saved, limits_, now.wall);
  if (!memory) {
    if (last) {
      learn(std::move(last), when);
    }
    return false;
  }
  known_.modules = std::move(memory->modules);
  known_.active_machine_changes = memory->active_machine_changes;
  known_.unknown_states = memory->unknown_states;
  last_active_ = memory->last_active;
  for (const SavedMemory::Machine& machine : memory->machines) {
    // An older one is forgotten at once: more than that is of no use.
    const auto age = std::min<Micros>(now.wall - machine.seen, 2 * kMachineMemory);
    machines_.push_back({machine.name, now.mono - age, machine.active});
  }
  if (last) {
    judged_ = std::static_pointer_cast<const BackupStatus>(std::move(last));
    overall_export_ = judged_->overall_export;
    overall_import_ = judged_->overall_import;
  }
  if (judged_ && memory->doubtful) {
    auto doubtful = std::make_shared<BackupStatus>();
    doubtful->conclusive = false;
    judged_ = std::move(doubtful);
  }
  return true;
}

}  // namespace sfb::collectors
