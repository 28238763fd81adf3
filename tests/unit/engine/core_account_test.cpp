// Endpoints that log on with one account: a wrong password must not lock it.
#include "tests/unit/engine/account_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using namespace sfb::engine::testing;  // NOLINT: the rig

TEST(CoreAccount, AWrongPasswordCostsTwoLogonsForAllEndpointsThenOneAStep) {
  AccountRig rig(10);
  rig.core.start();
  rig.serve_for(1min, all);
  EXPECT_EQ(rig.refused, 2U);
  for (const auto& pool : rig.core.snapshot()->pools) {
    EXPECT_TRUE(pool->backoff_until.has_value()) << pool->identity.fqdn.str();
  }
  EXPECT_EQ(rig.log->count("account refused by two endpoints in a row"), 1U);
  rig.serve_for(20min, all);
  EXPECT_LE(rig.refused, 6U) << "1, 2, 5 and 10 minutes";
  EXPECT_GE(rig.refused, 5U);
}

TEST(CoreAccount, APasswordThatExpiresCostsAsMuch) {
  AccountRig rig(10);
  rig.core.start();
  rig.serve_for(10min, none);
  rig.serve_for(3min, all);
  EXPECT_LE(rig.refused, 3U);
}

TEST(CoreAccount, OneServersOwnRefusalHoldsUpNoOther) {
  AccountRig rig(4);
  rig.core.start();
  const auto one = [](std::string_view pool) { return pool == "p2.x"; };
  rig.serve_for(30min, one);
  for (const auto& pool : rig.core.snapshot()->pools) {
    const bool bad = pool->identity.fqdn.str() == "p2.x";
    EXPECT_EQ(pool->up, !bad) << pool->identity.fqdn.str();
    EXPECT_EQ(pool->backoff_until.has_value(), bad);
    if (!bad) {
      EXPECT_GE(pool->evaluations, 15U) << "each two minutes";
    }
  }
}

TEST(CoreAccount, InDoubtOneRunAtATime) {
  AccountRig rig(3);
  rig.ask(Rig::scheduled("p0.x"));
  rig.finish(refusal());
  rig.ask(Rig::scheduled("p1.x"));
  rig.ask(Rig::scheduled("p2.x"));
  EXPECT_EQ(rig.launched, 2U);
  rig.finish(failure(Reason::connect));  // no word about the account
  EXPECT_EQ(rig.launched, 3U);
  rig.finish_good();
  rig.pass(11s);
  rig.ask(Rig::scheduled("p1.x"));
  rig.ask(Rig::scheduled("p2.x"));
  EXPECT_EQ(rig.launched, 5U) << "nothing is doubted any more";
}

TEST(CoreAccount, SlowRefusalsCostFewLogons) {
  for (const auto& [takes, most] : {std::pair{1s, 3U}, {3s, 5U}, {5s, 8U}, {9s, 8U}}) {
    AccountRig rig(20);
    rig.core.start();
    std::map<JobId, MonoTime> ends;
    for (const MonoTime end = rig.clock.now().mono + 1min; rig.clock.now().mono < end;) {
      rig.pass(50ms);
      for (const auto& [job, launch] : std::map<JobId, Launch>(rig.open)) {
        const MonoTime now = rig.clock.now().mono;
        if (now >= ends.try_emplace(job, now + takes).first->second) {
          ++rig.refused;
          rig.finish(refusal(), launch.ask.call.parameter("PoolFqdn"));
        }
      }
    }
    EXPECT_LE(rig.refused, most);
    EXPECT_GE(rig.refused, 2U);
  }
}

// At a start, and never again at a reload.
TEST(CoreAccount, EndpointsThatHangKeepTheOthersWaitingForSeconds) {
  AccountRig rig(14);
  const auto dead = [](std::string_view pool) { return pool != "p9.x" && pool != "p8.x"; };
  const auto live = [&](std::chrono::nanoseconds time) {
    for (const MonoTime end = rig.clock.now().mono + time; rig.clock.now().mono < end;) {
      rig.pass(50ms);
      for (const auto& [job, launch] : std::map<JobId, Launch>(rig.open)) {
        const std::string pool(launch.ask.call.parameter("PoolFqdn"));
        if (!dead(pool)) {
          rig.finish(reply(rig.clock.now()), pool);
        } else if (launch.deadline <= rig.clock.now().mono) {
          rig.finish(failure(Reason::timeout), pool);
        }
      }
    }
  };
  const auto evaluations = [&](std::string_view name) {
    const auto pools = rig.core.snapshot()->pools;
    const auto found = std::ranges::find(pools, name, [](const auto& pool) -> const std::string& {
      return pool->identity.fqdn.str();
    });
    return (*found)->evaluations;
  };
  rig.core.start();
  live(25s);  // ten are spread over the first ten seconds
  EXPECT_GE(evaluations("p8.x"), 1U);
  EXPECT_GE(evaluations("p9.x"), 1U);
  for (int i = 0; i < 20; ++i) {
    rig.configure();
    live(30s);
  }
  EXPECT_GE(evaluations("p8.x"), 5U) << "each two minutes";
  EXPECT_GE(evaluations("p9.x"), 5U);
}

