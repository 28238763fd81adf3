// Back-off is the endpoint's: its pools share the account that could be locked.
#include "tests/unit/engine/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace sfb::engine {
namespace {

using namespace sfb::engine::testing;  // NOLINT: the rig

/// A rig whose one endpoint serves `count` pools: p0.x, p1.x, ...
class SharedRig : public Rig {
 public:
  explicit SharedRig(std::size_t count, std::size_t max_concurrent = 1) {
    options.endpoints[0].max_concurrent = max_concurrent;
    options.pools.clear();
    for (std::size_t i = 0; i < count; ++i) {
      add_pool("p" + std::to_string(i) + ".x", "one");
    }
    configure();
  }
  /// Failures counted over all pools.
  std::uint64_t failures() {
    std::uint64_t sum = 0;
    for (const auto& pool : core.snapshot()->pools) {
      for (const std::uint64_t count : pool->failures) {
        sum += count;
      }
    }
    return sum;
  }
  /// Everything launched is refused by the server, one run after the other, for this long.
  void refuse_for(std::chrono::nanoseconds time) {
    const MonoTime end = clock.now().mono + time;
    while (clock.now().mono < end) {
      pass(100ms);
      while (!open.empty()) {
        finish(failure(Reason::auth));
      }
    }
  }
};

class CoreEndpointBackoff : public ::testing::TestWithParam<std::size_t> {};

TEST_P(CoreEndpointBackoff, AHundredPoolsWithAWrongPasswordCostOneLogonAStep) {
  SharedRig rig(100, GetParam());
  rig.core.start();
  rig.refuse_for(59s);
  EXPECT_EQ(rig.launched, 1U) << "the first start";
  EXPECT_EQ(rig.failures(), 1U) << "only the asking pool's failure is counted";
  for (const auto& pool : rig.core.snapshot()->pools) {
    EXPECT_TRUE(pool->backoff_until.has_value()) << pool->identity.fqdn.str();
    EXPECT_EQ(pool->overruns, 0U);
  }
  // The first start spreads over 10 s, so the first step ended less than 71 s after it.
  rig.refuse_for(1min + 30s);
  EXPECT_EQ(rig.launched, 2U) << "1 min";
  rig.refuse_for(2min);
  EXPECT_EQ(rig.launched, 3U) << "2 min";
  rig.refuse_for(1h);
  EXPECT_LE(rig.launched, 10U) << "5 min, then every 10 min";
  EXPECT_GE(rig.launched, 8U);
}

TEST_P(CoreEndpointBackoff, WhatWaitsBehindTheAttemptIsRefusedNotTried) {
  SharedRig rig(3, GetParam());
  const auto first = rig.ask(Rig::scheduled("p0.x"));
  const auto second = rig.ask(Rig::scheduled("p1.x"));
  const auto third = rig.ask(Rig::category("CMS", "p2.x"));
  EXPECT_EQ(rig.launched, 1U) << "nobody was let in yet: one goes first";
  rig.pass(1s);
  rig.finish(failure(Reason::auth));
  EXPECT_TRUE(first->answered());
  EXPECT_EQ(second->code(), "engine.backoff");
  EXPECT_EQ(second->refusal().retry_after, 60s);
  EXPECT_EQ(third->code(), "engine.backoff");
  EXPECT_EQ(rig.ask(Rig::scheduled("p2.x"))->code(), "engine.backoff");
  EXPECT_EQ(rig.launched, 1U);

  // The same again when the step is over: one attempt, and those behind it are refused.
  rig.pass(1min);
  rig.ask(Rig::scheduled("p1.x"));
  const auto behind = rig.ask(Rig::scheduled("p2.x"));
  EXPECT_EQ(rig.launched, 2U);
  rig.pass(1s);
  rig.finish(failure(Reason::auth));
  EXPECT_EQ(behind->refusal().retry_after, 120s);
  EXPECT_EQ(rig.launched, 2U);
}

TEST_P(CoreEndpointBackoff, AnAnswerEndsItForAll) {
  SharedRig rig(4, GetParam());
  rig.ask(Rig::scheduled("p0.x"));
  rig.finish(failure(Reason::throttled));
  EXPECT_TRUE(rig.pool(3)->backoff_until.has_value());
  rig.pass(1min);
  EXPECT_EQ(rig.pool(3)->backoff_until, std::nullopt) << "only during back-off";
  std::vector<std::shared_ptr<Heard>> callers;
  for (const char* pool : {"p0.x", "p1.x", "p2.x", "p3.x"}) {
    callers.push_back(rig.ask(Rig::scheduled(pool)));
  }
  EXPECT_EQ(rig.open.size(), 1U);
  rig.finish_good();
  EXPECT_EQ(rig.open.size(), std::min<std::size_t>(3, GetParam())) << "the others follow at once";
  while (!rig.open.empty()) {
    rig.finish_good();
  }
  for (const auto& caller : callers) {
    EXPECT_TRUE(caller->answered()) << caller->code();
  }
}

// Only the pool that was refused has a failure of its own; the others must not look as if nobody
// had thought of them.
TEST(CoreQuota, EveryPoolThatWaitsSaysSo) {
  SharedRig rig(5);
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  const std::string asked = rig.open.begin()->second.ask.pool.str();
  rig.finish(fail(Reason::throttled, "wsman.quota_shells", "too many shells are open",
                  "close some of them", "The maximum number is 5."));
  rig.pass(20s);
  for (const auto& pool : rig.core.snapshot()->pools) {
    const std::string name = pool->identity.fqdn.str();
    EXPECT_EQ(pool->backoff_reason, Reason::throttled) << name;
    const auto history = rig.core.history(pool->identity.fqdn).value();
    if (name == asked) {
      ASSERT_EQ(history.size(), 1U) << "its failure tells";
      EXPECT_FALSE(history[0].skipped);
      EXPECT_EQ(history[0].code, "wsman.quota_shells");
      continue;
    }
    ASSERT_EQ(history.size(), 1U) << name << ": once a pause";
    EXPECT_TRUE(history[0].skipped);
    EXPECT_FALSE(history[0].good);
    EXPECT_EQ(history[0].reason, "throttled");
    EXPECT_EQ(history[0].code, "engine.backoff");
    EXPECT_EQ(history[0].stage, "queue");
    for (const char* part :
         {"endpoint one waits ", " s for a quota of its server", asked.c_str(),
          "wsman.quota_shells", "too many shells are open", "The maximum number is 5."}) {
      EXPECT_THAT(history[0].message, ::testing::HasSubstr(part)) << name;
    }
    EXPECT_EQ(history[0].remedy, "close some of them; the agent asks again by itself");
  }
  const auto heard = rig.ask(Rig::category("CMS", "p1.x"));
  EXPECT_EQ(heard->code(), "engine.backoff");
  EXPECT_THAT(heard->refusal().error.message, ::testing::HasSubstr("for a quota of its server"));
  EXPECT_EQ(heard->refusal().error.peer, "The maximum number is 5.");
  for (int i = 0; i < 100 && rig.open.empty(); ++i) {
    rig.pass(1s);
  }
  ASSERT_FALSE(rig.open.empty()) << "after the pause one asks again";
  EXPECT_EQ(rig.pool()->backoff_reason, std::nullopt);
  rig.finish(failure(Reason::auth));
  EXPECT_EQ(rig.pool()->backoff_reason, Reason::auth);
}

// 429 comes from whoever stands in between too.
TEST(CoreQuota, AProxysLimitIsNotCalledTheServersQuota) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish(fail(Reason::throttled, "http.throttled", "HTTP 429", "ask less often"));
  const auto heard = rig.ask(Rig::scheduled());
  EXPECT_EQ(heard->code(), "engine.backoff");
  EXPECT_THAT(heard->refusal().error.message,
              ::testing::HasSubstr("for the limit of a web server or proxy, after throttled"));
}

