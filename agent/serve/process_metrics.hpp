// The standard process_* families, read from /proc/self and the resource limits.
#pragma once

#include "agent/base/time.hpp"
#include "agent/exposition/exposition.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sfb::serve {

/// What we use of /proc/<pid>/stat (proc(5)).
struct ProcessStat {
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  ///< since the machine's boot, suspended time included
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

/// Reads the one line of /proc/<pid>/stat; the command's name may hold blanks and parentheses.
/// nullopt when the line is not of that form.
std::optional<ProcessStat> parse_process_stat(std::string_view line);

/// When a process that started `start_ticks` after boot did so, on the wall clock. `uptime` is the
/// time since boot at the moment `now`.
WallTime process_start(std::uint64_t start_ticks, std::uint64_t ticks_per_second,
                       std::chrono::nanoseconds uptime, WallTime now);

/// This process's start; nullopt when /proc is not there. To be read once: each reading has the
/// small error of the clocks.
std::optional<WallTime> read_process_start();

/// Appends the families of this process. What the system does not tell is left out. Thread rule:
/// any thread; reads files of /proc.
void write_process_metrics(exposition::Writer& writer, std::optional<WallTime> start);

}  // namespace sfb::serve
