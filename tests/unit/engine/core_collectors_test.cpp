// Several collectors at one pool: each has its own times, knowledge and cache; the pool's status
// goes first and is touched by none of them.
#include "collectors/last_finding.hpp"
#include "collectors/question.hpp"
#include "tests/unit/engine/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::engine::testing;  // NOLINT: the rig

struct NoView final : collectors::View {
  NoView(const collectors::Facts& facts, const collectors::Finding* finding, WallTime seen) {
    static_cast<void>(facts);
    static_cast<void>(seen);
    samples = finding == nullptr ? 0 : 1;
  }
};

const binding::Cmdlet& other_cmdlet() {
  static const binding::Cmdlet kCmdlet = {
      .name = "Get-CsOther", .class_name = {}, .parameters = {}, .common = {}};
  return kCmdlet;
}

// Good where an object came; else the session does not know the cmdlet.
Result<collectors::FindingPtr> interpret(const PipelineResult& result, const Limits& limits) {
  static_cast<void>(limits);
  if (result.output.empty()) {
    return fail(Reason::cmdlet, "cmdlet.not_found", "unknown");
  }
  return std::make_shared<const collectors::Finding>();
}

constexpr collectors::Collector kOther = {
    .name = "other",
    .about = "A second collector.",
    .cmdlet = other_cmdlet,
    .script = [] { return std::string_view("param()"); },
    .scheduled = {},
    .interpret = interpret,
    .judge = [](const collectors::Finding&,
                const collectors::Facts&) { return collectors::Verdict{}; },
    .changes = [](const collectors::Finding&,
                  const collectors::Finding&) { return std::vector<collectors::Change>{}; },
    .oddities = [](const collectors::Finding&) { return std::string(); },
    .memory = [](const collectors::Facts& facts,
                 const Limits&) -> std::unique_ptr<collectors::Memory> {
      return std::make_unique<collectors::LastFinding<collectors::Finding, NoView>>(facts);
    },
    .families = [] { return std::span<const collectors::FamilyRow>(); },
};

class CoreCollectors : public ::testing::Test {
 protected:
  void switch_on(std::chrono::milliseconds interval = 1h) {
    PoolOptions other = rig.options.pools.front();
    other.what = &kOther;
    other.evaluation_interval = interval;
    rig.options.pools.push_back(std::move(other));
    rig.configure();
  }
  static status::Question other() { return {fqdn("a.x"), &kOther}; }
  std::vector<std::string> cmdlets() {
    std::vector<std::string> found;
    for (const auto& [job, launch] : rig.open) {
      found.push_back(launch.ask.call.cmdlet);
    }
    return found;
  }
  status::PoolSnapshotPtr other_snapshot() { return rig.core.snapshot()->others.at(0); }
  // The answer of a session: good, or one that does not know the cmdlet.
  remote::Reply answer_of(std::uint64_t session, bool knows = true) {
    remote::Reply made = reply(rig.clock.now());
    made.session = session;
    if (!knows) {
      made.result = pack({});
    }
    return made;
  }

  Rig rig;
};

TEST_F(CoreCollectors, ThePoolsStatusGoesFirst) {
  switch_on();
  rig.core.start();
  rig.pass(11s);  // both are due, one session
  EXPECT_THAT(cmdlets(), ElementsAre("Get-CsBackupServiceStatus"));
  const auto first = rig.ask(other());
  const auto second = rig.ask(Rig::category("CMS"));
  rig.finish_good();
  EXPECT_EQ(rig.open.begin()->second.ask.category, "CMS") << "among queries too";
  rig.finish_good();
  EXPECT_THAT(cmdlets(), ElementsAre("Get-CsOther"));
  EXPECT_TRUE(rig.open.begin()->second.ask.call.side);
  EXPECT_EQ(rig.open.begin()->second.ask.collector, "other");
}

TEST_F(CoreCollectors, EachHasItsOwnKnowledge) {
  switch_on();
  rig.core.start();
  rig.pass(11s);
  rig.finish_good();
  rig.finish(answer_of(1));
  EXPECT_EQ(rig.pool()->evaluations, 1U);
  EXPECT_EQ(other_snapshot()->evaluations, 1U);
  EXPECT_EQ(other_snapshot()->what, &kOther);
  EXPECT_EQ(other_snapshot()->view->samples, 1U);
  EXPECT_EQ(rig.core.snapshot()->durations.count, 1U) << "the status' alone";
  EXPECT_THAT(*rig.core.history(fqdn("a.x")), SizeIs(2));
  rig.pass(30min);
  EXPECT_GT(rig.pool()->overruns, 0U) << "nobody answers";
  EXPECT_EQ(other_snapshot()->overruns, 0U);
}

