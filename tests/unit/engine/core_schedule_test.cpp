// The schedule: first cycle, intervals, budgets, overruns, early runs, the guard, what is learned.
#include "tests/unit/engine/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using namespace sfb::engine::testing;  // NOLINT: the rig

TEST(CoreSchedule, NothingRunsBeforeTheStart) {
  Rig rig;
  EXPECT_EQ(rig.core.next_wakeup(), std::nullopt);
  rig.pass(1h);
  EXPECT_EQ(rig.launched, 0U);
  EXPECT_FALSE(rig.core.first_cycle_done());
}

TEST(CoreSchedule, FirstRunWithinTenSecondsThenEveryInterval) {
  Rig rig;
  rig.core.start();
  rig.pass(10s);
  ASSERT_EQ(rig.launched, 1U);
  EXPECT_EQ(rig.open.begin()->second.ask.call.cmdlet, "Get-CsBackupServiceStatus");
  EXPECT_THAT(rig.open.begin()->second.ask.call.parameters, SizeIs(1));
  rig.finish_good();
  ASSERT_TRUE(rig.pass_until_launch(3min));
  rig.finish_good();
  const auto from = rig.clock.now().mono;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(rig.pass_until_launch(121s));
    rig.finish_good();
  }
  EXPECT_NEAR(to_seconds(rig.clock.now().mono - from), 600, 1);
  EXPECT_EQ(rig.pool()->evaluations, 7U);
  EXPECT_EQ(rig.pool()->overruns, 0U);
}

TEST(CoreSchedule, AGoodAnswerBecomesTheSnapshot) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  EXPECT_TRUE(rig.pool()->running);
  EXPECT_EQ(rig.pool()->up, std::nullopt);
  rig.clock.advance(700ms);
  remote::Reply answer = reply(rig.clock.now(), "A.B:[ErrorState,NormalState]", 5min);
  answer.stages = {{Stage::query, 600ms}, {Stage::parse, 1ms}};
  rig.finish(std::move(answer));
  const auto pool = rig.pool();
  EXPECT_FALSE(pool->running);
  EXPECT_EQ(pool->up, true);
  EXPECT_EQ(shown(pool).verdict.working, false);
  EXPECT_EQ(pool->last_success, rig.clock.now().wall - 5min);
  EXPECT_EQ(pool->last_good->made, rig.clock.now().mono - 5min);
  EXPECT_GE(*pool->last_duration, 700ms);
  EXPECT_EQ(pool->last_good->trigger, status::Trigger::schedule);
  EXPECT_EQ(rig.core.snapshot()->durations.count, 1U);
  const std::string& transport = pool->identity.transport.str();
  const status::StageHistograms stages = rig.core.snapshot()->stages;
  EXPECT_THAT(stages, SizeIs(2));
  EXPECT_EQ(stages.at({transport, Stage::query}).sum, 0.6);
  EXPECT_THAT(rig.core.history(fqdn("a.x")).value(), SizeIs(1));
  EXPECT_EQ(rig.core.history(fqdn("unknown.x")), std::nullopt);
}

// An empty answer of which output may be missing: shown to who asks, nothing is learned from it.
TEST(CoreSchedule, ADoubtfulAnswerLeavesThePoolAsItWas) {
  Rig rig;
  rig.first_run();
  const auto before = rig.pool();
  ASSERT_EQ(shown(before).verdict.working, true);
  rig.pass(30s);
  const auto heard = rig.ask(Rig::scheduled());
  PipelineResult nothing;
  nothing.doubt = "an unknown message came";
  remote::Reply doubtful;
  doubtful.result = pack(nothing);
  doubtful.made_at = rig.clock.now().wall;
  rig.finish(std::move(doubtful));
  ASSERT_TRUE(heard->answered());
  EXPECT_TRUE(heard->answer().evaluation->good());
  EXPECT_EQ(heard->answer().evaluation->verdict({fqdn("a.x")}).configured, std::nullopt);
  EXPECT_EQ(rig.pool()->up, true);
  EXPECT_EQ(shown(rig.pool()).verdict.configured, std::nullopt);
  EXPECT_EQ(shown(rig.pool()).verdict.working, std::nullopt);
  EXPECT_THAT(shown(rig.pool()).modules, SizeIs(shown(before).modules.size()));
  EXPECT_EQ(rig.pool()->last_success, before->last_success);
  EXPECT_EQ(rig.pool()->last_good, before->last_good);
  EXPECT_EQ(rig.core.history(fqdn("a.x")).value().at(0).message, "an unknown message came");
  EXPECT_EQ(rig.log->count("module gone"), 0U);
  EXPECT_EQ(rig.log->count("an unknown message came"), 1U);
  const auto cached = rig.ask(Rig::scheduled(), {.max_age = 10min});
  EXPECT_EQ(cached->answer().evaluation, before->last_good);
}

