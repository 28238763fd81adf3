// Whose turn it is among the endpoints of one account: nobody is forgotten, whatever happens.
#include "tests/unit/engine/account_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sfb::engine {
namespace {

using namespace sfb::engine::testing;  // NOLINT: the rig

TEST(CoreTurns, ALateWordOfARunThatWasGivenUpForgetsNobody) {
  AccountRig rig(6);
  rig.core.start();
  rig.pass(15s);
  ASSERT_GE(rig.open.size(), 2U);
  const std::map<JobId, Launch> runs = rig.open;
  const auto& [first, launch] = *runs.begin();
  rig.pass(launch.deadline - rig.clock.now().mono + 1s);
  for (const auto& [job, each] : runs) {
    if (job != first) {
      rig.finish(failure(Reason::timeout), each.ask.call.parameter("PoolFqdn"));
    }
  }
  rig.pass(2s);  // given up
  rig.finish(refusal(), launch.ask.call.parameter("PoolFqdn"));
  rig.serve_for(1h, none);
  for (const auto& pool : rig.core.snapshot()->pools) {
    EXPECT_EQ(pool->up, true) << pool->identity.fqdn.str();
    EXPECT_GE(pool->evaluations, 25U) << pool->identity.fqdn.str();
  }
}

TEST(CoreTurns, APasswordThatAllEndpointsTellIsTriedThreeTimesAtMost) {
  constexpr std::size_t kMany = 300;
  AccountRig rig(kMany);
  rig.core.start();
  rig.serve_for(3min, none);
  rig.serve_for(5min, all);
  rig.refused = 0;
  for (const auto& [name, transport] : rig.transports) {
    transport->new_credentials(7);
    rig.pass(2ms);
    while (!rig.open.empty()) {
      ++rig.refused;
      rig.finish(refusal());
    }
  }
  rig.serve_for(50s, all);
  EXPECT_LE(rig.refused, 3U);
  EXPECT_GE(rig.refused, 2U);
  // The right one, told by all, is used by all at once.
  for (const auto& [name, transport] : rig.transports) {
    transport->new_credentials(8);
  }
  rig.serve_for(15s, none);
  for (const auto& pool : rig.core.snapshot()->pools) {
    EXPECT_EQ(pool->up, true) << pool->identity.fqdn.str();
  }
}

// The right password ends the back-off of every endpoint with the first who tells it, also of those
// whose pools were well before.
TEST(CoreTurns, TheFirstWhoTellsANewPasswordTellsItForAll) {
  AccountRig rig(4);
  rig.core.start();
  rig.serve_for(3min, none);
  rig.serve_for(5min, all);
  rig.transports["e2"]->new_credentials(7);
  rig.serve_for(15s, none);
  EXPECT_GE(rig.up(), 3U) << "all but one that was refused itself and has not told yet";
}

TEST(CoreTurns, ServersThatLetUsInAndAreSlowAreAskedAllAtOnce) {
  for (const bool reload : {false, true}) {
    AccountRig rig(30);
    rig.core.start();
    const auto slow_for = [&](std::chrono::nanoseconds time) {
      std::size_t ended = 0;
      for (const MonoTime end = rig.clock.now().mono + time; rig.clock.now().mono < end;) {
        rig.pass(100ms);
        for (const auto& [job, launch] : std::map<JobId, Launch>(rig.open)) {
          if (launch.deadline <= rig.clock.now().mono) {
            Error late{Reason::timeout, "winrm.timeout", "it did not end", "", "", Stage::query};
            late.let_in = true;
            rig.finish(std::unexpected(late), launch.ask.call.parameter("PoolFqdn"));
            ++ended;
          }
        }
      }
      return ended;
    };
    rig.serve_for(5min, none);
    if (reload) {
      rig.configure();
    }
    slow_for(5min);
    EXPECT_GE(slow_for(30min), 30U * 14) << reload;
  }
}

TEST(CoreTurns, AFailureThatSaysNothingOfTheLogonOpensNoDoor) {
  AccountRig rig(20);
  rig.ask(Rig::scheduled("p0.x"));
  rig.finish(refusal());
  for (int i = 1; i < 20; ++i) {
    rig.ask(Rig::scheduled("p" + std::to_string(i) + ".x"));
  }
  ASSERT_EQ(rig.open.size(), 1U);
  // A proxy that looked at no password, in front of a session that was opened with the old one.
  rig.finish(std::unexpected(
      Error{Reason::protocol, "http.unavailable", "HTTP 503", "", "", Stage::query}));
  EXPECT_EQ(rig.open.size(), 1U);
  rig.finish(refusal());
  EXPECT_EQ(rig.open.size(), 0U) << "all are left alone";
}

// Told, then another one unheard of while transports were made anew, then the first one again.
TEST(CoreTurns, APasswordThatComesBackBehindAReloadIsNews) {
  AccountRig rig(3);
  rig.core.start();
  rig.serve_for(30s, none);
  rig.transports["e0"]->new_credentials(7);
  rig.configure();
  rig.serve_for(5min, all);
  rig.transports["e0"]->new_credentials(7);
  rig.serve_for(15s, none);
  EXPECT_GE(rig.up(), 2U);
}

TEST(CoreTurns, ANewPasswordIsTriedByTwoAtOnce) {
  AccountRig rig(4);
  for (const std::string pool : {"p3.x", "p2.x", "p1.x"}) {
    rig.ask(Rig::scheduled(pool));
    rig.finish_good();
    rig.pass(11s);
  }
  rig.ask(Rig::scheduled("p0.x"));
  rig.finish(refusal());
  rig.ask(Rig::scheduled("p1.x"));  // the trial
  rig.ask(Rig::scheduled("p2.x"));
  rig.ask(Rig::scheduled("p3.x"));
  EXPECT_EQ(rig.open.size(), 1U);
  rig.transports["e1"]->new_credentials(1);
  EXPECT_EQ(rig.open.size(), 3U) << "the old trial and two";
}

TEST(CoreTurns, ACallerHearsWhatWasWaitedFor) {
  AccountRig rig(3);
  rig.ask(Rig::scheduled("p0.x"));
  rig.ask(Rig::scheduled("p1.x"));
  const auto third = rig.ask(Rig::scheduled("p2.x"), {.deadline = rig.clock.now().mono + 1s});
  rig.pass(2s);
  EXPECT_EQ(third->code(), "timeout.queue");
  EXPECT_THAT(third->refusal().error.message,
              ::testing::HasSubstr("endpoint e2 waited for another endpoint of its account"));
}

TEST(CoreTurns, ARefusalFromBeforeTheLastAcceptanceIsOld) {
  AccountRig rig(2);
  rig.options.endpoints.front().max_concurrent = 2;
  rig.add_pool("q.x", "e0");
  rig.configure();
  rig.ask(Rig::scheduled("p0.x"));
  rig.finish_good();
  rig.pass(11s);
  rig.ask(Rig::scheduled("p0.x"));  // with the old password
  rig.pass(1s);
  rig.transports["e0"]->new_credentials(1);
  rig.pass(1s);
  rig.ask(Rig::scheduled("q.x"));
  rig.finish(reply(rig.clock.now()), "q.x");
  rig.pass(1s);
  rig.finish(refusal(), "p0.x");
  for (const auto& pool : rig.core.snapshot()->pools) {
    EXPECT_FALSE(pool->backoff_until) << pool->identity.fqdn.str();
  }
}

/// Random events in a random order, then peace.
class Turmoil {
 public:
  explicit Turmoil(unsigned seed) : random_(seed), rig(kEndpoints) {
    for (std::size_t i = 0; i < kEndpoints; ++i) {
      EndpointOptions& endpoint = rig.options.endpoints[i];
      endpoint.account = i % 4 == 3 ? "other" : "svc";
      endpoint.max_concurrent = 1 + (seed % 2);
      rig.add_pool("q" + std::to_string(i) + ".x", endpoint.name);
    }
    rig.options.max_concurrent_evaluations = seed % 3 == 0 ? 3 : 1000;
    rig.configure();
    rig.core.start();
  }

