// Queues and limits: per endpoint, for all, for waiting callers.
#include "tests/unit/engine/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using namespace sfb::engine::testing;  // NOLINT: the rig

TEST(CoreLimits, OneEndpointsFaultDoesNotDelayAnother) {
  Rig rig;
  rig.add_endpoint("two");
  rig.add_pool("b.x", "two");
  rig.configure();
  rig.core.start();
  rig.pass(10s);
  ASSERT_EQ(rig.open.size(), 2U);
  for (int i = 0; i < 10; ++i) {
    rig.finish_good();
    rig.pass(1ms);
    // a.x hangs for ever; only b.x is ever finished.
    if (rig.is_running("b.x")) {
      rig.finish(reply(rig.clock.now()), "b.x");
    }
    rig.pass(2min);
  }
  EXPECT_GE(rig.pool(1)->evaluations, 9U);
  EXPECT_EQ(rig.pool(1)->overruns, 0U);
}

TEST(CoreLimits, AnEndpointRunsAtMostItsLimit) {
  Rig rig;
  rig.transports["one"]->backoff = false;  // no trial first
  rig.options.endpoints[0].max_concurrent = 3;
  for (const char* name : {"b.x", "c.x", "d.x", "e.x"}) {
    rig.add_pool(name, "one");
  }
  rig.configure();
  rig.core.start();
  rig.pass(11s);
  EXPECT_EQ(rig.open.size(), 3U);
  rig.finish_good();
  EXPECT_EQ(rig.open.size(), 3U);
  EXPECT_EQ(rig.launched, 4U);
  rig.options.endpoints[0].max_concurrent = 5;
  rig.configure();
  EXPECT_EQ(rig.open.size(), 4U) << "a reload may raise the limit";
}

TEST(CoreLimits, QueriesGoBeforeTheSchedule) {
  Rig rig;
  rig.add_pool("b.x", "one");
  rig.configure();
  rig.ask(Rig::category("CMS"));
  rig.core.start();
  rig.pass(11s);  // both scheduled runs wait
  ASSERT_EQ(rig.open.size(), 1U);
  const auto joined = rig.ask(Rig::scheduled("b.x"));
  rig.ask(Rig::category("RGS"));
  rig.finish_good();
  EXPECT_TRUE(rig.is_running("b.x")) << "a caller joined it: it is a query now";
  rig.finish_good();
  EXPECT_TRUE(joined->answered());
  EXPECT_EQ(rig.open.begin()->second.ask.call.parameter("Category"), "RGS");
  rig.finish_good();
  EXPECT_TRUE(rig.is_running("a.x"));
}

TEST(CoreLimits, AllEvaluationsTogetherAreLimitedAndEndpointsTakeTurns) {
  Rig rig;
  rig.options.endpoints.clear();
  rig.options.pools.clear();
  rig.options.max_concurrent_evaluations = 2;
  for (const char* endpoint : {"one", "two", "three"}) {
    rig.add_endpoint(endpoint, 10);
    for (const char* pool : {"a.", "b.", "c."}) {
      rig.add_pool(std::string(pool) + endpoint, endpoint);
    }
  }
  rig.configure();
  rig.core.start();
  rig.pass(11s);
  for (int i = 0; i < 9; ++i) {
    EXPECT_LE(rig.open.size(), 2U);
    EXPECT_EQ(rig.core.running(), rig.open.size());
    rig.finish_good();
  }
  EXPECT_EQ(rig.launched, 9U);
  EXPECT_TRUE(rig.core.first_cycle_done());
}

TEST(CoreLimits, WaitingCallersAreLimited) {
  Rig rig;
  rig.options.max_waiting_queries = 2;
  rig.configure();
  const auto first = rig.ask(Rig::scheduled());
  rig.ask(Rig::scheduled());
  const auto third = rig.ask(Rig::scheduled());
  EXPECT_EQ(third->code(), "engine.too_many_waiting");
  EXPECT_EQ(third->refusal().error.reason, Reason::throttled);
  EXPECT_TRUE(third->refusal().retry_after.has_value());
  rig.finish_good();
  EXPECT_TRUE(first->answered());
  rig.clock.advance(11s);
  EXPECT_EQ(rig.ask(Rig::scheduled())->calls, 0) << "there is room again";
}

TEST(CoreLimits, AnAbandonedRunCostsItsEndpointOnly) {
  Rig rig;
  rig.options.max_concurrent_evaluations = 1;
  rig.add_endpoint("two");
  rig.add_pool("b.x", "two");
  rig.configure();
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  const std::string hanging(rig.open.begin()->second.ask.call.parameter("PoolFqdn"));
  rig.pass(70s);
  EXPECT_EQ(rig.launched, 2U);
  EXPECT_TRUE(rig.is_running(hanging == "a.x" ? "b.x" : "a.x"));
}

}  // namespace
}  // namespace sfb::engine