TEST(CoreSchedule, TheCmdletsErrorsAndBadAnswersAreFailures) {
  Rig rig;
  rig.first_run();
  ASSERT_TRUE(rig.pass_until_launch());
  PipelineResult not_paired;
  collectors::testing::add_error(not_paired, "not paired");
  remote::Reply errors;
  errors.result = pack(not_paired);
  errors.made_at = rig.clock.now().wall;
  rig.finish(std::move(errors));
  EXPECT_EQ(rig.pool()->up, false);
  EXPECT_EQ(rig.pool()->failures[static_cast<std::size_t>(Reason::cmdlet)], 1U);
  EXPECT_NE(rig.pool()->last_completed->result, nullptr) << "what came back is kept";
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish(reply(rig.clock.now(), "nonsense"));
  EXPECT_EQ(rig.pool()->failures[static_cast<std::size_t>(Reason::parse)], 1U);
  EXPECT_EQ(rig.pool()->last_completed->error->stage, Stage::parse);
  EXPECT_EQ(shown(rig.pool()).verdict.working, true) << "the last good states stay";
}

TEST(CoreSchedule, NoAnswerIsPublishedWithATimeToCome) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  remote::Reply ahead = reply(rig.clock.now());
  ahead.made_at += std::chrono::hours(24 * 365);
  rig.finish(std::move(ahead));
  const WallTime now = rig.clock.now().wall;
  EXPECT_EQ(rig.pool()->last_success, now);
  EXPECT_EQ(shown(rig.pool()).modules.at(0).last_healthy, now);
  EXPECT_EQ(shown(rig.pool()).modules.at(0).last_final, now);
  EXPECT_EQ(rig.core.history(fqdn("a.x")).value().front().evaluated_at, now);
}

TEST(CoreSchedule, ANoteIsLoggedOnceAndStandsInTheHistory) {
  Rig rig;
  rig.core.start();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(rig.pass_until_launch());
    auto answer = reply(rig.clock.now());
    answer.note = {.code = "file.clock_skew", .message = "it is ahead", .remedy = "set it right"};
    rig.finish(std::move(answer));
  }
  EXPECT_EQ(rig.log->count("it is ahead (set it right)"), 1U) << "news once";
  const auto entry = rig.core.history(fqdn("a.x")).value().front();
  EXPECT_TRUE(entry.good);
  EXPECT_EQ(entry.code, "file.clock_skew");
  EXPECT_EQ(entry.message, "it is ahead");
  EXPECT_EQ(entry.remedy, "set it right");
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good();
  EXPECT_EQ(rig.core.history(fqdn("a.x")).value().front().code, "");
}

TEST(CoreSchedule, ForeignObjectsOfAFileAreNotQuoted) {
  for (const bool from_file : {false, true}) {
    Rig rig;
    rig.core.start();
    ASSERT_TRUE(rig.pass_until_launch());
    PipelineResult foreign;
    foreign.output.push_back(Value::string("hunter2"));
    remote::Reply answer;
    answer.result = pack(foreign);
    answer.made_at = rig.clock.now().wall;
    answer.file = from_file ? "/srv/sfb/a.json" : "";
    rig.finish(std::move(answer));
    EXPECT_EQ(rig.pool()->last_completed->error->code, "status.unrecognised");
    EXPECT_EQ(rig.pool()->last_completed->error->peer, from_file ? "" : "hunter2");
    EXPECT_EQ(rig.pool()->last_completed->error->message.starts_with("/srv/sfb/a.json: "),
              from_file);
    EXPECT_EQ(rig.log->count("hunter2"), from_file ? 0U : 1U);
  }
}

