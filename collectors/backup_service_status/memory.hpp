// What is remembered of a pool's backup status from one good answer to the next: since when each
// module is in its state, and which machines were active. Pure: time comes in as an argument.
#pragma once

#include "agent/base/limits.hpp"
#include "agent/base/time.hpp"
#include "collectors/backup_service_status/status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sfb::collectors {

/// One published module with the times this agent has seen.
struct ModuleSeries {
  Module module;
  std::optional<WallTime> export_changed = {};  ///< when this state was first seen
  std::optional<WallTime> import_changed = {};
  std::optional<WallTime> last_healthy = {};  ///< removed when the export becomes NotInitialized
  std::optional<WallTime> last_final = {};    ///< removed likewise
};

/// Thread rule: one thread.
class BackupMemory {
 public:
  explicit BackupMemory(const Limits& limits) : limits_(limits) {}

  /// Counts from the next answer on.
  void set_limits(const Limits& limits) { limits_ = limits; }
  /// A good answer that says something. `evaluated_at` and `made`: when it was made, on both
  /// clocks; `finished`: our clock when it was complete.
  void learn(const BackupStatus& status, WallTime evaluated_at, WallTime finished, MonoTime made);
  /// Machines that were not active for a day are forgotten; true when there was one.
  bool forget(MonoTime now);
  /// When `forget` will have something to do; absent when never.
  std::optional<MonoTime> next_forgotten() const;

  const std::vector<ModuleSeries>& modules() const { return modules_; }
  /// Name, active now; seen in the last 24 h.
  std::vector<std::pair<std::string, bool>> machines() const;
  std::uint64_t active_machine_changes() const { return active_machine_changes_; }
  std::uint64_t unknown_states() const { return unknown_states_; }

 private:
  struct Machine {
    std::string name;
    MonoTime seen{};
    bool active = false;
  };
  void learn_modules(const BackupStatus& status, WallTime evaluated_at, WallTime finished);
  void learn_machine(const std::string& name, MonoTime seen);

  Limits limits_;
  std::vector<ModuleSeries> modules_;
  std::vector<Machine> machines_;
  std::string last_active_;  ///< survives answers that do not name a machine
  std::uint64_t active_machine_changes_ = 0;
  std::uint64_t unknown_states_ = 0;
};

}  // namespace sfb::collectors
