// A line of the history as text, for the state. Pure.
#pragma once

#include "agent/status/history.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sfb::status {

/// Texts are cut to what an entry may hold. The ring is not in it.
std::string write_history_entry(const HistoryEntry& entry);

/// Absent where it is not what `write_history_entry` gives. Members that are not in it stay as
/// they are in a new entry; lines of a newer build are left out. Never throws.
std::optional<HistoryEntry> read_history_entry(std::string_view text);

}  // namespace sfb::status
