// Back-off: nobody asks a server that refused us, and everybody hears why.
#include "tests/unit/engine/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using namespace sfb::engine::testing;  // NOLINT: the rig

TEST(CoreBackoff, ScheduleAndQueriesLeaveTheServerAlone) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish(failure(Reason::auth));
  EXPECT_EQ(rig.pool()->backoff_until, rig.clock.now().wall + 1min);
  EXPECT_EQ(rig.log->count(
                "warn back-off endpoint=one pool=a.x reason=auth code=test.failure duration=1m"),
            1U);

  rig.pass(20s);
  for (const auto& question : {Rig::scheduled(), Rig::category("CMS")}) {
    const auto heard = rig.ask(question);
    EXPECT_EQ(heard->code(), "engine.backoff");
    EXPECT_EQ(heard->refusal().error.reason, Reason::throttled);
    EXPECT_EQ(heard->refusal().retry_after, 40s);
  }
  EXPECT_EQ(rig.ask(Rig::scheduled())->refusal().last_known->error->reason, Reason::auth);
  EXPECT_EQ(rig.ask(Rig::category("CMS"))->refusal().last_known, nullptr);
  EXPECT_EQ(rig.launched, 1U);

  rig.pass(40s);
  EXPECT_EQ(rig.pool()->backoff_until, std::nullopt) << "only during back-off";
  rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.launched, 2U);
}

TEST(CoreBackoff, MaxAgeIsStillServed) {
  Rig rig;
  rig.first_run();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish(failure(Reason::forbidden));
  EXPECT_TRUE(rig.ask(Rig::scheduled(), {.max_age = 1h})->answered());
  EXPECT_EQ(rig.ask(Rig::scheduled(), {.max_age = 1s})->code(), "engine.backoff");
}

TEST(CoreBackoff, StepsGrowAndASuccessEndsThem) {
  Rig rig;
  rig.core.start();
  std::vector<std::chrono::minutes> steps;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(rig.pass_until_launch(30min));
    rig.finish(failure(Reason::throttled));
    steps.push_back(std::chrono::duration_cast<std::chrono::minutes>(*rig.pool()->backoff_until -
                                                                     rig.clock.now().wall));
  }
  EXPECT_THAT(steps, ::testing::ElementsAre(1min, 2min, 5min, 10min, 10min));
  EXPECT_EQ(rig.pool()->overruns, 0U) << "skipped moments are no overruns";
  ASSERT_TRUE(rig.pass_until_launch(30min));
  rig.finish_good();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish(failure(Reason::auth));
  EXPECT_EQ(rig.pool()->backoff_until, rig.clock.now().wall + 1min);
}

TEST(CoreBackoff, WhatWaitsIsRefusedWhenItBegins) {
  Rig rig;
  rig.core.start();
  const auto running = rig.ask(Rig::category("CMS"));
  const auto waiting = rig.ask(Rig::category("RGS"));
  rig.pass(15s);  // the scheduled run waits too
  rig.finish(failure(Reason::auth));
  EXPECT_TRUE(running->answered()) << "its own run failed: that is its answer";
  EXPECT_EQ(waiting->code(), "engine.backoff");
  EXPECT_EQ(waiting->calls, 1);
  EXPECT_EQ(rig.launched, 1U);
  rig.pass(5min);
  EXPECT_EQ(rig.launched, 2U) << "the schedule goes on afterwards";
}

TEST(CoreBackoff, OtherEndpointsAndOtherReasonsAreNotConcerned) {
  Rig rig;
  rig.add_endpoint("two");
  rig.add_pool("b.x", "two");
  rig.configure();
  rig.ask(Rig::scheduled("a.x"));
  rig.finish(failure(Reason::auth));
  rig.ask(Rig::scheduled("b.x"));
  EXPECT_EQ(rig.launched, 2U);
  rig.finish(failure(Reason::connect));
  EXPECT_EQ(rig.pool(1)->backoff_until, std::nullopt);
  rig.pass(11s);
  rig.ask(Rig::scheduled("b.x"));
  EXPECT_EQ(rig.launched, 3U);
}

TEST(CoreBackoff, DoesNotApplyToFiles) {
  Rig rig;
  rig.transports["one"]->backoff = false;
  rig.ask(Rig::scheduled());
  rig.finish(failure(Reason::forbidden));
  EXPECT_EQ(rig.pool()->backoff_until, std::nullopt);
  rig.pass(11s);
  rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.launched, 2U);
}

TEST(CoreBackoff, AReloadEndsIt) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish(failure(Reason::auth));
  rig.configure();
  EXPECT_EQ(rig.pool()->backoff_until, std::nullopt);
  EXPECT_EQ(rig.pool()->evaluations, 1U) << "the knowledge stays";
  rig.pass(10s);
  EXPECT_EQ(rig.launched, 2U) << "and the pool is tried again soon";
}

}  // namespace
}  // namespace sfb::engine
