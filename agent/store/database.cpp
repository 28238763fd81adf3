#include "agent/store/database.hpp"

#include "agent/status/history_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

namespace sfb::store {

namespace {

// Lines that go at once where the file is too large.
constexpr int kFewestToGo = 500;
constexpr int kMostRounds = 200;

template <typename Work>
auto guarded(std::string_view what, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& exception) {
    return std::unexpected(explain(exception, fmt::format("the state cannot be {}", what)));
  }
}

// Which lines go first where the file is too large: good answers (rings 0 and 2) that a start would
// not read, then failures that it would not read.
constexpr const char* kSurplus =
    "SELECT n FROM (SELECT n, ring, row_number() OVER (PARTITION BY pool, collector, ring ORDER BY "
    "n DESC) AS place FROM history) WHERE place > ?1 ORDER BY ring IN (0, 2) DESC, n";
// And what goes if that is not enough.
constexpr const char* kOldest = "SELECT n FROM history WHERE ?1 = ?1 ORDER BY n";

std::int64_t micros(WallTime time) {
  return time.time_since_epoch().count();
}

}  // namespace

Database::Database(Opened opened, std::filesystem::path folder, WriteAnswer write_answer)
    : database_(std::move(opened.database)),
      folder_(std::move(folder)),
      write_answer_(std::move(write_answer)) {}

Result<Found> Database::load() {
  return guarded("read", [&]() -> Result<Found> {
    Found found;
    SQLite::Statement pools(*database_,
                            "SELECT pool, collector, source, knowledge, memory, answer FROM pool");
    while (pools.executeStep()) {
      found.pools.emplace(
          status::KeptName{pools.getColumn(0).getString(), pools.getColumn(1).getString()},
          status::FoundPool{.source = pools.getColumn(2).getString(),
                            .knowledge = pools.getColumn(3).getString(),
                            .memory = pools.getColumn(4).getString(),
                            .answer = pools.getColumn(5).getString(),
                            .history = {}});
    }
    SQLite::Statement lines(*database_,
                            "SELECT entry FROM history WHERE pool = ? AND collector = ? AND ring = "
                            "? ORDER BY n DESC LIMIT ?");
    for (auto& [name, pool] : found.pools) {
      read_history(lines, name, pool, found);
    }
    SQLite::Statement sessions(*database_,
                               "SELECT url, shell, configuration, session, since FROM session");
    while (sessions.executeStep()) {
      found.sessions.push_back({.url = sessions.getColumn(0).getString(),
                                .shell = sessions.getColumn(1).getString(),
                                .configuration = sessions.getColumn(2).getString(),
                                .session = sessions.getColumn(3).getString(),
                                .since = WallTime(Micros(sessions.getColumn(4).getInt64()))});
    }
    SQLite::Statement pushed(*database_,
                             "SELECT pool, collector, category, date, seen, body FROM pushed");
    while (pushed.executeStep()) {
      const auto text = [&](int column) { return pushed.getColumn(column).getString(); };
      const auto time = [&](int column) {
        return WallTime(Micros(pushed.getColumn(column).getInt64()));
      };
      found.pushed.emplace_back(PushedName{text(0), text(1), text(2)},
                                Pushed{.date = time(3),
                                       .seen = time(4),
                                       .body = std::make_shared<const std::string>(text(5))});
    }
    SQLite::Statement groups(*database_, "SELECT name, source, sid, seen FROM group_sid LIMIT ?");
    groups.bind(1, static_cast<std::int64_t>(kMostGroups));
    while (groups.executeStep()) {
      found.groups.push_back({.name = groups.getColumn(0).getString(),
                              .source = groups.getColumn(1).getString(),
                              .sid = groups.getColumn(2).getString(),
                              .seen = WallTime(Micros(groups.getColumn(3).getInt64()))});
    }
    return found;
  });
}

