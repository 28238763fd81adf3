#include "collectors/backup_service_status/saved_memory.hpp"

#include "agent/base/encoding.hpp"
#include "agent/base/saved_text.hpp"
#include "collectors/backup_service_status/states.hpp"

#include <algorithm>
#include <utility>

namespace sfb::collectors {

namespace {

constexpr std::string_view kFirstLine = "backup_service_status";
// Modules and machines have limits of their own, which may be lower now than they were.
constexpr std::size_t kMostLines = 8192;

// As interpretation takes labels from a server.
bool is_label(std::string_view text, const Limits& limits) {
  const bool plain =
      std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; });
  return !text.empty() && text.size() <= limits.label_length && plain &&
         find_ill_formed(text) == std::string_view::npos;
}

std::optional<WallTime> past(std::optional<WallTime> time, WallTime now) {
  return time ? std::optional(std::min(*time, now)) : std::nullopt;
}

bool read_saved_module(const SavedLine& line, const Limits& limits, WallTime now,
                       SavedMemory& memory) {
  ModuleSeries series;
  series.export_changed = past(line.time(1), now);
  series.import_changed = past(line.time(2), now);
  series.last_healthy = past(line.time(3), now);
  series.last_final = past(line.time(4), now);
  series.module = {.identity = line.text(7),
                   .export_state = read_export_state(line.text(5)),
                   .import_state = read_import_state(line.text(6)),
                   .export_word = line.text(5),
                   .import_word = line.text(6)};
  const auto same = [&](const ModuleSeries& other) {
    return other.module.identity == series.module.identity;
  };
  if (!series.export_changed || !series.import_changed ||
      line.text(5).size() > limits.label_length || line.text(6).size() > limits.label_length ||
      !is_label(series.module.identity.str(), limits) ||
      memory.modules.size() >= limits.modules_per_pool ||
      std::ranges::any_of(memory.modules, same)) {
    return false;
  }
  memory.modules.push_back(std::move(series));
  return true;
}

bool read_saved_machine(const SavedLine& line, const Limits& limits, WallTime now,
                        SavedMemory& memory) {
  const auto seen = past(line.time(1), now);
  if (!seen || !is_label(line.text(3), limits) ||
      std::ranges::find(memory.machines, line.text(3), &SavedMemory::Machine::name) !=
          memory.machines.end()) {
    return false;
  }
  // A lower limit of a new configuration keeps those seen last: they come first.
  if (memory.machines.size() < limits.machines_per_pool) {
    memory.machines.push_back({std::string(line.text(3)), *seen, line.text(2) == "1"});
  }
  return true;
}

bool read_line(const SavedLine& line, const Limits& limits, WallTime now, SavedMemory& memory) {
  if (line.name() == "module") {
    return read_saved_module(line, limits, now, memory);
  }
  if (line.name() == "machine") {
    return read_saved_machine(line, limits, now, memory);
  }
  if (line.name() == "active") {
    memory.last_active = line.text(1);
    return is_label(memory.last_active, limits);
  }
  if (line.name() == "doubtful") {
    memory.doubtful = true;
  } else if (line.name() == "machine_changes" || line.name() == "unknown_states") {
    const auto count = line.count(1);
    (line.name() == "machine_changes" ? memory.active_machine_changes : memory.unknown_states) =
        count.value_or(0);
    return count.has_value();
  }
  return true;
}

}  // namespace

std::string write_saved_memory(const SavedMemory& memory) {
  std::string text;
  append_saved_line(text, {kFirstLine});
  append_saved_line(text, {"machine_changes", std::to_string(memory.active_machine_changes)});
  append_saved_line(text, {"unknown_states", std::to_string(memory.unknown_states)});
  if (memory.doubtful) {
    append_saved_line(text, {"doubtful"});
  }
  if (!memory.last_active.empty()) {
    append_saved_line(text, {"active", memory.last_active});
  }
  std::vector<SavedMemory::Machine> machines = memory.machines;
  std::ranges::sort(machines, std::ranges::greater{}, [](const SavedMemory::Machine& machine) {
    return std::pair(machine.seen, std::string_view(machine.name));
  });
  for (const SavedMemory::Machine& machine : machines) {
    append_saved_line(
        text, {"machine", saved_time(machine.seen), machine.active ? "1" : "0", machine.name});
  }
  for (const ModuleSeries& series : memory.modules) {
    append_saved_line(text, {"module", saved_time(series.export_changed),
                             saved_time(series.import_changed), saved_time(series.last_healthy),
                             saved_time(series.last_final), series.module.export_word.str(),
                             series.module.import_word.str(), series.module.identity.str()});
  }
  return text;
}

std::optional<SavedMemory> read_saved_memory(std::string_view text, const Limits& limits,
                                             WallTime now) {
  const auto lines = read_saved_lines(text, {.lines = kMostLines});
  if (!lines || lines->empty() || lines->front().name() != kFirstLine) {
    return std::nullopt;
  }
  SavedMemory memory;
  for (const SavedLine& line : *lines) {
    if (!read_line(line, limits, now, memory)) {
      return std::nullopt;
    }
  }
  return memory;
}

}  // namespace sfb::collectors
