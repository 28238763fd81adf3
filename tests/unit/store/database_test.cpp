#include "agent/store/database.hpp"

#include "agent/status/history_text.hpp"
#include "tests/unit/store/folder.hpp"

#include <gtest/gtest.h>

namespace sfb::store {
namespace {

using namespace testing;
using status::HistoryRing;

TEST(Database, WhatWasWrittenIsFound) {
  const Folder folder;
  {
    Database database = open(folder);
    Batch batch;
    batch.keep(pool(), kept("memory", 7));
    batch.keep(pool(), entry(1, kStart));
    batch.keep(pool(), entry(2, kStart, HistoryRing::failed));
    batch.sessions[{"http://u", "S-1"}] = Session{"http://u", "S-1", "c", "id", kStart};
    ASSERT_TRUE(database.write(batch));
  }
  const Found what = found(folder);
  ASSERT_EQ(what.pools.size(), 1U);
  const status::FoundPool& one = what.pools.at(pool());
  EXPECT_EQ(one.source, "s1");
  EXPECT_EQ(one.knowledge, "k");
  EXPECT_EQ(one.memory, "memory");
  EXPECT_EQ(one.answer, "answer 7");
  ASSERT_EQ(one.history.size(), 2U);
  EXPECT_EQ(what.last_id, 2U);
  EXPECT_EQ(what.sessions, (std::vector<Session>{Session{"http://u", "S-1", "c", "id", kStart}}));
}

TEST(Database, AnAnswerIsWrittenOnceAndStays) {
  const Folder folder;
  int written = 0;
  {
    Database database(open_database(folder.path(), kStart).value(), folder.path(),
                      [&](const status::Evaluation&) -> Result<std::string> {
                        ++written;
                        return "answer";
                      });
    for (const char* const memory : {"1", "2", "3"}) {
      Batch batch;
      batch.keep(pool(), kept(memory, 7));
      ASSERT_TRUE(database.write(batch));
    }
    Batch again;
    again.forget(pool());
    again.keep(pool(), kept("4", 7));
    ASSERT_TRUE(database.write(again));
  }
  EXPECT_EQ(written, 2) << "once, and again after it was forgotten";
  EXPECT_EQ(found(folder).pools.at(pool()).memory, "4");
  EXPECT_EQ(found(folder).pools.at(pool()).answer, "answer");
}

TEST(Database, AnAnswerThatWasBroughtBackStays) {
  const Folder folder;
  {
    Database database = open(folder);
    Batch batch;
    batch.keep(pool(), kept("1", 7));
    ASSERT_TRUE(database.write(batch));
  }
  // The next process may have no objects of it in memory.
  Database database(open_database(folder.path(), kStart).value(), folder.path(),
                    [](const status::Evaluation&) -> Result<std::string> {
                      return fail(Reason::throttled, "test.none", "no objects");
                    });
  status::KeptPool again = kept("2", 7);
  auto restored = std::make_shared<status::Evaluation>(*again.good);
  restored->restored = true;
  again.good = restored;
  Batch batch;
  batch.keep(pool(), again);
  ASSERT_TRUE(database.write(batch));
  EXPECT_EQ(database.load().value().pools.at(pool()).memory, "2");
  EXPECT_EQ(database.load().value().pools.at(pool()).answer, "answer 7");
}

TEST(Database, WhatIsForgottenGoesWithItsHistory) {
  const Folder folder;
  Database database = open(folder);
  Batch batch;
  batch.keep(pool(), kept("a"));
  batch.keep(pool(), entry(1, kStart));
  batch.keep(pool("b.x"), kept("b"));
  batch.keep(pool("b.x"), entry(2, kStart));
  batch.sessions[{"u", "1"}] = Session{"u", "1", "c", "id", kStart};
  ASSERT_TRUE(database.write(batch));
  Batch gone;
  gone.forget(pool());
  gone.sessions[{"u", "1"}] = std::nullopt;
  ASSERT_TRUE(database.write(gone));
  const Found what = database.load().value();
  ASSERT_EQ(what.pools.size(), 1U);
  EXPECT_EQ(what.pools.at(pool("b.x")).history.size(), 1U);
  EXPECT_TRUE(what.sessions.empty());
}

TEST(Database, GroupsAreReplacedAsAWholeAndBounded) {
  const Folder folder;
  Database database = open(folder);
  const RememberedGroup admins{"RTCUniversalServerAdmins", "gc1", "S-1-5-21-1", kStart};
  const RememberedGroup odd{"\xC3\xA4 ' \"", "gc2", "S-1-5-21-2", kStart + 1h};
  Batch first;
  first.groups = {admins, odd};
  ASSERT_TRUE(database.write(first));
  EXPECT_EQ(database.load().value().groups, (std::vector{admins, odd}));
  Batch other;
  other.keep(pool(), kept("a"));
  ASSERT_TRUE(database.write(other));
  EXPECT_EQ(database.load().value().groups.size(), 2U) << "nothing was said of groups";
  Batch second;
  second.groups = {odd};
  ASSERT_TRUE(database.write(second));
  EXPECT_EQ(database.load().value().groups, std::vector{odd});
  Batch many;
  many.groups.emplace();
  for (std::size_t i = 0; i < kMostGroups + 5; ++i) {
    many.groups->push_back({fmt::format("g{}", i), "gc1", "S-1-5-21-1", kStart});
  }
  ASSERT_TRUE(database.write(many));
  EXPECT_EQ(database.load().value().groups.size(), kMostGroups);
  Batch none;
  none.groups.emplace();
  ASSERT_TRUE(database.write(none));
  EXPECT_TRUE(database.load().value().groups.empty());
}

TEST(Database, EachRingComesBackNewestFirstAndBounded) {
  const Folder folder;
  Database database = open(folder);
  Batch batch;
  batch.keep(pool(), kept("a"));
  batch.keep(pool(), entry(1, kStart, HistoryRing::failed));
  for (std::uint64_t id = 2; id < 102; ++id) {
    batch.keep(pool(), entry(id, kStart));
  }
  ASSERT_TRUE(database.write(batch));
  const auto history = database.load().value().pools.at(pool()).history;
  ASSERT_EQ(history.size(), status::kHistoryLimit + 1);
  EXPECT_EQ(history.front().id, 101U);
  EXPECT_EQ(history.back().ring, HistoryRing::failed);
}

TEST(Database, ADamagedLineIsLeftOutAndCounted) {
  const Folder folder;
  Database database = open(folder);
  Batch batch;
  batch.keep(pool(), kept("a"));
  batch.keep(pool(), entry(1, kStart));
  ASSERT_TRUE(database.write(batch));
  SQLite::Database(folder.file().string(), SQLite::OPEN_READWRITE)
      .exec(
          "INSERT INTO history (pool, collector, time, ring, entry) VALUES ('a.x', "
          "'backup_service_status', 0, 0, 'garbage')");
  const Found what = database.load().value();
  EXPECT_EQ(what.unreadable, 1U);
  EXPECT_EQ(what.pools.at(pool()).history.size(), 1U);
}

TEST(Database, TooOldGoes) {
  const Folder folder;
  Database database = open(folder);
  Batch batch;
  batch.keep(pool(), kept("a"));
  batch.keep(pool(), entry(1, kStart - 31 * 24h));
  batch.keep(pool(), entry(2, kStart));
  ASSERT_TRUE(database.write(batch));
  ASSERT_TRUE(database.trim({.age = std::chrono::hours(30 * 24)}, kStart));
  ASSERT_EQ(database.load().value().pools.at(pool()).history.size(), 1U);
}

TEST(Database, TooMuchGoesGoodAnswersFirst) {
  const Folder folder;
  Database database = open(folder);
  Batch batch;
  batch.keep(pool(), kept("a"));
  batch.keep(pool(), entry(1, kStart, HistoryRing::failed));
  for (std::uint64_t id = 2; id < 5000; ++id) {
    batch.keep(pool(), entry(id, kStart));
  }
  ASSERT_TRUE(database.write(batch));
  ASSERT_TRUE(database.trim({.size = 200'000}, kStart));
  const auto history = database.load().value().pools.at(pool()).history;
  EXPECT_EQ(history.back().id, 1U) << "the failure is the oldest, and stays";
  EXPECT_EQ(history.front().id, 4999U);
  EXPECT_LT(std::filesystem::file_size(folder.file()), 400'000U);
}

// A pool asked every five minutes for a year, half of it failing: neither the file nor what a start
// reads grows.
TEST(Database, AYearLeavesAFileThatDoesNotGrow) {
  const Folder folder;
  Database database = open(folder);
  const Retention retention{.age = std::chrono::hours(30 * 24), .size = 1ULL << 20U};
  WallTime now = kStart;
  std::uint64_t id = 0;
  std::uint64_t after_a_month = 0;
  for (int day = 0; day < 365; ++day) {
    Batch batch;
    for (int i = 0; i < 288; ++i) {
      now += 5min;
      batch.keep(pool(), entry(++id, now, day % 2 == 0 ? HistoryRing::good : HistoryRing::failed));
    }
    batch.keep(pool(), kept("memory", id));
    ASSERT_TRUE(database.write(batch));
    ASSERT_TRUE(database.trim(retention, now));
    if (day == 60) {
      after_a_month = database.size();
    }
  }
  EXPECT_LE(database.size(), after_a_month + (1ULL << 20U));
  EXPECT_LE(database.size(), retention.size + (5ULL << 20U)) << "with the log beside it";
  const Found what = database.load().value();
  EXPECT_EQ(what.last_id, id);
  EXPECT_EQ(what.pools.at(pool()).history.size(), 2 * status::kHistoryLimit);
}

TEST(Database, AFullDiskIsAnErrorAndWhatWasThereStays) {
  const Folder folder;
  Opened opened = open_database(folder.path(), kStart).value();
  SQLite::Database* const raw = opened.database.get();
  Database database(std::move(opened), folder.path(), {});
  Batch first;
  first.keep(pool(), kept("first"));
  ASSERT_TRUE(database.write(first));
  const int pages = raw->execAndGet("PRAGMA page_count").getInt();
  raw->exec(fmt::format("PRAGMA max_page_count = {}", pages));
  Batch large;
  large.keep(pool(), kept(std::string(1'000'000, 'x')));
  const Status full = database.write(large);
  ASSERT_FALSE(full.has_value());
  EXPECT_EQ(full.error().code, "state.full");
  EXPECT_EQ(database.load().value().pools.at(pool()).memory, "first");
  raw->exec("PRAGMA max_page_count = 1000000");
  EXPECT_TRUE(database.write(large)) << "room again";
}

}  // namespace
}  // namespace sfb::store
