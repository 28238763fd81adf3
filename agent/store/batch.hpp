// What waits to be written: the newest of each thing, so that it stays bounded however long the
// disk takes. Pure.
#pragma once

#include "agent/base/time.hpp"
#include "agent/status/keeper.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace sfb::store {

/// A session that stands on a server and would outlive this process.
struct Session {
  std::string url;
  std::string shell;          ///< its ShellId
  std::string configuration;  ///< the session configuration that it is of
  std::string session;        ///< the SessionId of its requests
  WallTime since{};

  bool operator==(const Session&) const = default;
};

/// Thread rule: a value.
struct Batch {
  struct Line {
    status::KeptName name;
    status::HistoryEntry entry;
  };
  /// Lines of the history that wait at most; beyond, the oldest goes.
  static constexpr std::size_t kMostLines = 10'000;
  /// URL and shell.
  using SessionName = std::pair<std::string, std::string>;

  std::set<status::KeptName> forgotten;  ///< before the rest is written
  std::map<status::KeptName, status::KeptPool> pools;
  std::deque<Line> history;                                ///< oldest first
  std::map<SessionName, std::optional<Session>> sessions;  ///< empty: it is gone
  std::uint64_t lost = 0;                                  ///< lines that found no room

  bool empty() const {
    return forgotten.empty() && pools.empty() && history.empty() && sessions.empty();
  }
  void keep(const status::KeptName& name, status::KeptPool pool);
  void keep(const status::KeptName& name, const status::HistoryEntry& entry);
  void forget(const status::KeptName& name);
  /// What could not be written goes before what came meanwhile.
  void put_before(Batch older);

 private:
  void trim();
};

}  // namespace sfb::store
