// What was pushed: on disk when it is said so, found at the next start, gone when it is forgotten,
// and no reason to give up history.
#include "agent/store/store.hpp"
#include "tests/unit/store/folder.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sfb::store {
namespace {

using namespace testing;

const PushedName kStatus{"a.x", "backup_service_status", ""};
const PushedName kCms{"a.x", "backup_service_status", "CMS"};

Pushed pushed(std::string body, WallTime date = kStart) {
  return {.date = date,
          .seen = date + std::chrono::seconds(2),
          .body = std::make_shared<const std::string>(std::move(body))};
}

Options slow_options(const Folder& folder) {
  return {.folder = folder.path().string(),
          .write_answer = {},
          .on_facts = {},
          .batch = std::chrono::hours(1),
          .retry = 10ms};
}

/// Whether it was committed, as the store says.
bool keep(Store& store, const PushedName& name, Pushed what) {
  auto committed = std::make_shared<std::promise<bool>>();
  store.keep_pushed(name, std::move(what), [committed](bool kept) { committed->set_value(kept); });
  return committed->get_future().get();
}

class Lines final : public LogSink {
 public:
  void write(LogLevel /*level*/, std::string_view /*source*/, std::string_view event,
             std::span<const LogField> fields) override {
    lines.emplace_back(event);
    for (const LogField& field : fields) {
      lines.back() += " " + std::string(field.key) + "=" + std::string(field.value);
    }
  }
  std::vector<std::string> lines;
};

const Clock& clock_of_system() {
  static const SystemClock kClock;
  return kClock;
}

TEST(StorePushed, ItIsOnDiskWhenItIsSaidSo) {
  const Folder folder;
  const std::string body("\xFF\xFE<\0O\0", 6);
  Store store(slow_options(folder), clock_of_system(), {});
  EXPECT_TRUE(store.take_pushed().empty());
  EXPECT_TRUE(keep(store, kStatus, pushed("older", kStart - std::chrono::hours(1))));
  EXPECT_TRUE(keep(store, kStatus, pushed(body)));
  EXPECT_TRUE(keep(store, kCms, pushed("of CMS")));
  // As another process sees it, while this one lives.
  const Found what = found(folder);
  ASSERT_EQ(what.pushed.size(), 2U);
  EXPECT_EQ(what.pushed[0].first, kStatus);
  EXPECT_EQ(*what.pushed[0].second.body, body);
  EXPECT_EQ(what.pushed[0].second.date, kStart);
  EXPECT_EQ(what.pushed[0].second.seen, kStart + std::chrono::seconds(2));
  EXPECT_EQ(what.pushed[1].first, kCms);
}

TEST(StorePushed, ItIsFoundAtTheNextStartUntilItIsForgotten) {
  const Folder folder;
  {
    Store store(slow_options(folder), clock_of_system(), {});
    EXPECT_TRUE(keep(store, kStatus, pushed("status")));
    EXPECT_TRUE(keep(store, kCms, pushed("of CMS")));
  }
  {
    Store store(slow_options(folder), clock_of_system(), {});
    EXPECT_EQ(store.take_pushed().size(), 2U);
    EXPECT_TRUE(store.take_pushed().empty()) << "once";
    store.forget_pushed(kCms);
  }
  Store store(slow_options(folder), clock_of_system(), {});
  const auto rest = store.take_pushed();
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].first, kStatus);
}

TEST(StorePushed, WhatCannotBeKeptIsSaidToBeSo) {
  const Folder folder;
  Store first(slow_options(folder), clock_of_system(), {});
  Store second(slow_options(folder), clock_of_system(), {});
  EXPECT_FALSE(keep(second, kStatus, pushed("no folder of its own")));
  EXPECT_TRUE(keep(first, kStatus, pushed("status")));
  EXPECT_TRUE(first.close());
}

TEST(StorePushed, WhatIsTooLargeIsToldOnceAndTakesTheOlderOneAlong) {
  const Folder folder;
  const auto log = std::make_shared<Lines>();
  Store store(slow_options(folder), clock_of_system(), Logger(log, LogLevel::warn, "state"));
  EXPECT_TRUE(keep(store, kStatus, pushed("status")));
  const Pushed large = pushed(std::string(kMostPushed + 1, 'x'));
  EXPECT_FALSE(keep(store, kStatus, large));
  EXPECT_FALSE(keep(store, kStatus, large));
  ASSERT_EQ(log->lines.size(), 1U);
  EXPECT_NE(log->lines[0].find("code=push.too_large_to_keep pool=a.x"), std::string::npos)
      << log->lines[0];
  EXPECT_TRUE(keep(store, kStatus, pushed("small again")));
  EXPECT_FALSE(keep(store, kStatus, large));
  EXPECT_EQ(log->lines.size(), 2U);
  EXPECT_TRUE(store.close());
  EXPECT_TRUE(found(folder).pushed.empty()) << "the older one must not come back in its place";
}

TEST(StorePushed, ADiskThatHangsHasABoundedNumberOfWaiters) {
  const Folder folder;
  Store store(slow_options(folder), clock_of_system(), {});
  std::promise<void> hangs;
  std::promise<void> goes_on;
  store.keep_pushed(kStatus, pushed("first"), [&](bool) {
    hangs.set_value();
    goes_on.get_future().wait();  // on the store's thread
  });
  hangs.get_future().wait();
  std::vector<int> told(Store::kMostWaiting + 2, -1);
  std::promise<void> last;
  for (std::size_t i = 0; i < told.size() - 1; ++i) {
    store.keep_pushed(kStatus, pushed("more"), [&told, i](bool kept) { told[i] = kept ? 1 : 0; });
  }
  store.session_made({.url = "u", .shell = "s", .configuration = {}, .session = {}},
                     [&last] { last.set_value(); });
  EXPECT_EQ(told[0], 0) << "the oldest hears at once that it is not on disk";
  EXPECT_EQ(told[1], 0);
  EXPECT_EQ(told[2], -1);
  goes_on.set_value();
  last.get_future().wait();
  EXPECT_TRUE(store.close());
  EXPECT_EQ(told[2], 1);
  EXPECT_EQ(told[told.size() - 2], 1);
}

TEST(StorePushed, AFullDiskIsToldToTheOneThatWaits) {
  const Folder folder;
  Store store(slow_options(folder), clock_of_system(), {});
  ASSERT_TRUE(keep(store, kStatus, pushed("first")));
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const ::rlimit small{200'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_FALSE(keep(store, kStatus, pushed(std::string(2'000'000, 'x'))));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  bool kept = false;  // not while it waits for its next try
  for (int tries = 0; tries < 6000 && !kept; ++tries) {
    kept = keep(store, kCms, pushed("small"));
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(kept);
  EXPECT_TRUE(store.close());
  EXPECT_EQ(found(folder).pushed.size(), 2U) << "what could not be written is written later";
}

TEST(StorePushed, ItCostsNoHistory) {
  const Folder folder;
  Database database(open_database(folder.path(), kStart).value(), folder.path(), {});
  Batch batch;
  for (std::uint64_t id = 1; id <= 50; ++id) {
    batch.keep(pool(), entry(id, kStart));
  }
  batch.keep(pool(), kept("memory"));
  batch.pushed.emplace(kStatus, pushed(std::string(4'000'000, 'x')));
  ASSERT_TRUE(database.write(batch));
  ASSERT_TRUE(database.trim({.size = 1'000'000}, kStart));
  EXPECT_EQ(found(folder).pools.at(pool()).history.size(), 50U);
}

}  // namespace
}  // namespace sfb::store
