#include "agent/base/byte_budget.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sfb {
namespace {

MonoTime in(std::chrono::milliseconds delay) {
  return std::chrono::steady_clock::now() + delay;
}

TEST(ByteBudget, HoldsAndGivesBack) {
  ByteBudget budget(100);
  {
    const auto first = budget.acquire(60, in(std::chrono::seconds(1)));
    ASSERT_TRUE(first);
    EXPECT_FALSE(budget.acquire(60, in(std::chrono::milliseconds(1)))) << "only 40 are free";
    EXPECT_TRUE(budget.acquire(40, in(std::chrono::milliseconds(1))));
  }
  EXPECT_TRUE(budget.acquire(100, in(std::chrono::milliseconds(1)))) << "all came back";
}

TEST(ByteBudget, MoreThanAllCountsAsAll) {
  ByteBudget budget(10);
  EXPECT_TRUE(budget.acquire(1000, in(std::chrono::milliseconds(1))));
}

TEST(ByteBudget, AWaiterGetsWhatAnotherThreadGivesBack) {
  ByteBudget budget(10);
  auto hold = budget.acquire(10, in(std::chrono::seconds(1)));
  bool got = false;
  std::thread waiter([&] { got = budget.acquire(10, in(std::chrono::minutes(1))).has_value(); });
  hold.reset();
  waiter.join();
  EXPECT_TRUE(got);
}

TEST(ByteBudget, TryTakeNeverWaits) {
  ByteBudget budget(100);
  EXPECT_TRUE(budget.try_take(60));
  EXPECT_FALSE(budget.try_take(41));
  EXPECT_TRUE(budget.try_take(40));
  EXPECT_TRUE(budget.try_take(0));
  EXPECT_FALSE(budget.try_take(1));
  budget.give(60);
  EXPECT_TRUE(budget.try_take(60));
  EXPECT_FALSE(ByteBudget(10).try_take(11)) << "not the whole for more than the whole";
}

TEST(ByteBudget, AWaiterGetsWhatIsGiven) {
  ByteBudget budget(10);
  ASSERT_TRUE(budget.try_take(10));
  bool got = false;
  std::thread waiter([&] { got = budget.acquire(10, in(std::chrono::minutes(1))).has_value(); });
  budget.give(10);
  waiter.join();
  EXPECT_TRUE(got);
}

}  // namespace
}  // namespace sfb
