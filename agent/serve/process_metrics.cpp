// Reads /proc/self. The start time needs no /proc/stat, which a hardened unit hides
// (ProcSubset=pid).
#include "agent/serve/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace sfb::serve {
namespace {

using exposition::Type;

/// Places of the fields behind the command's name, counted from 0 at the state (field 3 of
/// proc(5)).
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kThreads = 17;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kVirtualBytes = 20;
constexpr std::size_t kResidentPages = 21;
constexpr std::size_t kFields = 22;

/// A positive answer of sysconf, else `fallback`.
std::uint64_t system_value(int name, std::uint64_t fallback) {
  const long value = sysconf(name);
  return value > 0 ? static_cast<std::uint64_t>(value) : fallback;
}

std::uint64_t ticks_per_second() {
  return system_value(_SC_CLK_TCK, 100);
}

std::optional<ProcessStat> read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) {
    return std::nullopt;
  }
  return parse_process_stat(line);
}

std::optional<std::uint64_t> count_open_files() {
  std::error_code failure;
  std::filesystem::directory_iterator entry("/proc/self/fd", failure);
  std::uint64_t count = 0;
  for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
    ++count;
  }
  if (failure || count == 0) {
    return std::nullopt;
  }
  return count - 1;  // the listing itself held one
}

/// The soft limit; "unlimited" is the largest number, as other exporters show it.
std::optional<double> soft_limit(__rlimit_resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) {
    return std::nullopt;
  }
  return static_cast<double>(limit.rlim_cur);
}

void write_one(exposition::Writer& writer, const exposition::Family& family,
               std::optional<double> value) {
  if (value) {
    writer.family(family);
    writer.sample({}, *value);
  }
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view line) {
  const std::size_t name_end = line.rfind(") ");
  if (name_end == std::string_view::npos) {
    return std::nullopt;
  }
  line.remove_prefix(name_end + 2);
  std::array<std::uint64_t, kFields> values{};
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::string_view word = line.substr(0, line.find(' '));
    if (word.empty()) {
      return std::nullopt;
    }
    // Field 0 is a letter and some others may be negative: those stay 0 and are not ours.
    std::from_chars(word.data(), word.data() + word.size(), values[i]);
    line.remove_prefix(std::min(line.size(), word.size() + 1));
  }
  return ProcessStat{values[kUserTicks],  values[kSystemTicks],  values[kThreads],
                     values[kStartTicks], values[kVirtualBytes], values[kResidentPages]};
}

WallTime process_start(std::uint64_t start_ticks, std::uint64_t ticks_per_second,
                       std::chrono::nanoseconds uptime, WallTime now) {
  const std::chrono::duration<double> after_boot(static_cast<double>(start_ticks) /
                                                 static_cast<double>(ticks_per_second));
  return now - std::chrono::duration_cast<Micros>(uptime - after_boot);
}

std::optional<WallTime> read_process_start() {
  const auto stat = read_stat();
  timespec uptime{};
  if (!stat || clock_gettime(CLOCK_BOOTTIME, &uptime) != 0) {
    return std::nullopt;
  }
  return process_start(
      stat->start_ticks, ticks_per_second(),
      std::chrono::seconds(uptime.tv_sec) + std::chrono::nanoseconds(uptime.tv_nsec),
      SystemClock().now().wall);
}

void write_process_metrics(exposition::Writer& writer, std::optional<WallTime> start) {
  const auto stat = read_stat();
  const auto from_stat = [&](auto figure) {
    return stat ? std::optional(static_cast<double>(figure(*stat))) : std::nullopt;
  };
  write_one(writer,
            {"process_cpu_seconds", Type::counter, "seconds",
             "User and system CPU time this process has used, in seconds."},
            from_stat([](const ProcessStat& now) {
              return static_cast<double>(now.user_ticks + now.system_ticks) /
                     static_cast<double>(ticks_per_second());
            }));
  write_one(writer,
            {"process_open_fds", Type::gauge, "", "File descriptors this process has open."},
            count_open_files());
  write_one(writer,
            {"process_max_fds", Type::gauge, "", "File descriptors this process may have open."},
            soft_limit(RLIMIT_NOFILE));
  write_one(writer,
            {"process_virtual_memory_bytes", Type::gauge, "bytes",
             "Virtual memory of this process in bytes."},
            from_stat([](const ProcessStat& now) { return now.virtual_bytes; }));
  write_one(writer,
            {"process_virtual_memory_max_bytes", Type::gauge, "bytes",
             "Virtual memory this process may have, in bytes."},
            soft_limit(RLIMIT_AS));
  write_one(writer,
            {"process_resident_memory_bytes", Type::gauge, "bytes",
             "Resident memory of this process in bytes."},
            from_stat([](const ProcessStat& now) {
              return now.resident_pages * system_value(_SC_PAGESIZE, 4096);
            }));
  write_one(writer, {"process_threads", Type::gauge, "", "Threads of this process."},
            from_stat([](const ProcessStat& now) { return now.threads; }));
  write_one(writer,
            {"process_start_time_seconds", Type::gauge, "seconds",
             "When this process started, in Unix seconds."},
            start ? std::optional(to_unix_seconds(*start)) : std::nullopt);
}

}  // namespace sfb::serve
