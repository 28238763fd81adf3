// The memory of a pool's backup status as text: what outlives the process. Pure.
#pragma once

#include "agent/base/limits.hpp"
#include "agent/base/time.hpp"
#include "collectors/backup_service_status/families.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::collectors {

/// Times of the wall clock only.
struct SavedMemory {
  struct Machine {
    std::string name;
    WallTime seen{};
    bool active = false;
  };
  /// The newest good answer was not conclusive: it left no verdict.
  bool doubtful = false;
  std::vector<ModuleSeries> modules;
  std::vector<Machine> machines;
  std::string last_active;
  std::uint64_t active_machine_changes = 0;
  std::uint64_t unknown_states = 0;
};

std::string write_saved_memory(const SavedMemory& memory);

/// Absent where it is not what `write_saved_memory` gives, or more than the limits allow. Lines of
/// a newer build that this one does not know are left out. No time lies ahead of `now`.
std::optional<SavedMemory> read_saved_memory(std::string_view text, const Limits& limits,
                                             WallTime now);

}  // namespace sfb::collectors