TEST(CoreQuota, AServerIsLeftAloneAsLongAsItSays) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  Error limited{Reason::throttled, "http.throttled", "HTTP 429", {}, {}, Stage::query};
  limited.retry_after = 90s;
  rig.finish(std::unexpected(limited));
  EXPECT_EQ(rig.pool()->backoff_until, rig.clock.now().wall + 90s);
  EXPECT_EQ(rig.ask(Rig::scheduled())->refusal().retry_after, 90s);
}

TEST(CoreQuota, SoIsOneThatIsNotAvailable) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  Error away{Reason::protocol, "http.unavailable", "HTTP 503", {}, {}, Stage::query};
  rig.finish(std::unexpected(away));
  EXPECT_EQ(rig.pool()->backoff_until, std::nullopt) << "it does not say how long";
  ASSERT_TRUE(rig.pass_until_launch());
  away.retry_after = 15s;
  rig.finish(std::unexpected(away));
  EXPECT_EQ(rig.pool()->backoff_until, rig.clock.now().wall + 15s);
  EXPECT_EQ(rig.ask(Rig::scheduled())->code(), "engine.backoff");
  rig.pass(15s);
  EXPECT_EQ(rig.pool()->backoff_until, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Concurrent, CoreEndpointBackoff, ::testing::Values(1U, 4U));