TEST(CoreAccount, AnEndpointThatDoesNotAnswerTakesNotEveryTurn) {
  AccountRig rig(6);
  // Twenty pools behind the first endpoint, which is dead.
  for (int i = 0; i < 20; ++i) {
    rig.add_pool("dead-" + std::to_string(i) + ".x", "e0");
  }
  rig.configure();
  rig.core.start();
  std::map<JobId, MonoTime> ends;
  const auto live = [&](std::chrono::nanoseconds time, bool refuse) {
    for (const MonoTime end = rig.clock.now().mono + time; rig.clock.now().mono < end;) {
      rig.pass(50ms);
      for (const auto& [job, launch] : std::map<JobId, Launch>(rig.open)) {
        const std::string pool(launch.ask.call.parameter("PoolFqdn"));
        const bool dead = pool == "p0.x" || pool.starts_with("dead-");
        const auto takes = dead ? 30s : 0s;
        if (rig.clock.now().mono >=
            ends.try_emplace(job, rig.clock.now().mono + takes).first->second) {
          rig.finish(dead     ? failure(Reason::timeout)
                     : refuse ? refusal()
                              : Result<remote::Reply>(reply(rig.clock.now())),
                     pool);
        }
      }
    }
  };
  live(3min, true);
  live(30min, false);
  for (const auto& pool : rig.core.snapshot()->pools) {
    if (pool->identity.endpoint != "e0") {
      EXPECT_EQ(pool->up, true) << pool->identity.fqdn.str();
    }
  }
}

TEST(CoreAccount, WhoIsLeftAloneHearsOfTheOthersRefusal) {
  AccountRig rig(3);
  rig.ask(Rig::scheduled("p0.x"));
  rig.finish(refusal());
  rig.ask(Rig::scheduled("p1.x"));
  const auto waiting = rig.ask(Rig::scheduled("p2.x"));
  rig.finish(refusal());
  EXPECT_EQ(waiting->code(), "engine.backoff");
  EXPECT_THAT(waiting->refusal().error.message,
              ::testing::HasSubstr("endpoint e2 is left alone for 60 s after auth (auth.refused) "
                                   "for pool p1.x on endpoint e1"));
}

TEST(CoreAccount, ANewPasswordEndsItForAll) {
  AccountRig rig(3);
  rig.core.start();
  rig.serve_for(30s, all);
  rig.transports["e1"]->new_credentials(1);
  rig.serve_for(3min, none);
  for (const auto& pool : rig.core.snapshot()->pools) {
    EXPECT_EQ(pool->up, true) << pool->identity.fqdn.str();
  }
}

// Each reload of an unchanged wrong password cost two logons, and more with callers.
TEST(CoreAccount, ReloadsWithoutAChangeCostNoLogon) {
  AccountRig rig(6);
  for (auto& endpoint : rig.options.endpoints) {
    endpoint.terms = endpoint.settings = "of " + endpoint.name;
  }
  rig.configure();
  rig.core.start();
  rig.serve_for(12s, all);
  EXPECT_EQ(rig.refused, 2U);
  for (int i = 0; i < 40; ++i) {
    rig.configure();
    for (std::size_t k = 0; k < 6; ++k) {
      rig.ask(Rig::scheduled(AccountRig::name(k)));
    }
    rig.serve_for(1s, all);
  }
  EXPECT_EQ(rig.refused, 2U);
  rig.add_endpoint("new");
  rig.options.endpoints.back().account = "svc";
  rig.options.endpoints.back().terms = "of another one";
  rig.add_pool("new.x", "new");
  rig.configure();
  EXPECT_EQ(rig.ask(Rig::scheduled("new.x"))->code(), "engine.backoff") << "the account's";

  // One endpoint with other settings is tried, once, and no other.
  rig.options.endpoints[4].terms = "another CA file";
  rig.configure();
  rig.serve_for(1s, all);
  for (int i = 0; i < 5; ++i) {
    rig.configure();
    rig.serve_for(500ms, all);
  }
  EXPECT_EQ(rig.refused, 3U);
  EXPECT_EQ(rig.ask(Rig::scheduled("p4.x"))->code(), "engine.backoff");
  rig.options.endpoints[4].terms = "the right CA file";
  rig.configure();
  rig.serve_for(3min, none);
  EXPECT_EQ(rig.up(), 7U) << "it was let in, and with it all others";
  for (const auto& pool : rig.core.snapshot()->pools) {
    EXPECT_FALSE(pool->backoff_until.has_value());
  }
}

TEST(CoreAccount, AReloadForgetsNoTrialThatIsUnderWay) {
  AccountRig rig(8);
  for (auto& endpoint : rig.options.endpoints) {
    endpoint.terms = endpoint.settings = "of " + endpoint.name;
  }
  rig.configure();
  rig.core.start();
  rig.pass(1500ms);  // servers that take their time to refuse
  const std::size_t before = rig.launched;
  for (int i = 0; i < 10; ++i) {
    rig.configure();
    rig.pass(10ms);
  }
  EXPECT_LE(rig.launched, std::max<std::size_t>(before, 2));
}

TEST(CoreAccount, AReloadEndsItAndATrialUnderWayIsForgotten) {
  AccountRig rig(3);
  rig.ask(Rig::scheduled("p0.x"));
  rig.finish(refusal());
  rig.ask(Rig::scheduled("p1.x"));  // the trial
  for (auto& endpoint : rig.options.endpoints) {
    endpoint.account = endpoint.name == "e1" ? "other" : "svc";
  }
  rig.configure();
  rig.pass(11s);  // what was answered is served from the cache for 10 s
  rig.ask(Rig::scheduled("p0.x"));
  EXPECT_EQ(rig.launched, 3U);
  rig.finish(refusal(), "p0.x");
  rig.ask(Rig::scheduled("p2.x"));
  EXPECT_EQ(rig.launched, 4U) << "the old trial is nobody's";
}

TEST(CoreAccount, EndpointsWithoutOneShareNothing) {
  AccountRig rig(3, "");
  rig.core.start();
  rig.serve_for(30s, all);
  EXPECT_EQ(rig.refused, 3U);
}

}  // namespace
}  // namespace sfb::engine
