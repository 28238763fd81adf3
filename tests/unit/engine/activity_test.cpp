// Every edge of the activity machine.
#include "agent/engine/activity.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sfb::engine {
namespace {

using namespace std::chrono_literals;
using Due = Activity::Due;
using Phase = Activity::Phase;

constexpr MonoTime kStart{1'000s};

class ActivityTest : public ::testing::Test {
 protected:
  // Moves to the next due moment and takes it.
  Due next() {
    now = std::max(now, activity.next_due().value());
    return activity.due(now);
  }
  void run() {
    activity.queued();
    activity.started();
  }

  MonoTime now = kStart;
  Activity activity{120s, 0.5};
};

TEST_F(ActivityTest, NothingBeforeTheSchedule) {
  EXPECT_EQ(activity.next_due(), std::nullopt);
  EXPECT_EQ(activity.due(now + 1h), Due::nothing);
  EXPECT_EQ(activity.phase(), Phase::idle);
  activity.nudge(now);
  EXPECT_EQ(activity.next_due(), std::nullopt) << "a change before the start waits for the start";
}

TEST_F(ActivityTest, FirstRunIsSoonThenTheGrid) {
  activity.schedule(now);
  EXPECT_EQ(activity.next_due(), kStart + 5s) << "half of min(interval, 10 s)";
  EXPECT_EQ(activity.due(kStart + 5s - 1ns), Due::nothing);
  EXPECT_EQ(next(), Due::start);
  run();
  activity.finished(now);
  EXPECT_EQ(activity.next_due(), kStart + 180s) << "not within half an interval of the first";
  EXPECT_EQ(next(), Due::start);
  activity.finished(now);
  EXPECT_EQ(activity.next_due(), kStart + 300s);
}

TEST_F(ActivityTest, TheFirstSlotIsNeverRightBehindTheFirstRun) {
  for (const double spread : {0.0, 0.001, 0.25, 0.5, 0.75, 0.999}) {
    for (const auto interval : {1s, 30s, 120s, 3600s}) {
      Activity each(interval, spread);
      each.schedule(kStart);
      const MonoTime first = each.next_due().value();
      EXPECT_GE(first, kStart);
      EXPECT_LE(first, kStart + std::min<std::chrono::seconds>(interval, 10s));
      EXPECT_EQ(each.due(first), Due::start);
      const MonoTime second = each.next_due().value();
      EXPECT_GT(second, first + interval / 2) << spread << " of " << interval.count();
      EXPECT_LE(second, first + interval * 3 / 2 + 1ns) << spread << " of " << interval.count();
    }
  }
}

TEST_F(ActivityTest, IdleQueuedRunningIdle) {
  activity.schedule(now);
  EXPECT_EQ(next(), Due::start);
  EXPECT_EQ(activity.phase(), Phase::idle);
  activity.queued();
  EXPECT_EQ(activity.phase(), Phase::queued);
  activity.started();
  EXPECT_EQ(activity.phase(), Phase::running);
  activity.finished(now);
  EXPECT_EQ(activity.phase(), Phase::idle);
}

TEST_F(ActivityTest, DueWhileQueuedOrRunningIsAnOverrun) {
  activity.schedule(now);
  EXPECT_EQ(next(), Due::start);
  activity.queued();
  EXPECT_EQ(next(), Due::adopt) << "the early first run serves the first slot too";
  EXPECT_EQ(next(), Due::overrun);
  activity.started();
  EXPECT_EQ(next(), Due::overrun);
  activity.finished(now);
  EXPECT_EQ(next(), Due::start);
  run();
  EXPECT_EQ(next(), Due::overrun) << "a run begun by a slot is an overrun at the next";
}

TEST_F(ActivityTest, AQuerysRunServesOneSlot) {
  activity.schedule(now);
  next();
  activity.finished(now);
  activity.queued();
  activity.started();
  EXPECT_EQ(next(), Due::adopt);
  EXPECT_EQ(next(), Due::overrun);
}

TEST_F(ActivityTest, MissedSlotsCountOnce) {
  activity.schedule(now);
  next();
  run();
  now += 10h;
  EXPECT_EQ(activity.due(now), Due::adopt);
  EXPECT_EQ(activity.due(now), Due::nothing);
  EXPECT_GT(activity.next_due(), now);
  EXPECT_LE(activity.next_due(), now + 120s);
}

TEST_F(ActivityTest, MomentsWhileTheServerIsLeftAloneAreSkippedNotCounted) {
  activity.schedule(now);
  next();
  run();
  activity.finished(now);
  for (int i = 0; i < 3; ++i) {
    now = activity.next_due().value();
    EXPECT_EQ(activity.due(now, true), Due::skipped);
    EXPECT_EQ(activity.phase(), Phase::idle);
  }
  EXPECT_EQ(next(), Due::start);
  activity.queued();
  now = activity.next_due().value();
  EXPECT_EQ(activity.due(now, true), Due::overrun) << "what waits or runs is not touched";
}

TEST_F(ActivityTest, ANudgeWhileTheServerIsLeftAloneIsForgotten) {
  activity.schedule(now);
  next();
  activity.finished(now);
  const auto slot = activity.next_due();
  now += 10s;
  activity.nudge(now);
  EXPECT_EQ(activity.due(now, true), Due::skipped);
  EXPECT_EQ(activity.next_due(), slot);
}

TEST_F(ActivityTest, NudgeStartsAtMostOncePerSecond) {
  activity.schedule(now);
  next();
  activity.finished(now);
  activity.nudge(now + 100ms);
  EXPECT_EQ(activity.next_due(), now + 1s) << "the first run was an early one";
  now += 10s;
  EXPECT_EQ(activity.due(now), Due::start);
  run();
  activity.finished(now);
  activity.nudge(now);
  activity.nudge(now);
  EXPECT_EQ(activity.next_due(), now + 1s);
  EXPECT_EQ(next(), Due::start);
  EXPECT_GT(activity.next_due(), now + 1s) << "two nudges, one run";
}

TEST_F(ActivityTest, NudgeWhileRunningRunsOnceMore) {
  activity.schedule(now);
  next();
  now += 30s;
  run();
  const auto slot = activity.next_due();
  activity.nudge(now);
  activity.nudge(now);
  EXPECT_EQ(activity.next_due(), slot);
  activity.finished(now);
  EXPECT_EQ(activity.next_due(), now);
  EXPECT_EQ(next(), Due::start);
  run();
  activity.finished(now);
  EXPECT_EQ(activity.next_due(), slot);
}

TEST_F(ActivityTest, NudgeWhileQueuedNeedsNothing) {
  activity.schedule(now);
  next();
  activity.queued();
  const auto slot = activity.next_due();
  activity.nudge(now);
  EXPECT_EQ(activity.next_due(), slot) << "the waiting run will read the new content";
  activity.started();
  activity.finished(now);
  EXPECT_EQ(activity.next_due(), slot);
}

TEST_F(ActivityTest, AnEarlyRunIsNoOverrunOfTheSlotBehindIt) {
  activity.schedule(now);
  next();
  activity.finished(now);
  now = activity.next_due().value() - 1ms;
  activity.nudge(now);
  EXPECT_EQ(next(), Due::start);
  activity.queued();
  activity.started();
  EXPECT_EQ(next(), Due::adopt);
}

TEST_F(ActivityTest, AnEarlyMomentWhileAQueryRunsIsMadeUpFor) {
  activity.schedule(now);
  next();
  activity.finished(now);
  activity.nudge(now);
  activity.queued();
  activity.started();
  EXPECT_EQ(next(), Due::adopt) << "the early moment";
  activity.finished(now);
  EXPECT_EQ(activity.next_due(), now + 1s) << "what ran may have read the old content";
}

TEST_F(ActivityTest, AnotherIntervalLaysTheGridAnew) {
  activity.schedule(now);
  next();
  activity.finished(now);
  now += 7s;
  activity.set_interval(60s, now);
  EXPECT_EQ(activity.next_due(), now + 30s);
  const auto before = activity.next_due();
  activity.set_interval(60s, now + 20s);
  EXPECT_EQ(activity.next_due(), before) << "the same interval moves nothing";
}

TEST_F(ActivityTest, DrainIsFinal) {
  activity.schedule(now);
  next();
  run();
  activity.nudge(now);
  activity.drain();
  EXPECT_EQ(activity.phase(), Phase::stopped);
  EXPECT_EQ(activity.next_due(), std::nullopt);
  activity.finished(now);
  activity.schedule(now);
  activity.nudge(now);
  activity.queued();
  EXPECT_EQ(activity.phase(), Phase::stopped);
  EXPECT_EQ(activity.next_due(), std::nullopt);
  EXPECT_EQ(activity.due(now + 1h), Due::nothing);
}

TEST(Spread, IsStableAndEven) {
  std::array<int, 10> tenths{};
  for (int i = 0; i < 1000; ++i) {
    const Fqdn pool = Fqdn::parse("pool" + std::to_string(i) + ".litwareinc.com").value();
    const double spread = spread_of(pool);
    ASSERT_GE(spread, 0.0);
    ASSERT_LT(spread, 1.0);
    EXPECT_EQ(spread, spread_of(pool));
    ++tenths[static_cast<std::size_t>(spread * 10)];
  }
  for (const int count : tenths) {
    EXPECT_GT(count, 60);
    EXPECT_LT(count, 140);
  }
}

}  // namespace
}  // namespace sfb::engine