TEST_F(CoreCollectors, AFailureDoesNotTouchTheStatus) {
  switch_on();
  rig.core.start();
  rig.pass(11s);
  rig.finish_good();
  rig.finish(failure(Reason::cmdlet));
  EXPECT_EQ(rig.pool()->up, true);
  EXPECT_EQ(other_snapshot()->up, false);
  EXPECT_EQ(shown(rig.pool()).verdict.working, true);
}

TEST_F(CoreCollectors, ReadinessWaitsForTheStatusOnly) {
  switch_on();
  rig.core.start();
  rig.pass(11s);
  EXPECT_FALSE(rig.core.first_cycle_done());
  rig.finish_good();
  EXPECT_TRUE(rig.core.first_cycle_done());
}

TEST_F(CoreCollectors, WhatTheSessionDoesNotKnowIsOffUntilTheNextSession) {
  switch_on(10min);
  rig.core.start();
  rig.pass(11s);
  rig.finish(answer_of(7), "a.x");
  rig.finish(answer_of(7, false));
  EXPECT_EQ(rig.log->count("collector is off until the next session pool=a.x collector=other"), 1U);
  EXPECT_EQ(other_snapshot()->failures.at(static_cast<std::size_t>(Reason::cmdlet)), 1U);
  const auto asked_in = [&](std::chrono::minutes time, std::uint64_t session) {
    std::size_t times = 0;
    for (auto left = time; left > 0min; left -= 1min) {
      rig.pass(1min);
      while (!rig.open.empty()) {
        times += cmdlets().front() == "Get-CsOther" ? 1U : 0U;
        rig.finish(answer_of(session, cmdlets().front() != "Get-CsOther"));
      }
    }
    return times;
  };
  EXPECT_EQ(asked_in(60min, 7), 0U) << "the same session";
  EXPECT_EQ(asked_in(20min, 8), 1U) << "once in the next one";
  EXPECT_EQ(rig.pool()->up, true);
  const auto heard = rig.ask(other());
  ASSERT_THAT(cmdlets(), ElementsAre("Get-CsOther")) << "who asks is served";
  rig.finish(answer_of(8));
  EXPECT_TRUE(heard->answered());
  EXPECT_EQ(other_snapshot()->up, true);
  EXPECT_EQ(rig.log->count("evaluation recovered pool=a.x collector=other"), 1U);
}

TEST_F(CoreCollectors, CallersMayAskWhatIsNotSwitchedOn) {
  rig.first_run();
  const auto heard = rig.ask(other());
  ASSERT_THAT(cmdlets(), ElementsAre("Get-CsOther"));
  rig.finish(answer_of(1));
  EXPECT_TRUE(heard->answered());
  EXPECT_THAT(rig.core.snapshot()->others, IsEmpty()) << "no metrics";
  rig.pass(5s);
  EXPECT_EQ(rig.ask(other())->answer().source, status::Source::cache);
  rig.pass(24h);
  EXPECT_THAT(cmdlets(), ElementsAre("Get-CsBackupServiceStatus")) << "no schedule";
}

TEST_F(CoreCollectors, AReloadKeepsWhatOnlyCallersAsked) {
  rig.first_run();
  rig.ask(other());
  rig.finish(answer_of(1));
  const std::size_t known = rig.core.history(fqdn("a.x"))->size();
  rig.configure();
  EXPECT_THAT(*rig.core.history(fqdn("a.x")), SizeIs(known));
  EXPECT_EQ(rig.ask(other())->answer().source, status::Source::cache);
  EXPECT_THAT(rig.core.snapshot()->others, IsEmpty());
  rig.pass(11s);
  const auto waiting = rig.ask(other());
  const std::size_t launched = rig.launched;
  rig.configure();
  EXPECT_THAT(rig.cancelled, IsEmpty());
  rig.finish(answer_of(1));
  EXPECT_TRUE(waiting->answered()) << "its run goes on";
  EXPECT_EQ(rig.launched, launched);
}