  void step() {
    switch (pick(6)) {
      case 0:
        callers_.emplace_back();
        rig.ask(Rig::scheduled("p" + std::to_string(pick(kEndpoints)) + ".x"),
                {.deadline = rig.clock.now().mono + std::chrono::milliseconds(500 + pick(60'000))},
                callers_.back().get_token());
        break;
      case 1:
      case 2:
        end_a_run();
        break;
      case 3:
      case 4:
        rig.pass(std::chrono::milliseconds(pick(8'000)));
        break;
      default:
        seldom();
    }
  }

 private:
  static constexpr unsigned kEndpoints = 7;

  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }

  void end_a_run() {
    if (rig.open.empty()) {
      return;
    }
    const auto run =
        std::next(rig.open.begin(), pick(static_cast<unsigned>(rig.open.size())))->second;
    const std::string pool(run.ask.call.parameter("PoolFqdn"));
    switch (pick(8)) {
      case 0:
      case 1:
        rig.finish(refusal(), pool);
        break;
      case 2:
        rig.finish(failure(Reason::timeout), pool);
        break;
      case 3:
        rig.finish(failure(Reason::forbidden), pool);
        break;
      default:
        rig.finish(reply(rig.clock.now()), pool);
    }
  }

  void seldom() {
    switch (pick(8)) {
      case 0:
        rig.core.apply(rig.options);
        break;
      case 1: {
        Options fewer = rig.options;
        const std::string gone = fewer.endpoints[pick(kEndpoints)].name;
        std::erase_if(fewer.endpoints, [&](const auto& endpoint) { return endpoint.name == gone; });
        std::erase_if(fewer.pools,
                      [&](const auto& pool) { return pool.identity.endpoint == gone; });
        rig.core.apply(std::move(fewer));
        break;
      }
      case 2:
        rig.transports["e" + std::to_string(pick(kEndpoints))]->new_credentials(pick(4));
        break;
      default:
        if (!callers_.empty()) {
          callers_[pick(static_cast<unsigned>(callers_.size()))].request_stop();
        }
    }
  }

  std::mt19937 random_;
  std::vector<std::stop_source> callers_;

 public:
  AccountRig rig;
};

TEST(CoreTurns, AfterAnyTurmoilEveryPoolIsEvaluated) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Turmoil turmoil(seed);
    for (int i = 0; i < 200; ++i) {
      turmoil.step();
    }
    AccountRig& rig = turmoil.rig;
    // No reload here, which would put everything in order; the back-off's longest step is 10 min.
    rig.serve_for(15min, none);
    std::map<std::string, std::uint64_t> before;
    for (const auto& pool : rig.core.snapshot()->pools) {
      before[pool->identity.fqdn.str()] = pool->evaluations;
    }
    rig.serve_for(5min, none);
    for (const auto& pool : rig.core.snapshot()->pools) {
      EXPECT_GE(pool->evaluations, before[pool->identity.fqdn.str()] + 2)
          << pool->identity.fqdn.str();
    }
  }
}

}  // namespace
}  // namespace sfb::engine