TEST(CoreSchedule, BudgetIsTheTimeoutOrFourFifthsOfTheInterval) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  EXPECT_LE(rig.open.begin()->second.deadline, rig.clock.now().mono + 60s);
  EXPECT_GT(rig.open.begin()->second.deadline, rig.clock.now().mono + 59s);
  rig.finish_good();
  rig.options.pools[0].evaluation_interval = 30s;
  rig.configure();
  ASSERT_TRUE(rig.pass_until_launch());
  EXPECT_LE(rig.open.begin()->second.deadline, rig.clock.now().mono + 24s);
  EXPECT_GT(rig.open.begin()->second.deadline, rig.clock.now().mono + 23s);
}

TEST(CoreSchedule, OverrunsAreCountedAndStartNothing) {
  Rig rig;
  rig.options.endpoints.clear();
  rig.options.pools.clear();
  rig.add_endpoint("one");
  rig.add_pool("a.x", "one");
  rig.add_pool("b.x", "one");
  rig.configure();
  rig.core.start();
  rig.pass(10s);
  ASSERT_EQ(rig.open.size(), 1U) << "one slot";
  rig.pass(30s);
  EXPECT_EQ(rig.open.size(), 1U);
  // One pool hangs until the guard gives it up and longer; the other waits in the queue.
  rig.pass(10min);
  EXPECT_EQ(rig.launched, 1U);
  EXPECT_GT(rig.pool(0)->overruns, 2U);
  EXPECT_GT(rig.pool(1)->overruns, 2U);
  EXPECT_EQ(rig.pool(0)->evaluations + rig.pool(1)->evaluations, 1U)
      << "waiting in the queue is no failure";
  EXPECT_GT(rig.log->count("warn evaluation overrun"), 4U);
}

TEST(CoreSchedule, AHangingTransportIsGivenUpAndTheNextCycleRunsAfterIt) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  const JobId hanging = rig.open.begin()->first;
  rig.pass(59s);
  EXPECT_EQ(rig.pool()->evaluations, 0U);
  rig.pass(4s);
  EXPECT_EQ(rig.pool()->evaluations, 1U);
  EXPECT_EQ(rig.pool()->failures[static_cast<std::size_t>(Reason::timeout)], 1U);
  EXPECT_EQ(rig.pool()->last_completed->error->code, "timeout.abandoned");
  EXPECT_FALSE(rig.pool()->running);
  EXPECT_THAT(rig.cancelled, ElementsAre(hanging));
  EXPECT_EQ(rig.core.running(), 0U);
  rig.pass(5min);
  EXPECT_EQ(rig.launched, 1U) << "the slot stays taken, and one question never runs twice";
  rig.finish_good();
  EXPECT_EQ(rig.pool()->evaluations, 1U) << "the late answer does not count";
  EXPECT_EQ(rig.launched, 2U) << "what was due meanwhile runs at once";
  rig.finish_good();
  EXPECT_EQ(rig.pool()->up, true);
}

TEST(CoreSchedule, AHangingQuestionDoesNotRunTwiceOnAWideEndpoint) {
  Rig rig;
  rig.options.endpoints[0].max_concurrent = 4;
  rig.configure();
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.pass(10min);
  EXPECT_EQ(rig.launched, 1U);
  const auto other = rig.ask(Rig::category("CMS"));
  EXPECT_EQ(rig.launched, 2U) << "other questions go on";
}

TEST(CoreSchedule, ChangedContentRunsEarlyAtMostOncePerSecond) {
  Rig rig;
  rig.first_run();
  rig.pass(20s);
  rig.transports["one"]->changed(fqdn("a.x"), remote::kDefaultCollector);
  rig.transports["one"]->changed(fqdn("a.x"), remote::kDefaultCollector);
  rig.transports["one"]->changed(fqdn("not.mine"), remote::kDefaultCollector);
  rig.pass(1ms);
  ASSERT_EQ(rig.launched, 2U);
  rig.transports["one"]->changed(fqdn("a.x"), remote::kDefaultCollector);
  rig.finish_good();
  rig.pass(990ms);
  EXPECT_EQ(rig.launched, 2U);
  rig.pass(20ms);
  EXPECT_EQ(rig.launched, 3U) << "once more for what changed while it ran";
  rig.finish_good();
  rig.pass(5s);
  EXPECT_EQ(rig.launched, 3U);
}