TEST_F(CoreCollectors, AReloadForgetsWhatOnlyCallersAskedWithItsPool) {
  rig.first_run();
  rig.ask(other());
  rig.finish(answer_of(1));
  rig.pass(11s);
  const auto waiting = rig.ask(other());
  rig.options.endpoints.at(0).identity = std::string("another server");
  rig.configure();
  EXPECT_THAT(*rig.core.history(fqdn("a.x")), IsEmpty()) << "another address, another server";
  EXPECT_EQ(waiting->calls, 0);
  rig.finish(answer_of(1));
  rig.finish(answer_of(1));
  EXPECT_TRUE(waiting->answered()) << "asked anew";
  const auto gone = rig.ask(other());
  rig.options.pools.clear();
  rig.configure();
  EXPECT_EQ(rig.core.history(fqdn("a.x")), std::nullopt);
}

// The status would be late, and at intervals of seconds be left out.
TEST_F(CoreCollectors, HoldsItsEndpointNoLongerThanTheStatusMay) {
  rig.options.pools.front().evaluation_interval = 20s;
  switch_on();
  rig.core.start();
  rig.pass(11s);
  rig.finish_good();
  ASSERT_THAT(cmdlets(), ElementsAre("Get-CsOther"));
  EXPECT_EQ(rig.open.begin()->second.deadline - rig.clock.now().mono, 16s);
  rig.finish(answer_of(1));
  rig.pass(11s);
  rig.options.pools.pop_back();
  rig.configure();
  while (!rig.open.empty()) {
    rig.finish_good();
  }
  rig.ask(other());
  ASSERT_THAT(cmdlets(), ElementsAre("Get-CsOther"));
  EXPECT_EQ(rig.open.begin()->second.deadline - rig.clock.now().mono, 16s) << "whoever asks";
}

TEST_F(CoreCollectors, TheLogNamesTheCollector) {
  switch_on(60s);
  rig.core.start();
  rig.pass(11s);
  rig.finish_good();
  ASSERT_THAT(cmdlets(), ElementsAre("Get-CsOther"));
  rig.pass(3min);
  EXPECT_GT(rig.log->count("evaluation overrun pool=a.x collector=other endpoint=one"), 0U);
  EXPECT_EQ(rig.log->count("transport did not return pool=a.x collector=other endpoint=one"), 1U);
  EXPECT_EQ(rig.log->count("evaluation failed pool=a.x collector=other"), 1U);
  rig.finish(failure(Reason::timeout));
  rig.pass_until_launch();
  while (!rig.open.empty() && cmdlets().front() != "Get-CsOther") {
    rig.finish_good();
  }
  rig.finish(failure(Reason::throttled));
  EXPECT_EQ(rig.log->count("back-off endpoint=one pool=a.x collector=other"), 1U);
}

// Its arguments are without number, so that no cache of answers could bound the runs.
TEST_F(CoreCollectors, WhateverTheArgumentsTheLeastIntervalIsKept) {
  rig.first_run();
  const auto about = [](const std::string& server) {
    status::Question made = other();
    made.arguments = {{"ReplicaFqdn", server}};
    return made;
  };
  const auto first = rig.ask(about("s0.x"));
  const auto beside = rig.ask(about("s1.x"));
  EXPECT_EQ(beside->code(), "engine.too_soon") << "while the first one runs";
  EXPECT_EQ(beside->refusal().retry_after, 10s);
  EXPECT_EQ(beside->refusal().error.reason, Reason::throttled);
  const auto equal = rig.ask(about("s0.x"));
  rig.finish(answer_of(1));
  EXPECT_TRUE(first->answered());
  EXPECT_TRUE(equal->answered()) << "joined";
  const std::size_t before = rig.launched;
  rig.pass(3s);
  for (int i = 1; i <= 100; ++i) {
    const auto heard = rig.ask(about("s" + std::to_string(i) + ".x"));
    EXPECT_EQ(heard->code(), "engine.too_soon");
    EXPECT_EQ(heard->refusal().retry_after, 7s);
  }
  EXPECT_TRUE(rig.ask(about("s0.x"))->answered()) << "from the cache";
  EXPECT_EQ(rig.launched, before);
  rig.ask(Rig::category("CMS"));
  EXPECT_EQ(rig.launched, before + 1) << "the pool's status has an interval of its own";
  rig.finish_good();
  rig.pass(8s);
  rig.ask(about("s1.x"));
  EXPECT_THAT(cmdlets(), ElementsAre("Get-CsOther"));
}

