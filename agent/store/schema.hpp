// The tables of the state and how older ones become newer ones.
#pragma once

#include <array>
#include <cstdint>

namespace sfb::store {

/// `PRAGMA application_id` of our files: no other program's database is touched.
inline constexpr std::int32_t kApplication = 0x53464253;

/// Step N makes version N+1 of version N; a new file takes them all. A step that was released never
/// changes. Times are microseconds since 1970; texts are those of agent/base/saved_text.hpp.
inline constexpr std::array kSteps = {
    // Version 1.
    "CREATE TABLE pool ("
    " pool TEXT NOT NULL, collector TEXT NOT NULL, source TEXT NOT NULL,"
    " knowledge TEXT NOT NULL, memory TEXT NOT NULL, answer TEXT NOT NULL,"
    " PRIMARY KEY (pool, collector));"
    "CREATE TABLE history ("
    " n INTEGER PRIMARY KEY AUTOINCREMENT, pool TEXT NOT NULL, collector TEXT NOT NULL,"
    " time INTEGER NOT NULL, entry TEXT NOT NULL);",
    // Version 2: rings of the history, sessions that stand on servers.
    "ALTER TABLE history ADD COLUMN ring INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX history_of_pool ON history (pool, collector, ring, n);"
    "CREATE INDEX history_time ON history (time);"
    "CREATE TABLE session ("
    " url TEXT NOT NULL, shell TEXT NOT NULL, configuration TEXT NOT NULL,"
    " session TEXT NOT NULL, since INTEGER NOT NULL,"
    " PRIMARY KEY (url, shell));",
    // Version 3: exports that were pushed.
    "CREATE TABLE pushed ("
    " pool TEXT NOT NULL, collector TEXT NOT NULL, category TEXT NOT NULL,"
    " date INTEGER NOT NULL, seen INTEGER NOT NULL, body BLOB NOT NULL,"
    " PRIMARY KEY (pool, collector, category));",
    // Version 4: SIDs of groups.
    "CREATE TABLE group_sid ("
    " name TEXT NOT NULL PRIMARY KEY, source TEXT NOT NULL, sid TEXT NOT NULL,"
    " seen INTEGER NOT NULL);",
};

/// `PRAGMA user_version` of what this build writes.
inline constexpr int kVersion = static_cast<int>(kSteps.size());

}  // namespace sfb::store
