#include "agent/access/rate_limit.hpp"

#include <gtest/gtest.h>

namespace sfb::access {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart{100s};

TEST(RateLimit, ABurstAndThenOneEachInterval) {
  RateLimit limit(1s, 2, kStart);
  EXPECT_TRUE(limit.take(kStart));
  EXPECT_TRUE(limit.take(kStart));
  EXPECT_FALSE(limit.take(kStart));
  EXPECT_EQ(limit.wait(kStart), 1s);
  EXPECT_FALSE(limit.take(kStart + 500ms));
  EXPECT_EQ(limit.wait(kStart + 500ms), 500ms);
  EXPECT_TRUE(limit.take(kStart + 1s));
  EXPECT_FALSE(limit.take(kStart + 1s));
}

TEST(RateLimit, NoMoreThanTheBurstIsSaved) {
  RateLimit limit(1ms, 3, kStart);
  for (const MonoTime now : {kStart, kStart + 24h}) {
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(limit.take(now));
    }
    EXPECT_FALSE(limit.take(now));
  }
}

TEST(RateLimit, ExtremesDoNotOverflow) {
  RateLimit limit(std::chrono::nanoseconds::max(), 1'000'000'000'000, kStart);
  EXPECT_TRUE(limit.take(kStart));
  RateLimit fast(1ns, 1, kStart);
  EXPECT_TRUE(fast.take(kStart));
  EXPECT_TRUE(fast.take(kStart + 1ns));
  EXPECT_FALSE(fast.take(kStart)) << "a clock that goes back gives nothing";
}

TEST(RateLimit, EqualValuesAreTheSameLimit) {
  const RateLimit limit(1s, 2, kStart);
  EXPECT_TRUE(limit.is_of(1s, 2));
  EXPECT_FALSE(limit.is_of(2s, 2));
  EXPECT_FALSE(limit.is_of(1s, 3));
}

}  // namespace
}  // namespace sfb::access