TEST(CoreEndpointBackoffEdges, RunsBesideTheRefusedOneAreTheSameStep) {
  SharedRig rig(3, 3);
  rig.ask(Rig::scheduled("p0.x"));
  rig.finish_good();
  rig.pass(11s);
  for (const char* pool : {"p0.x", "p1.x", "p2.x"}) {
    rig.ask(Rig::scheduled(pool));
  }
  ASSERT_EQ(rig.open.size(), 3U) << "the server lets us in: no trial";
  rig.pass(1s);
  const WallTime until = rig.clock.now().wall + 1min;
  rig.finish(failure(Reason::auth), "p0.x");
  rig.pass(1s);
  rig.finish(failure(Reason::auth), "p1.x");
  EXPECT_EQ(rig.pool(1)->backoff_until, until);
  rig.finish(reply(rig.clock.now()), "p2.x");
  EXPECT_EQ(rig.pool(2)->backoff_until, until) << "it began before: it says nothing about now";
}

TEST(CoreEndpointBackoffEdges, AnotherFailureNeitherEndsNorProves) {
  SharedRig rig(2, 2);
  rig.ask(Rig::scheduled("p0.x"));
  rig.ask(Rig::scheduled("p1.x"));
  rig.finish(failure(Reason::connect));
  EXPECT_EQ(rig.launched, 2U) << "the next one tries";
  rig.ask(Rig::category("CMS", "p0.x"));
  EXPECT_EQ(rig.launched, 2U) << "and is still alone";
}

TEST(CoreEndpointBackoffEdges, APowerShellErrorProvesThatTheServerLetsUsIn) {
  SharedRig rig(3, 3);
  for (const char* pool : {"p0.x", "p1.x", "p2.x"}) {
    rig.ask(Rig::scheduled(pool));
  }
  ASSERT_EQ(rig.open.size(), 1U);
  PipelineResult answer;
  answer.state = PipelineState::failed;
  remote::Reply reply;
  reply.result = pack(answer);
  rig.finish(std::move(reply));
  EXPECT_EQ(rig.failures(), 1U);
  EXPECT_EQ(rig.open.size(), 2U);
}

TEST(CoreEndpointBackoffEdges, ACallerWhoHangsUpCannotTryAgainAndAgain) {
  Rig rig;
  std::stop_source gone;
  rig.ask(Rig::scheduled(), {}, gone.get_token());
  gone.request_stop();
  ASSERT_EQ(rig.cancelled.size(), 1U);
  rig.finish(failure(Reason::auth));
  EXPECT_EQ(rig.pool()->evaluations, 0U) << "a cancelled run is not counted";
  EXPECT_EQ(rig.ask(Rig::scheduled())->code(), "engine.backoff");
  EXPECT_EQ(rig.launched, 1U);
}

