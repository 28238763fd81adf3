#include "agent/status/history_text.hpp"

#include "agent/base/saved_text.hpp"
#include "agent/base/text.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <utility>

namespace sfb::status {

namespace {

// More than any member has: what is read is cut to it as well.
constexpr std::size_t kMostText = 2048;
constexpr std::size_t kMostBytes = 64UL << 10U;
constexpr std::size_t kMostLines = 1024;
// What does not fit behind the members is left out: better than an entry that cannot be read.
constexpr std::size_t kMostWritten = kMostBytes - 4 * kMostText;

// One member: its name in the text, its value there (empty: left out), and the way back.
struct Member {
  std::string_view name;
  std::string (*write)(const HistoryEntry&);
  bool (*read)(const SavedLine&, HistoryEntry&);
};

template <std::string HistoryEntry::* kText>
constexpr Member text_member(std::string_view name) {
  return {name, [](const HistoryEntry& entry) { return entry.*kText; },
          [](const SavedLine& line, HistoryEntry& entry) {
            entry.*kText = cut_utf8(line.text(1), kMostText);
            return true;
          }};
}

template <WallTime HistoryEntry::* kTime>
constexpr Member time_member(std::string_view name) {
  return {name, [](const HistoryEntry& entry) { return saved_time(entry.*kTime); },
          [](const SavedLine& line, HistoryEntry& entry) {
            entry.*kTime = line.time(1).value_or(WallTime());
            return line.time(1).has_value();
          }};
}

template <bool HistoryEntry::* kFlag>
constexpr Member flag_member(std::string_view name) {
  return {name, [](const HistoryEntry& entry) { return std::string(entry.*kFlag ? "1" : ""); },
          [](const SavedLine& line, HistoryEntry& entry) {
            entry.*kFlag = line.text(1) == "1";
            return true;
          }};
}

std::string write_id(const HistoryEntry& entry) {
  return std::to_string(entry.id);
}
bool read_id(const SavedLine& line, HistoryEntry& entry) {
  entry.id = line.count(1).value_or(0);
  return line.count(1).has_value();
}

std::string write_trigger(const HistoryEntry& entry) {
  return std::string(to_string(entry.trigger));
}
bool read_trigger(const SavedLine& line, HistoryEntry& entry) {
  const auto trigger = parse_trigger(line.text(1));
  entry.trigger = trigger.value_or(Trigger::schedule);
  return trigger.has_value();
}

std::string write_duration(const HistoryEntry& entry) {
  return std::to_string(entry.duration.count());
}
bool read_duration(const SavedLine& line, HistoryEntry& entry) {
  entry.duration = std::chrono::nanoseconds(line.number(1).value_or(-1));
  return entry.duration >= entry.duration.zero();
}

// Every member that is saved has its line here.
constexpr std::array kMembers = {
    Member{"id", write_id, read_id},
    time_member<&HistoryEntry::time>("time"),
    time_member<&HistoryEntry::evaluated_at>("evaluated_at"),
    Member{"trigger", write_trigger, read_trigger},
    Member{"duration", write_duration, read_duration},
    flag_member<&HistoryEntry::good>("good"),
    flag_member<&HistoryEntry::skipped>("skipped"),
    text_member<&HistoryEntry::question>("question"),
    text_member<&HistoryEntry::reason>("reason"),
    text_member<&HistoryEntry::code>("code"),
    text_member<&HistoryEntry::stage>("stage"),
    text_member<&HistoryEntry::message>("message"),
    text_member<&HistoryEntry::remedy>("remedy"),
    text_member<&HistoryEntry::request_id>("request_id"),
    text_member<&HistoryEntry::front_end>("front_end"),
};

// What an entry has several of: one line each, the fields of a change behind it.
void write_lists(const HistoryEntry& entry, std::string& text) {
  std::size_t lines = kMembers.size();
  const auto append = [&](std::initializer_list<std::string_view> fields) {
    if (text.size() < kMostWritten && ++lines < kMostLines) {
      append_saved_line(text, fields);
    }
  };
  const auto cut = [](const std::string& value) { return cut_utf8(value, kMostText / 4); };
  if (entry.states) {
    for (const collectors::ModuleWords& module : *entry.states) {
      append({"module", cut(module.identity), cut(module.exported), cut(module.imported)});
    }
  }
  for (const std::string& error : entry.errors) {
    append({"error", cut(error)});
  }
  for (const HistoryChange& change : entry.changes) {
    append({"change", cut(change.event)});
    for (const auto& [name, value] : change.fields) {
      append({"field", cut(name), cut(value)});
    }
  }
}

void read_list_line(const SavedLine& line, HistoryEntry& entry, HistoryStates& states) {
  const auto text = [&](std::size_t field) {
    return std::string(cut_utf8(line.text(field), kMostText));
  };
  if (line.name() == "module") {
    states.push_back({text(1), text(2), text(3)});
  } else if (line.name() == "error") {
    entry.errors.push_back(text(1));
  } else if (line.name() == "change") {
    entry.changes.push_back({text(1), {}});
  } else if (line.name() == "field" && !entry.changes.empty()) {
    entry.changes.back().fields.emplace_back(text(1), text(2));
  }
}

}  // namespace

std::string write_history_entry(const HistoryEntry& entry) {
  std::string text;
  for (const Member& member : kMembers) {
    if (const std::string value = member.write(entry); !value.empty()) {
      append_saved_line(text, {member.name, cut_utf8(value, kMostText)});
    }
  }
  write_lists(entry, text);
  return text;
}

std::optional<HistoryEntry> read_history_entry(std::string_view text) {
  const auto lines = read_saved_lines(text, {.bytes = kMostBytes, .lines = kMostLines});
  if (!lines || lines->empty() || lines->front().name() != kMembers.front().name) {
    return std::nullopt;
  }
  HistoryEntry entry;
  HistoryStates states;
  for (const SavedLine& line : *lines) {
    const auto* const member = std::ranges::find(kMembers, line.name(), &Member::name);
    if (member != kMembers.end() && !member->read(line, entry)) {
      return std::nullopt;
    }
    read_list_line(line, entry, states);
  }
  if (!states.empty()) {
    entry.states = std::make_shared<const HistoryStates>(std::move(states));
  }
  return entry;
}

}  // namespace sfb::status
