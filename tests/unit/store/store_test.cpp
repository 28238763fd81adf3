#include "agent/store/store.hpp"

#include "tests/unit/store/folder.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <condition_variable>
#include <csignal>
#include <fstream>
#include <future>
#include <mutex>
#include <string>
#include <vector>

namespace sfb::store {
namespace {

using namespace testing;

/// What the store told last, from its thread.
class Told {
 public:
  void operator()(const Facts& facts) {
    const std::lock_guard lock(mutex_);
    facts_ = facts;
    changed_.notify_all();
  }
  template <typename Wanted>
  Facts wait(Wanted wanted) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 60s, [&] { return wanted(facts_); }));
    return facts_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Facts facts_;
};

const Clock& system_clock() {
  static const SystemClock kClock;
  return kClock;
}

Options options(const Folder& folder, Told& told) {
  return {.folder = folder.path().string(),
          .write_answer = {},
          .on_facts = [&](const Facts& facts) { told(facts); },
          .batch = 1ms,
          .retry = 10ms};
}

TEST(Store, GroupsAreFoundAtTheNextStart) {
  const Folder folder;
  Told told;
  const std::vector<RememberedGroup> groups = {{"Ops", "gc1", "S-1-5-21-1", kStart}};
  {
    Store store(options(folder, told), system_clock(), {});
    EXPECT_TRUE(store.take_groups().empty());
    store.keep_groups({});
    store.keep_groups(groups);
  }
  Store store(options(folder, told), system_clock(), {});
  EXPECT_EQ(store.take_groups(), groups);
  EXPECT_TRUE(store.take_groups().empty()) << "once";
}

TEST(Store, WhatIsKeptIsFoundAtTheNextStart) {
  const Folder folder;
  Told told;
  {
    Store store(options(folder, told), system_clock(), {});
    EXPECT_TRUE(store.found().empty());
    store.keep(pool(), kept("memory"));
    store.keep(pool(), entry(9, system_clock().now().wall));
    store.keep(pool("b.x"), kept("b"));
  }
  Store store(options(folder, told), system_clock(), {});
  EXPECT_EQ(store.last_id(), 9U);
  ASSERT_EQ(store.found().size(), 2U);
  const auto recalled = store.recall(pool());
  ASSERT_TRUE(recalled.has_value());
  EXPECT_EQ(recalled->memory, "memory");
  EXPECT_FALSE(store.recall(pool()).has_value()) << "once";
  store.forget(pool("b.x"));
  EXPECT_TRUE(store.found().empty());
}

TEST(Store, WhatLeavesStaysOnDiskAndComesBackOnce) {
  const Folder folder;
  Told told;
  {
    Store store(options(folder, told), system_clock(), {});
    store.keep(pool(), kept("memory"));
    store.keep(pool(), entry(9, system_clock().now().wall));
    store.leave(pool(),
                {.source = "s1", .knowledge = "k", .memory = "left", .answer = {}, .history = {}});
    EXPECT_EQ(store.recall(pool())->memory, "left");
    EXPECT_FALSE(store.recall(pool()).has_value()) << "once";
    store.leave(pool(),
                {.source = "s1", .knowledge = "k", .memory = "left", .answer = {}, .history = {}});
  }
  EXPECT_EQ(found(folder).pools.at(pool()).memory, "memory");
  EXPECT_EQ(found(folder).pools.at(pool()).history.size(), 1U);
}

TEST(Store, WhatLeavesGoesWhenTheRetentionEndsAndNothingElseDoes) {
  const Folder folder;
  Told told;
  {
    Store store(options(folder, told), system_clock(), {});
    store.keep(pool(), kept("left"));
    store.keep(pool("asked.x"), kept("asked"));
    store.keep(pool("young.x"), kept("young"));
    store.keep(pool("young.x"), entry(8, system_clock().now().wall));
    store.keep(pool(), entry(9, system_clock().now().wall - std::chrono::hours(31 * 24)));
  }
  {
    Store store(options(folder, told), system_clock(), {});
    for (const char* const name : {"a.x", "young.x"}) {
      auto left = store.recall(pool(name));
      store.leave(pool(name), std::move(*left));
    }
    store.keep(pool("asked.x"), kept("asked"));  // a write, and with it the first trim
  }
  const Found rest = found(folder);
  EXPECT_FALSE(rest.pools.contains(pool()));
  EXPECT_TRUE(rest.pools.contains(pool("young.x")));
  EXPECT_TRUE(rest.pools.contains(pool("asked.x"))) << "it has no history, and is asked";
}