TEST(CoreEndpointBackoffEdges, ATrialThatNeverReturnsDoesNotEndTheTrying) {
  SharedRig rig(2, 2);
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.pass(63s);
  EXPECT_EQ(rig.launched, 2U) << "the guard gave the first one up";
  EXPECT_EQ(rig.core.running(), 1U);
}

TEST(CoreEndpointBackoffEdges, ReadinessDoesNotWaitForIt) {
  SharedRig rig(50);
  rig.core.start();
  rig.refuse_for(10s + 200ms);
  EXPECT_TRUE(rig.core.first_cycle_done());
}

TEST(CoreEndpointBackoffEdges, FilesKnowNoTrial) {
  SharedRig rig(3, 3);
  rig.transports["one"]->backoff = false;
  for (const char* pool : {"p0.x", "p1.x", "p2.x"}) {
    rig.ask(Rig::scheduled(pool));
  }
  EXPECT_EQ(rig.open.size(), 3U);
}

TEST(CoreEndpointBackoffEdges, ANewPasswordEndsItAndThePoolsAreDueSoon) {
  SharedRig rig(20);
  rig.core.start();
  rig.refuse_for(30s);
  ASSERT_EQ(rig.launched, 1U);
  rig.transports["one"]->new_credentials(1);
  EXPECT_EQ(rig.pool(5)->backoff_until, std::nullopt);
  EXPECT_EQ(rig.log->count("info credentials changed endpoint=one"), 1U);
  for (int i = 0; i < 100; ++i) {
    rig.pass(100ms + 1ns);
    while (!rig.open.empty()) {
      rig.finish_good();
    }
  }
  EXPECT_EQ(rig.launched, 21U) << "each within 10 s";
  EXPECT_EQ(rig.failures(), 1U);
}

TEST(CoreEndpointBackoffEdges, AnotherWrongPasswordBeginsAtTheFirstStep) {
  SharedRig rig(5);
  rig.core.start();
  rig.refuse_for(5min);
  rig.transports["one"]->new_credentials(2);
  rig.refuse_for(11s);
  rig.ask(Rig::scheduled("p0.x"));
  const auto heard = rig.ask(Rig::scheduled("p1.x"));
  EXPECT_EQ(heard->code(), "engine.backoff");
  EXPECT_LE(heard->refusal().retry_after, 60s);
}

TEST(CoreEndpointBackoffEdges, ANewPasswordWithoutBackoffHurriesOnlyThoseThatFail) {
  SharedRig rig(2);
  rig.core.start();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(rig.pass_until_launch());
    rig.is_running("p0.x") ? rig.finish(failure(Reason::process)) : rig.finish_good();
  }
  rig.pass(12s);
  ASSERT_EQ(rig.launched, 2U);
  rig.transports["one"]->new_credentials(3);
  rig.pass(10s);
  EXPECT_EQ(rig.launched, 3U);
  EXPECT_TRUE(rig.is_running("p0.x"));
}

TEST(CoreEndpointBackoffEdges, NewsOfAnOldTransportsCredentialsChangesNothing) {
  SharedRig rig(1);
  const auto old = rig.transports["one"];
  rig.transports["one"] = std::make_shared<FakeTransport>();
  rig.options.endpoints[0].transport = rig.transports["one"];
  rig.options.endpoints[0].identity = "another account";
  rig.configure();
  rig.ask(Rig::scheduled("p0.x"));
  rig.finish(failure(Reason::auth));
  old->new_credentials(4);
  EXPECT_TRUE(rig.pool()->backoff_until.has_value());
  rig.transports["one"]->new_credentials(5);
  EXPECT_FALSE(rig.pool()->backoff_until.has_value());
}

TEST(CoreEndpointBackoffEdges, NothingIsLeftAfterAStop) {
  SharedRig rig(3, 2);
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.core.stop();
  rig.finish(failure(Reason::auth));
  rig.transports["one"]->new_credentials(6);
  EXPECT_EQ(rig.core.next_wakeup(), std::nullopt);
}

}  // namespace
}  // namespace sfb::engine