void Database::read_history(SQLite::Statement& lines, const status::KeptName& name,
                            status::FoundPool& pool, Found& found) {
  for (std::size_t ring = 0; ring < status::kHistoryRings; ++ring) {
    lines.bind(1, name.pool);
    lines.bind(2, name.collector);
    lines.bind(3, static_cast<int>(ring));
    lines.bind(4, static_cast<int>(status::kHistoryLimit));
    while (lines.executeStep()) {
      if (auto entry = status::read_history_entry(lines.getColumn(0).getString())) {
        entry->ring = static_cast<status::HistoryRing>(ring);
        found.last_id = std::max(found.last_id, entry->id);
        pool.history.push_back(std::move(*entry));
      } else {
        ++found.unreadable;
      }
    }
    lines.reset();
  }
}

Status Database::write(const Batch& batch) {
  Status written = guarded("written", [&]() -> Status {
    SQLite::Transaction transaction(*database_);
    for (const status::KeptName& name : batch.forgotten) {
      answers_.erase(name);
      for (const char* const table : {"pool", "history"}) {
        SQLite::Statement gone(
            *database_, fmt::format("DELETE FROM {} WHERE pool = ? AND collector = ?", table));
        gone.bind(1, name.pool);
        gone.bind(2, name.collector);
        gone.exec();
      }
    }
    for (const auto& [name, pool] : batch.pools) {
      write_pool(name, pool);
    }
    SQLite::Statement line(
        *database_,
        "INSERT INTO history (pool, collector, time, ring, entry) VALUES (?, ?, ?, ?, ?)");
    for (const Batch::Line& each : batch.history) {
      line.bind(1, each.name.pool);
      line.bind(2, each.name.collector);
      line.bind(3, micros(each.entry.time));
      line.bind(4, static_cast<int>(each.entry.ring));
      line.bind(5, status::write_history_entry(each.entry));
      line.exec();
      line.reset();
    }
    for (const auto& [name, session] : batch.sessions) {
      SQLite::Statement change(*database_,
                               session ? "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?, ?)"
                                       : "DELETE FROM session WHERE url = ? AND shell = ?");
      change.bind(1, name.first);
      change.bind(2, name.second);
      if (session) {
        change.bind(3, session->configuration);
        change.bind(4, session->session);
        change.bind(5, micros(session->since));
      }
      change.exec();
    }
    write_pushed(*database_, batch);
    write_groups(*database_, batch);
    transaction.commit();
    return {};
  });
  if (!written) {
    answers_.clear();  // which of them were written is not known any more
  }
  return written;
}

void Database::write_pool(const status::KeptName& name, const status::KeptPool& pool) {
  const std::uint64_t id = pool.good ? pool.good->id : 0;
  const auto known = answers_.find(name);
  // One that was brought back stands there already; its objects may be gone from memory.
  if ((known != answers_.end() && known->second == id) || (pool.good && pool.good->restored)) {
    SQLite::Statement update(*database_,
                             "UPDATE pool SET source = ?, knowledge = ?, memory = ? WHERE pool = ? "
                             "AND collector = ?");
    update.bind(1, pool.source);
    update.bind(2, pool.knowledge);
    update.bind(3, pool.memory);
    update.bind(4, name.pool);
    update.bind(5, name.collector);
    if (update.exec() == 1) {
      return;
    }
  }
  std::string answer;
  if (pool.good && write_answer_) {
    answer = write_answer_(*pool.good).value_or(std::string());
  }
  SQLite::Statement insert(*database_, "INSERT OR REPLACE INTO pool VALUES (?, ?, ?, ?, ?, ?)");
  insert.bind(1, name.pool);
  insert.bind(2, name.collector);
  insert.bind(3, pool.source);
  insert.bind(4, pool.knowledge);
  insert.bind(5, pool.memory);
  insert.bind(6, answer);
  insert.exec();
  answers_.insert_or_assign(name, id);
}