TEST(CoreSchedule, FirstCycleIsDoneWhenEveryPoolWasAttempted) {
  Rig rig;
  rig.add_pool("b.x", "one");
  rig.configure();
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish(failure(Reason::dns));
  EXPECT_FALSE(rig.core.first_cycle_done());
  if (rig.open.empty()) {
    ASSERT_TRUE(rig.pass_until_launch());
  }
  rig.finish_good();
  EXPECT_TRUE(rig.core.first_cycle_done());
}

TEST(CoreSchedule, FirstCycleIsDoneAtItsDeadline) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.pass(49s);
  EXPECT_FALSE(rig.core.first_cycle_done());
  rig.pass(11s);
  EXPECT_TRUE(rig.core.first_cycle_done()) << "60 s at most";
}

TEST(CoreSchedule, FirstCycleOfNoPoolsAndOfRemovedPools) {
  Rig none;
  none.options.pools.clear();
  none.configure();
  EXPECT_FALSE(none.core.first_cycle_done());
  none.core.start();
  EXPECT_TRUE(none.core.first_cycle_done());
  Rig rig;
  rig.core.start();
  rig.options.pools.clear();
  rig.configure();
  EXPECT_TRUE(rig.core.first_cycle_done());
}

TEST(CoreSchedule, SnapshotsAreSharedUntilSomethingChangesAndAgeByThemselves) {
  Rig rig;
  rig.first_run();
  const auto first = rig.core.snapshot();
  EXPECT_EQ(rig.core.snapshot(), first);
  rig.clock.advance(1min);
  EXPECT_EQ(rig.core.snapshot(), first);
  rig.clock.advance(1h);
  const auto stale = rig.core.snapshot();
  EXPECT_NE(stale, first);
  EXPECT_GT(stale->version, first->version);
  EXPECT_EQ(stale->pools[0]->freshness, status::Freshness::stale);
  EXPECT_EQ(rig.core.snapshot(), stale);
}

TEST(CoreSchedule, LogTellsNewsOnce) {
  Rig rig;
  rig.first_run();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(rig.pass_until_launch());
    rig.finish(failure(Reason::connect));
  }
  EXPECT_EQ(rig.log->count("warn evaluation failed"), 1U);
  EXPECT_EQ(rig.log->count("debug evaluation failed"), 2U);
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish(failure(Reason::timeout));
  EXPECT_EQ(rig.log->count("warn evaluation failed"), 2U) << "another reason is news";
  EXPECT_EQ(rig.log->count("reason=timeout code=test.failure"), 1U);
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good("A.B:[ErrorState,NormalState]");
  EXPECT_EQ(rig.log->count("info evaluation recovered"), 1U);
  EXPECT_EQ(rig.log->count("info module state changed"), 1U);
  EXPECT_EQ(rig.log->count("direction=export from=FinalState to=ErrorState"), 1U);
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good("C.D:[ErrorState,NormalState]");
  EXPECT_EQ(rig.log->count("info module gone"), 1U);
}

TEST(CoreSchedule, TenThousandPoolsKeepTheirTurn) {
  Rig rig;
  rig.options.pools.clear();
  rig.transports["one"]->backoff = false;  // no trial first
  rig.options.endpoints[0].max_concurrent = 10'000;
  rig.options.max_concurrent_evaluations = 100'000;
  for (int i = 0; i < 10'000; ++i) {
    rig.add_pool("p" + std::to_string(i) + ".x", "one");
  }
  rig.configure();
  rig.core.start();
  rig.pass(11s);
  EXPECT_EQ(rig.launched, 10'000U);
  while (!rig.open.empty()) {
    rig.finish_good();
  }
  EXPECT_TRUE(rig.core.first_cycle_done());
  EXPECT_THAT(rig.core.snapshot()->pools, SizeIs(10'000));
}

}  // namespace
}  // namespace sfb::engine
