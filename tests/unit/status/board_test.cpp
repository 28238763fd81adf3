// The histogram of durations, ages and names.
#include "agent/status/board.hpp"

#include "tests/unit/status/evaluations.hpp"

#include <gtest/gtest.h>

namespace sfb::status {
namespace {

using namespace sfb::status::testing;  // NOLINT: builders

TEST(Evaluation, NamesOfTriggersAndSources) {
  EXPECT_EQ(to_string(Trigger::schedule), "schedule");
  EXPECT_EQ(to_string(Trigger::query), "query");
  EXPECT_EQ(to_string(Trigger::probe), "probe");
  EXPECT_EQ(to_string(Source::live), "live");
  EXPECT_EQ(to_string(Source::joined), "joined");
  EXPECT_EQ(to_string(Source::cache), "cache");
}

TEST(DurationHistogram, BoundsAreInclusive) {
  DurationHistogram histogram;
  histogram.observe(10ms);
  histogram.observe(10ms + 1ns);
  histogram.observe(0ms);
  histogram.observe(120s);
  histogram.observe(121s);
  EXPECT_EQ(histogram.buckets.front(), 2U);
  EXPECT_EQ(histogram.buckets[1], 1U);
  EXPECT_EQ(histogram.buckets[kDurationBounds.size() - 1], 1U);
  EXPECT_EQ(histogram.buckets.back(), 1U);
  EXPECT_EQ(histogram.count, 5U);
  EXPECT_NEAR(histogram.sum, 241.02, 1e-6);
}

TEST(Evaluation, AgeIsNeverNegative) {
  const FakeClock clock;
  const auto evaluation = good(clock.now(), {}, "", 5s);
  EXPECT_EQ(evaluation->age(clock.now().mono), 5s);
  EXPECT_EQ(evaluation->age(clock.now().mono - 1h), 0s);
}

}  // namespace
}  // namespace sfb::status
