#include "agent/store/batch.hpp"

#include "tests/unit/store/folder.hpp"

#include <gtest/gtest.h>

namespace sfb::store {
namespace {

using namespace testing;

TEST(Batch, TheNewestOfAPoolStays) {
  Batch batch;
  batch.keep(pool(), kept("1"));
  batch.keep(pool(), kept("2"));
  ASSERT_EQ(batch.pools.size(), 1U);
  EXPECT_EQ(batch.pools.at(pool()).memory, "2");
}

TEST(Batch, ForgettingTakesWhatWaits) {
  Batch batch;
  batch.keep(pool(), kept("1"));
  batch.keep(pool(), entry(1, kStart));
  batch.keep(pool("b.x"), entry(2, kStart));
  batch.forget(pool());
  EXPECT_TRUE(batch.pools.empty());
  ASSERT_EQ(batch.history.size(), 1U);
  EXPECT_EQ(batch.history.front().name, pool("b.x"));
  batch.keep(pool(), kept("3"));
  EXPECT_TRUE(batch.forgotten.contains(pool())) << "and what is on disk goes first";
}

TEST(Batch, WhatCouldNotBeWrittenGoesBeforeWhatCameMeanwhile) {
  Batch older;
  older.keep(pool(), kept("old"));
  older.keep(pool("gone.x"), kept("old"));
  older.keep(pool("b.x"), kept("b"));
  older.keep(pool(), entry(1, kStart));
  older.keep(pool("gone.x"), entry(2, kStart));
  older.sessions[{"u", "1"}] = Session{"u", "1", "c", "id", kStart};
  older.sessions[{"u", "2"}] = Session{"u", "2", "c", "id", kStart};
  older.groups = {{"Old", "gc1", "S-1-5-21-1", kStart}};
  Batch late;
  EXPECT_TRUE(late.empty());
  late.groups.emplace();
  EXPECT_FALSE(late.empty()) << "that there are none is news";
  late.put_before(older);
  EXPECT_TRUE(late.groups->empty());
  Batch batch;
  batch.keep(pool(), kept("new"));
  batch.forget(pool("gone.x"));
  batch.keep(pool(), entry(3, kStart));
  batch.sessions[{"u", "1"}] = std::nullopt;
  batch.put_before(std::move(older));
  EXPECT_EQ(batch.pools.at(pool()).memory, "new");
  EXPECT_EQ(batch.pools.at(pool("b.x")).memory, "b");
  EXPECT_FALSE(batch.pools.contains(pool("gone.x")));
  ASSERT_EQ(batch.history.size(), 2U);
  EXPECT_EQ(batch.history.front().entry.id, 1U);
  EXPECT_EQ(batch.history.back().entry.id, 3U);
  EXPECT_EQ((batch.sessions.at({"u", "1"})), std::nullopt);
  EXPECT_TRUE((batch.sessions.at({"u", "2"})).has_value());
  EXPECT_EQ(batch.groups->size(), 1U);
}

TEST(Batch, TheQueueIsBoundedAndCountsItsLosses) {
  Batch batch;
  for (std::uint64_t id = 1; id <= Batch::kMostLines + 3; ++id) {
    batch.keep(pool(), entry(id, kStart));
  }
  EXPECT_EQ(batch.history.size(), Batch::kMostLines);
  EXPECT_EQ(batch.history.front().entry.id, 4U);
  EXPECT_EQ(batch.lost, 3U);
}

}  // namespace
}  // namespace sfb::store
