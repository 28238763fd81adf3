#include "agent/store/opening.hpp"

#include "tests/unit/store/folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sfb::store {
namespace {

using namespace testing;

std::string code(const Result<Opened>& opened) {
  return opened ? "opened" : opened.error().code;
}

TEST(Opening, ANewFileIsOursAlone) {
  const Folder folder;
  const Opened opened = open_database(folder.path(), kStart).value();
  EXPECT_TRUE(opened.writable);
  EXPECT_TRUE(opened.set_aside.empty());
  for (const char* const name : {"state.db", "state.db-wal"}) {
    struct stat info{};
    ASSERT_EQ(::stat((folder.path() / name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600U) << name;
  }
  EXPECT_EQ(opened.database->execAndGet("PRAGMA user_version").getInt(), kVersion);
  EXPECT_EQ(opened.database->execAndGet("PRAGMA journal_mode").getString(), "wal");
}

TEST(Opening, AnOlderFileBecomesNewAndKeepsWhatItHolds) {
  const Folder folder;
  {
    SQLite::Database old(folder.file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    old.exec(kSteps.at(0));
    old.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = 1", kApplication));
    old.exec("INSERT INTO pool VALUES ('a.x', 'backup_service_status', 's', 'k', 'm', 'a')");
    old.exec(
        "INSERT INTO history (pool, collector, time, entry) VALUES ('a.x', "
        "'backup_service_status', 5, 'id\t41\n')");
  }
  const Found what = found(folder);
  ASSERT_TRUE(what.pools.contains(pool()));
  EXPECT_EQ(what.pools.at(pool()).memory, "m");
  ASSERT_EQ(what.pools.at(pool()).history.size(), 1U);
  EXPECT_EQ(what.pools.at(pool()).history[0].id, 41U);
  EXPECT_TRUE(what.sessions.empty());
  EXPECT_TRUE(what.pushed.empty());
  EXPECT_TRUE(what.groups.empty());
  const Opened opened = open_database(folder.path(), kStart).value();
  EXPECT_EQ(opened.database->execAndGet("PRAGMA user_version").getInt(), kVersion);
}

// As each version left it.
TEST(Opening, EveryOlderVersionBecomesNew) {
  for (int version = 1; version < kVersion; ++version) {
    const Folder folder;
    {
      SQLite::Database old(folder.file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
      for (int step = 0; step < version; ++step) {
        old.exec(kSteps.at(static_cast<std::size_t>(step)));
      }
      old.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication,
                           version));
      old.exec("INSERT INTO pool VALUES ('a.x', 'backup_service_status', 's', 'k', 'm', 'a')");
      if (version >= 3) {
        old.exec("INSERT INTO pushed VALUES ('a.x', 'backup_service_status', '', 1, 2, 'body')");
      }
    }
    {
      Database database = open(folder);
      Batch batch;
      batch.groups = {{"Ops", "gc1", "S-1-5-21-1", kStart}};
      ASSERT_TRUE(database.write(batch)) << version;
    }
    const Found what = found(folder);
    EXPECT_TRUE(what.pools.contains(pool())) << version;
    EXPECT_EQ(what.pushed.size(), version >= 3 ? 1U : 0U);
    EXPECT_EQ(what.groups.size(), 1U);
  }
}

TEST(Opening, ANewerFileIsLeftUntouched) {
  const Folder folder;
  {
    SQLite::Database newer(folder.file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    newer.exec(
        fmt::format("CREATE TABLE pool (a); PRAGMA application_id = {}; PRAGMA user_version = {}",
                    kApplication, kVersion + 1));
  }
  const std::string before = folder.read();
  EXPECT_EQ(code(open_database(folder.path(), kStart)), "state.newer");
  EXPECT_EQ(folder.read(), before);
  EXPECT_EQ(folder.count("broken"), 0U);
}

TEST(Opening, AnotherProgramsDatabaseIsLeftUntouched) {
  const Folder folder;
  {
    SQLite::Database foreign(folder.file().string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    foreign.exec("CREATE TABLE bookmarks (a)");
  }
  const std::string before = folder.read();
  EXPECT_EQ(code(open_database(folder.path(), kStart)), "state.foreign");
  EXPECT_EQ(folder.read(), before);
}

TEST(Opening, ABrokenFileIsSetAsideAndANewOneBegins) {
  const Folder folder;
  folder.write("this is no database, whatever else it may be");
  const Opened opened = open_database(folder.path(), kStart).value();
  EXPECT_TRUE(opened.set_aside.ends_with("/state.db.broken-20231114T221320Z")) << opened.set_aside;
  EXPECT_TRUE(std::filesystem::exists(opened.set_aside));
  EXPECT_TRUE(opened.writable);
}

TEST(Opening, DamageInTheMiddleIsFound) {
  const Folder folder;
  {
    Database database = open(folder);
    Batch batch;
    for (int i = 0; i < 200; ++i) {
      batch.keep(pool(fmt::format("p{}.x", i)), kept(std::string(3000, 'm')));
    }
    ASSERT_TRUE(database.write(batch));
  }
  std::string bytes = folder.read();
  ASSERT_GT(bytes.size(), 100'000U);
  bytes.replace(20'000, 60'000, 60'000, '\x5A');
  folder.write(bytes);
  const Opened opened = open_database(folder.path(), kStart).value();
  EXPECT_FALSE(opened.set_aside.empty());
}

// As an operator does after a crash: the killed agent's log still lies there.
void put_back_beside_a_log(int later, std::size_t bytes) {
  const Folder folder;
  const std::filesystem::path backup = folder.path() / "backup.db";
  const std::filesystem::path log = folder.file().string() + "-wal";
  {
    Database database = open(folder);
    Batch batch;
    for (int i = 0; i < 50; ++i) {
      batch.keep(pool(fmt::format("p{}.x", i)), kept(std::string(3000, 'm')));
    }
    ASSERT_TRUE(database.write(batch));
    SQLite::Database other(folder.file().string(), SQLite::OPEN_READWRITE);
    other.exec("DELETE FROM pool WHERE pool < 'p3'");  // the backup has other pages than the file
    other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    other.exec(fmt::format("VACUUM INTO '{}'", backup.string()));
    for (int i = 0; i < later; ++i) {
      batch.keep(pool(fmt::format("q{}.x", i)), kept(std::string(bytes, 'n')));
    }
    ASSERT_TRUE(database.write(batch));
    std::filesystem::copy_file(log, folder.path() / "log");  // what a kill leaves
  }
  std::filesystem::rename(backup, folder.file());
  std::filesystem::rename(folder.path() / "log", log);
  Opened opened = open_database(folder.path(), kStart).value();
  EXPECT_TRUE(opened.writable);
  EXPECT_TRUE(opened.set_aside.ends_with("/state.db.broken-20231114T221320Z-wal"))
      << opened.set_aside;
  Database database(std::move(opened), folder.path(), {});
  EXPECT_EQ(database.load().value().pools.size(), 27U) << "the backup's";
}

TEST(Opening, ABackupIsPutBackBesideTheLogOfAKilledAgent) {
  put_back_beside_a_log(50, 2000);
}

// So long that SQLite writes it into the file at the next commit.
TEST(Opening, ABackupIsPutBackBesideALongLog) {
  put_back_beside_a_log(50, 100'000);
}

TEST(Opening, AFileThatCannotBeReadIsNamedWithItsRemedy) {
  const Folder folder;
  {
    const Database database = open(folder);
  }
  ASSERT_EQ(::chmod(folder.file().c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  const Unprivileged nobody;
  const Result<Opened> opened = open_database(folder.path(), kStart);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, "state.unreadable");
  EXPECT_TRUE(opened.error().remedy.contains("restart the agent")) << opened.error().remedy;
}

TEST(Opening, OnlyTheNewestBrokenFilesStay) {
  const Folder folder;
  for (int i = 0; i < 6; ++i) {
    folder.write("broken");
    ASSERT_TRUE(open_database(folder.path(), kStart + i * 1s));
  }
  std::size_t files = 0;
  for (const auto& each : std::filesystem::directory_iterator(folder.path())) {
    const std::string name = each.path().filename().string();
    files += name.contains(".broken-") && !name.ends_with("-wal") && !name.ends_with("-shm");
  }
  EXPECT_EQ(files, kKeptBroken);
  EXPECT_TRUE(std::filesystem::exists(folder.file().string() + ".broken-20231114T221325Z"));
}

TEST(Opening, AFolderThatCannotBeWrittenGivesWhatItHolds) {
  const Folder folder;
  {
    Database database = open(folder);
    Batch batch;
    batch.keep(pool(), kept("memory"));
    ASSERT_TRUE(database.write(batch));
  }
  ASSERT_EQ(::chmod(folder.file().c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0555), 0);
  const Unprivileged nobody;
  Result<Opened> opened = open_database(folder.path(), kStart);
  ASSERT_TRUE(opened.has_value()) << describe(opened.error());
  EXPECT_FALSE(opened->writable);
  EXPECT_EQ(opened->why.code, "state.read_only");
  Database database(std::move(*opened), folder.path(), {});
  EXPECT_EQ(database.load().value().pools.at(pool()).memory, "memory");
}

TEST(Opening, OneAgentAtATime) {
  const Folder folder;
  const auto first = lock_folder(folder.path());
  ASSERT_TRUE(first.has_value());
  const auto second = lock_folder(folder.path());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, "state.locked");
}

TEST(Opening, TheFolderIsMadeWhereOnlyItIsMissing) {
  const Folder folder;
  EXPECT_TRUE(lock_folder(folder.path() / "new").has_value());
  struct stat info{};
  ASSERT_EQ(::stat((folder.path() / "new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  EXPECT_EQ(lock_folder(folder.path() / "no" / "where").error().code, "state.folder");
}

TEST(Opening, AFolderOfOthersIsRefused) {
  const Folder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  EXPECT_EQ(lock_folder(folder.path()).error().code, "state.folder");
  folder.write("x");
  EXPECT_EQ(lock_folder(folder.file()).error().code, "state.folder");
}

}  // namespace
}  // namespace sfb::store
