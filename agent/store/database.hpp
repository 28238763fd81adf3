// The rows of the state: read once at the start, then written batch by batch, and trimmed by age
// and size. Knows SQL; no threads.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/status/keeper.hpp"
#include "agent/store/batch.hpp"
#include "agent/store/opening.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sfb::store {

/// What the last process left.
struct Found {
  std::map<status::KeptName, status::FoundPool> pools;
  std::vector<Session> sessions;
  std::vector<std::pair<PushedName, Pushed>> pushed;
  std::vector<RememberedGroup> groups;
  std::uint64_t last_id = 0;
  std::size_t unreadable = 0;  ///< lines of the history that are damaged: left out
};

/// How much stays.
struct Retention {
  std::chrono::milliseconds age{std::chrono::hours(30 * 24)};  ///< of the history
  /// Of the file without what was pushed: the history makes room, oldest first.
  std::uint64_t size = 64ULL << 20U;
};

/// No pushed export that is larger is kept: one value of a row must hold it.
inline constexpr std::size_t kMostPushed = 32UL << 20U;

/// No further groups are kept.
inline constexpr std::size_t kMostGroups = 1000;

/// The objects of an answer as text, for the state; an answer without is not brought back.
using WriteAnswer = std::function<Result<std::string>(const status::Evaluation&)>;

/// Thread rule: one thread.
class Database {
 public:
  Database(Opened opened, std::filesystem::path folder, WriteAnswer write_answer);

  /// Errors as open_database.
  Result<Found> load();
  /// All of it or nothing. Errors as open_database, and `state.busy`.
  Status write(const Batch& batch);
  /// Takes away what is too old, then the oldest of what is too much: answers that were good
  /// first, so that failures stay longer. Of the pools that are not asked, `left`, what is known
  /// goes with the last line of their history.
  Status trim(const Retention& retention, WallTime now,
              const std::set<status::KeptName>& left = {});
  /// Bytes of the file and its log on disk.
  std::uint64_t size() const;

 private:
  void write_pool(const status::KeptName& name, const status::KeptPool& pool);
  static void read_history(SQLite::Statement& lines, const status::KeptName& name,
                           status::FoundPool& pool, Found& found);
  static void write_pushed(SQLite::Database& database, const Batch& batch);
  static void write_groups(SQLite::Database& database, const Batch& batch);
  std::uint64_t used_bytes();
  int remove_lines(const char* which);

  std::unique_ptr<SQLite::Database> database_;
  std::filesystem::path folder_;
  WriteAnswer write_answer_;
  std::map<status::KeptName, std::uint64_t> answers_;  ///< Evaluation::id of those written
};

}  // namespace sfb::store
