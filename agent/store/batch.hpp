// What waits to be written: the newest of each thing, so that it stays bounded however long the
// disk takes. Pure.
#pragma once

#include "agent/base/time.hpp"
#include "agent/status/keeper.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

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

/// What an export that was pushed answers. An empty category: all.
struct PushedName {
  std::string pool;
  std::string collector;
  std::string category;

  auto operator<=>(const PushedName&) const = default;
};

/// An export that was pushed.
struct Pushed {
  WallTime date{};                          ///< of its content
  WallTime seen{};                          ///< when that date came here first
  std::shared_ptr<const std::string> body;  ///< never null
};

/// What a directory said of a group.
struct RememberedGroup {
  std::string name;    ///< as it is configured
  std::string source;  ///< which directory, asked as whom
  std::string sid;
  WallTime seen{};  ///< when it said so last

  bool operator==(const RememberedGroup&) const = default;
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
  std::map<PushedName, std::optional<Pushed>> pushed;      ///< empty: it is gone
  std::optional<std::vector<RememberedGroup>> groups;      ///< all of them, each name once
  std::uint64_t lost = 0;                                  ///< lines that found no room

  bool empty() const {
    return forgotten.empty() && pools.empty() && history.empty() && sessions.empty() &&
           pushed.empty() && !groups;
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