TEST(Store, AChangeIsOnDiskWithoutAnEnd) {
  const Folder folder;
  Told told;
  Store store(options(folder, told), system_clock(), {});
  store.keep(pool(), kept("memory"));
  const Facts facts = told.wait([](const Facts& each) { return each.last_write.has_value(); });
  EXPECT_TRUE(facts.writable);
  EXPECT_GT(facts.bytes, 0U);
  EXPECT_EQ(facts.errors, 0U);
  // As another process sees it.
  EXPECT_EQ(found(folder).pools.at(pool()).memory, "memory");
}

TEST(Store, ASessionIsOnDiskWhenItIsSaidSo) {
  const Folder folder;
  Told told;
  Options slow = options(folder, told);
  slow.batch = std::chrono::hours(1);
  {
    Store store(std::move(slow), system_clock(), {});
    std::promise<void> committed;
    store.session_made({"http://u", "S-1", "c", "id", kStart}, [&] { committed.set_value(); });
    committed.get_future().get();
    EXPECT_EQ(found(folder).sessions.size(), 1U);
    store.session_gone("http://u", "S-1");
  }
  EXPECT_TRUE(found(folder).sessions.empty());
}

TEST(Store, ASecondAgentHasNoState) {
  const Folder folder;
  Told told;
  Store first(options(folder, told), system_clock(), {});
  Told second_told;
  Store second(options(folder, second_told), system_clock(), {});
  EXPECT_EQ(second_told.wait([](const Facts& each) { return each.errors > 0; }).writable, false);
  bool committed = false;
  second.session_made({"http://u", "S-1", "c", "id", kStart}, [&] { committed = true; });
  EXPECT_TRUE(committed) << "nobody waits for what is not kept";
  second.keep(pool(), kept("of the second"));
  EXPECT_TRUE(second.close());
  first.keep(pool(), kept("of the first"));
  EXPECT_TRUE(first.close());
  EXPECT_EQ(found(folder).pools.at(pool()).memory, "of the first");
}

TEST(Store, AFileThatBreaksMeanwhileIsSetAside) {
  const Folder folder;
  Told told;
  Store store(options(folder, told), system_clock(), {});
  store.keep(pool(), kept("memory"));
  told.wait([](const Facts& each) { return each.last_write.has_value(); });
  {
    SQLite::Database other(folder.file().string(), SQLite::OPEN_READWRITE, 1000);
    other.exec("PRAGMA writable_schema = ON");
    other.exec("UPDATE sqlite_master SET rootpage = 9999 WHERE name = 'pool'");
    other.exec("PRAGMA schema_version = 77");
  }
  store.keep(pool(), kept("again"));
  const Facts facts =
      told.wait([](const Facts& each) { return each.set_aside > 0 && each.writable; });
  EXPECT_EQ(facts.set_aside, 1U);
  ASSERT_TRUE(store.close());
  EXPECT_EQ(found(folder).pools.at(pool()).memory, "again");
}

TEST(Store, AFullDiskIsToldAndWorkedAround) {
  const Folder folder;
  Told told;
  Store store(options(folder, told), system_clock(), {});
  store.keep(pool(), kept("first"));
  told.wait([](const Facts& each) { return each.last_write.has_value(); });
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const ::rlimit small{200'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  store.keep(pool(), kept(std::string(2'000'000, 'x')));
  const Facts full = told.wait([](const Facts& each) { return each.errors > 0; });
  EXPECT_FALSE(full.writable);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  told.wait([](const Facts& each) { return each.writable; });
  ASSERT_TRUE(store.close());
  EXPECT_EQ(found(folder).pools.at(pool()).memory.size(), 2'000'000U) << "room again: written";
}

TEST(Store, AFolderThatCannotBeUsedIsNoEnd) {
  Told told;
  const Folder folder;
  Options nowhere = options(folder, told);
  nowhere.folder = (folder.path() / "no" / "where").string();
  Store store(std::move(nowhere), system_clock(), {});
  EXPECT_FALSE(told.wait([](const Facts& each) { return each.errors == 1; }).writable);
  store.keep(pool(), kept("memory"));
  EXPECT_TRUE(store.close());
}

}  // namespace
}  // namespace sfb::store