TEST_F(CoreCollectors, AReloadSwitchesOff) {
  switch_on();
  rig.core.start();
  rig.pass(11s);
  rig.finish_good();
  rig.options.pools.pop_back();
  rig.configure();
  EXPECT_THAT(rig.core.snapshot()->others, IsEmpty());
  rig.finish(answer_of(1));
  EXPECT_THAT(rig.core.snapshot()->others, IsEmpty()) << "a late result is dropped";
  EXPECT_THAT(rig.transports.at("one")->pools, ElementsAre("a.x"));
}

TEST_F(CoreCollectors, WhatACallerAskedFirstIsScheduledOnceItIsSwitchedOn) {
  rig.first_run();
  rig.ask(other());
  rig.finish(answer_of(1));
  switch_on();
  rig.pass(61min);
  ASSERT_FALSE(rig.open.empty());
  while (!rig.open.empty() && cmdlets().front() != "Get-CsOther") {
    rig.finish_good();
  }
  EXPECT_THAT(cmdlets(), ElementsAre("Get-CsOther"));
}

TEST_F(CoreCollectors, SessionsThatTakeTurnsSwitchNothingOn) {
  switch_on(10min);
  rig.core.start();
  rig.pass(11s);
  rig.finish(answer_of(8));
  rig.finish(answer_of(8, false));
  for (std::uint64_t round = 0; round < 30; ++round) {
    rig.pass(1min);
    while (!rig.open.empty()) {
      ASSERT_THAT(cmdlets(), ElementsAre("Get-CsBackupServiceStatus")) << round;
      rig.finish(answer_of(7 + round % 2));
    }
  }
  EXPECT_EQ(rig.log->count("collector is off"), 1U);
}

TEST_F(CoreCollectors, WhatOnlyCallersAskIsNoNewsForTheLog) {
  rig.first_run();
  rig.ask(other());
  rig.finish(answer_of(3, false));
  EXPECT_EQ(rig.log->count("collector"), 0U);
  EXPECT_EQ(rig.log->count("warn"), 0U);
}

TEST_F(CoreCollectors, NewContentIsReadByTheCollectorItIsFor) {
  const auto& watched = rig.transports.at("one")->pools;
  switch_on();
  EXPECT_THAT(watched, ElementsAre("a.x", "a.x other"));
  rig.core.start();
  rig.pass(11s);
  rig.finish_good();
  rig.finish(answer_of(1));
  rig.pass(2s);
  rig.transports.at("one")->changed(fqdn("a.x"), "other");
  rig.pass(1s);
  EXPECT_THAT(cmdlets(), ElementsAre("Get-CsOther"));
  rig.finish(answer_of(1));
  rig.transports.at("one")->changed(fqdn("a.x"), remote::kDefaultCollector);
  rig.pass(1s);
  EXPECT_THAT(cmdlets(), ElementsAre("Get-CsBackupServiceStatus"));
  rig.finish_good();
  rig.options.pools.pop_back();
  rig.configure();
  EXPECT_THAT(watched, ElementsAre("a.x"));
  rig.ask(other());
  EXPECT_THAT(watched, ElementsAre("a.x")) << "what only callers ask is read when they ask";
  rig.finish(answer_of(1));
  switch_on();
  EXPECT_THAT(watched, ElementsAre("a.x", "a.x other"));
}

TEST(AskFor, AFileAnswersWithTheScheduledSwitchesOnly) {
  const collectors::Collector* const store = collectors::find("central_management_store");
  ASSERT_NE(store, nullptr);
  const Fqdn pool = fqdn("a.x");
  EXPECT_EQ(ask_for(scheduled_question(pool, *store)).lacking, "");
  EXPECT_EQ(ask_for({pool, store}).lacking, "CentralManagementStoreStatus");
  EXPECT_EQ(remote::kDefaultCollector, collectors::pool_status().name);
}

}  // namespace
}  // namespace sfb::engine