void Database::write_pushed(SQLite::Database& database, const Batch& batch) {
  for (const auto& [name, pushed] : batch.pushed) {
    SQLite::Statement change(
        database, pushed ? "INSERT OR REPLACE INTO pushed VALUES (?, ?, ?, ?, ?, ?)"
                         : "DELETE FROM pushed WHERE pool = ? AND collector = ? AND category = ?");
    change.bind(1, name.pool);
    change.bind(2, name.collector);
    change.bind(3, name.category);
    if (pushed) {
      change.bind(4, micros(pushed->date));
      change.bind(5, micros(pushed->seen));
      change.bindNoCopy(6, static_cast<const void*>(pushed->body->data()),
                        static_cast<int>(pushed->body->size()));
    }
    change.exec();
  }
}

void Database::write_groups(SQLite::Database& database, const Batch& batch) {
  if (!batch.groups) {
    return;
  }
  database.exec("DELETE FROM group_sid");
  SQLite::Statement line(database, "INSERT OR REPLACE INTO group_sid VALUES (?, ?, ?, ?)");
  const std::size_t count = std::min(batch.groups->size(), kMostGroups);
  for (const RememberedGroup& group : std::span(*batch.groups).first(count)) {
    line.bind(1, group.name);
    line.bind(2, group.source);
    line.bind(3, group.sid);
    line.bind(4, micros(group.seen));
    line.exec();
    line.reset();
  }
}

// What was pushed makes no room and takes none: it is bounded by the pools.
std::uint64_t Database::used_bytes() {
  const auto number = [&](const char* query) {
    return static_cast<std::uint64_t>(database_->execAndGet(query).getInt64());
  };
  const std::uint64_t all =
      (number("PRAGMA page_count") - number("PRAGMA freelist_count")) * number("PRAGMA page_size");
  const std::uint64_t pushed = number("SELECT coalesce(sum(length(body)), 0) FROM pushed");
  return all - std::min(all, pushed);
}

int Database::remove_lines(const char* which) {
  SQLite::Statement gone(*database_,
                         fmt::format("DELETE FROM history WHERE n IN ({} LIMIT max(?2, (SELECT "
                                     "count(*) / 20 FROM history)))",
                                     which));
  gone.bind(1, static_cast<int>(status::kHistoryLimit));
  gone.bind(2, kFewestToGo);
  return gone.exec();
}

Status Database::trim(const Retention& retention, WallTime now,
                      const std::set<status::KeptName>& left) {
  return guarded("trimmed", [&]() -> Status {
    SQLite::Statement old(*database_, "DELETE FROM history WHERE time < ?");
    old.bind(1, micros(now - std::chrono::duration_cast<Micros>(retention.age)));
    old.exec();
    for (int round = 0; round < kMostRounds && used_bytes() > retention.size; ++round) {
      if (remove_lines(kSurplus) == 0 && remove_lines(kOldest) == 0) {
        break;  // what pools and answers take is no history
      }
    }
    SQLite::Statement gone(*database_,
                           "DELETE FROM pool WHERE pool = ?1 AND collector = ?2 AND NOT EXISTS "
                           "(SELECT 1 FROM history WHERE pool = ?1 AND collector = ?2)");
    for (const status::KeptName& name : left) {
      gone.bind(1, name.pool);
      gone.bind(2, name.collector);
      gone.exec();
      gone.reset();
    }
    if (database_->execAndGet("PRAGMA freelist_count").getInt64() > 0) {
      database_->exec("PRAGMA incremental_vacuum(2000)");
    }
    return {};
  });
}

std::uint64_t Database::size() const {
  std::uint64_t bytes = 0;
  for (const char* const part : {"", "-wal"}) {
    std::error_code failure;
    const auto size = std::filesystem::file_size((folder_ / kFileName).string() + part, failure);
    bytes += failure ? 0 : size;
  }
  return bytes;
}

}  // namespace sfb::store
