// Callers: joining, cache, deadlines, callers that go away, refusals.
#include "tests/unit/engine/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::engine::testing;  // NOLINT: the rig
using status::Source;
using status::Trigger;

TEST(CoreAsk, ALiveAnswerBecomesTheSnapshotWhenTheQuestionIsTheScheduledOne) {
  Rig rig;
  const auto heard = rig.ask(Rig::scheduled(), {.request_id = "r1"});
  ASSERT_EQ(rig.launched, 1U);
  EXPECT_TRUE(rig.pool()->running);
  EXPECT_EQ(heard->calls, 0);
  rig.finish_good();
  ASSERT_TRUE(heard->answered()) << heard->code();
  EXPECT_EQ(heard->calls, 1);
  EXPECT_EQ(heard->answer().source, Source::live);
  const auto& evaluation = heard->answer().evaluation;
  EXPECT_EQ(evaluation->request_id, "r1");
  EXPECT_EQ(evaluation->trigger, Trigger::query);
  EXPECT_EQ(rig.pool()->last_good, evaluation);
  EXPECT_EQ(rig.pool()->evaluations, 1U);
  const auto history = rig.core.history(fqdn("a.x")).value();
  ASSERT_THAT(history, SizeIs(1));
  EXPECT_EQ(history[0].id, evaluation->id);
}

// Good or not, the history says who was asked.
TEST(CoreAsk, TheFrontEndThatWasAskedStandsInTheHistory) {
  Rig rig;
  const auto ask = [&](auto finish) {
    const auto heard = rig.ask(Rig::category("CMS"));
    *rig.open.begin()->second.ask.front_end = "http://fe-2:5985/wsman";
    finish();
    EXPECT_EQ(heard->answer().evaluation->front_end, "http://fe-2:5985/wsman");
    EXPECT_EQ(rig.core.history(fqdn("a.x")).value().front().front_end, "http://fe-2:5985/wsman");
  };
  rig.first_run();
  EXPECT_EQ(rig.core.history(fqdn("a.x")).value().front().front_end, "") << "a file, say";
  ask([&] { rig.finish_good(); });
  rig.pass(1min);
  ask([&] { rig.finish(fail(Reason::cmdlet, "cmdlet.failed", "no")); });
}

TEST(CoreAsk, OtherQuestionsGoToTheHistoryAndNeverToMetrics) {
  Rig rig;
  rig.first_run();
  const auto before = rig.core.snapshot();
  const auto heard = rig.ask(Rig::category("CMS"), {.trigger = Trigger::probe});
  EXPECT_EQ(rig.open.begin()->second.ask.call.parameter("Category"), "CMS");
  rig.finish_good("C.D:[ErrorState,ErrorState]");
  ASSERT_TRUE(heard->answered());
  EXPECT_EQ(rig.core.snapshot(), before);
  const auto history = rig.core.history(fqdn("a.x")).value();
  ASSERT_THAT(history, SizeIs(2));
  EXPECT_EQ(history[0].question, "-Category CMS");
  EXPECT_EQ(history[0].trigger, Trigger::probe);
}

TEST(CoreAsk, EqualQuestionsJoinWithTheirOwnDeadlines) {
  Rig rig;
  const MonoTime now = rig.clock.now().mono;
  const auto first = rig.ask(Rig::scheduled(), {.deadline = now + 30s});
  const auto hasty = rig.ask(Rig::scheduled(), {.deadline = now + 5s});
  const auto patient = rig.ask(Rig::scheduled(), {.deadline = now + 90s});
  EXPECT_EQ(rig.launched, 1U);
  rig.pass(6s);
  EXPECT_EQ(hasty->code(), "timeout.waiting");
  EXPECT_EQ(hasty->refusal().error.reason, Reason::timeout);
  EXPECT_EQ(first->calls + patient->calls, 0);
  rig.finish_good();
  EXPECT_EQ(first->answer().source, Source::live);
  EXPECT_EQ(patient->answer().source, Source::joined);
  EXPECT_EQ(patient->answer().evaluation, first->answer().evaluation);
  EXPECT_EQ(hasty->calls, 1);
}

TEST(CoreAsk, DifferentQuestionsDoNotJoin) {
  Rig rig;
  rig.transports["one"]->backoff = false;  // no trial first
  rig.options.endpoints[0].max_concurrent = 9;
  rig.configure();
  rig.ask(Rig::scheduled());
  rig.ask(Rig::category("CMS"));
  rig.ask(question("a.x", {{"Category", "CMS"}, {"Force", true}}));
  rig.ask(question("a.x", {{"Category", "CMS"}, {"BypassDualWrite", true}}));
  rig.ask(question("a.x", {{"Category", "CMS"}, {"BypassDualWrite", false}}));
  EXPECT_EQ(rig.launched, 5U);
}

TEST(CoreAsk, AQueryJoinsTheScheduledRunAndTheScheduleAdoptsAQuery) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  const auto heard = rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.launched, 1U);
  rig.finish_good();
  EXPECT_EQ(heard->answer().source, Source::joined);
  EXPECT_EQ(heard->answer().evaluation->trigger, Trigger::schedule);

  rig.pass(11s);
  std::stop_source gone;
  rig.options.pools[0].evaluation_timeout = 10min;
  rig.configure();
  const auto query =
      rig.ask(Rig::scheduled(), {.deadline = rig.clock.now().mono + 9min}, gone.get_token());
  rig.pass(150s);
  EXPECT_EQ(rig.pool()->overruns, 0U) << "the query's run serves the slot";
  gone.request_stop();
  EXPECT_EQ(query->code(), "caller.gone");
  EXPECT_THAT(rig.cancelled, IsEmpty()) << "the schedule wants the run now";
  rig.finish_good();
  EXPECT_EQ(rig.pool()->evaluations, 2U);
}

TEST(CoreAsk, ACallerThatGoesTakesNoNewContentAlong) {
  Rig rig;
  rig.add_pool("b.x", "one");
  rig.configure();
  rig.core.start();
  rig.ask(question("b.x"));
  std::stop_source gone;
  rig.ask(question("a.x"), {}, gone.get_token());
  ASSERT_EQ(rig.launched, 1U) << "the second waits for the endpoint";
  rig.transports["one"]->changed(fqdn("a.x"), remote::kDefaultCollector);
  gone.request_stop();
  rig.finish_good();
  EXPECT_EQ(rig.launched, 2U) << "the schedule wants the new content read";
}

TEST(CoreAsk, SoonerThanTheMinimumTheCacheAnswers) {
  Rig rig;
  const auto first = rig.ask(Rig::scheduled());
  rig.finish_good();
  rig.clock.advance(9999ms);
  const auto second = rig.ask(Rig::scheduled());
  ASSERT_TRUE(second->answered());
  EXPECT_EQ(second->answer().source, Source::cache);
  EXPECT_EQ(second->answer().evaluation, first->answer().evaluation);
  EXPECT_EQ(rig.launched, 1U);
  rig.ask(Rig::category("CMS"));
  EXPECT_EQ(rig.launched, 2U) << "another question is not served by it";
  rig.finish_good();
  rig.clock.advance(1ms);
  rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.launched, 3U);
}

TEST(CoreAsk, AFailureIsServedFromTheCacheToo) {
  Rig rig;
  rig.ask(Rig::scheduled());
  rig.finish(failure(Reason::connect));
  const auto second = rig.ask(Rig::scheduled());
  ASSERT_TRUE(second->answered());
  EXPECT_EQ(second->answer().source, Source::cache);
  EXPECT_FALSE(second->answer().evaluation->good());
}

TEST(CoreAsk, MaxAgeServesTheNewestGoodAnswer) {
  Rig rig;
  const auto first = rig.ask(Rig::scheduled());
  rig.finish(reply(rig.clock.now(), "A.B:[FinalState,NormalState]", 20s));
  rig.clock.advance(40s);
  rig.ask(Rig::scheduled());
  rig.finish(failure(Reason::dns));
  const auto aged = rig.ask(Rig::scheduled(), {.max_age = 60s});
  ASSERT_TRUE(aged->answered());
  EXPECT_EQ(aged->answer().evaluation, first->answer().evaluation) << "age counts the content's";
  EXPECT_EQ(aged->answer().source, Source::cache);
  const auto strict = rig.ask(Rig::scheduled(), {.max_age = 59s});
  EXPECT_FALSE(strict->answer().evaluation->good()) << "else live, which is the cache for 10 s";
  rig.clock.advance(10s);
  rig.ask(Rig::scheduled(), {.max_age = 59s});
  EXPECT_EQ(rig.launched, 3U);
}

TEST(CoreAsk, AQuerysDeadlineCountsWaiting) {
  Rig rig;
  const MonoTime now = rig.clock.now().mono;
  rig.ask(Rig::category("CMS"), {.deadline = now + 60s});
  const auto waiting = rig.ask(Rig::category("RGS"), {.deadline = now + 10s});
  const auto patient = rig.ask(Rig::category("UserData"), {.deadline = now + 40s});
  rig.pass(10s);
  EXPECT_EQ(waiting->code(), "timeout.queue");
  EXPECT_EQ(waiting->refusal().error.stage, Stage::queue);
  rig.pass(10s);
  rig.finish_good();
  ASSERT_EQ(rig.launched, 2U) << "the expired one never runs";
  EXPECT_EQ(rig.open.begin()->second.deadline, now + 40s);
  rig.finish(failure(Reason::timeout));
  EXPECT_FALSE(patient->answer().evaluation->good());
}

// What begins could not end; whoever comes next gets the place.
TEST(CoreAsk, NothingBeginsInTheLastMoment) {
  Rig rig;
  const MonoTime now = rig.clock.now().mono;
  const auto at_once = rig.ask(Rig::scheduled(), {.deadline = now + 199ms});
  EXPECT_EQ(at_once->code(), "engine.no_time_left");
  EXPECT_EQ(at_once->refusal().error.reason, Reason::throttled) << "503";
  EXPECT_EQ(at_once->refusal().retry_after, 1s);
  EXPECT_EQ(rig.launched, 0U);
  rig.ask(Rig::category("CMS"), {.deadline = now + 60s});
  const auto waiting = rig.ask(Rig::category("RGS"), {.deadline = now + 10s});
  const auto patient = rig.ask(Rig::category("UserData"), {.deadline = now + 40s});
  rig.pass(9'900ms);
  EXPECT_FALSE(waiting->answered());
  rig.finish_good();
  EXPECT_EQ(waiting->code(), "engine.no_time_left");
  ASSERT_EQ(rig.launched, 2U) << "the place is not lost";
  EXPECT_EQ(rig.open.begin()->second.deadline, now + 40s);
  rig.finish_good();
  EXPECT_TRUE(patient->answer().evaluation->good());
  EXPECT_TRUE(rig.ask(Rig::scheduled(), {.deadline = rig.clock.now().mono + 200ms}) != nullptr);
  EXPECT_EQ(rig.launched, 3U) << "200 ms are enough, and the pool is free";
}

TEST(CoreAsk, WhoeverHasTheRunsTimeHearsTheRunsOwnTimeout) {
  Rig rig;
  const auto heard = rig.ask(Rig::scheduled(), {.deadline = rig.clock.now().mono + 20s});
  rig.pass(20s);
  EXPECT_EQ(heard->calls, 0) << "the transport says what ran out";
  rig.finish(failure(Reason::timeout));
  ASSERT_TRUE(heard->answered());
  EXPECT_EQ(heard->answer().evaluation->error->reason, Reason::timeout);
}

TEST(CoreAsk, TheGuardAnswersWhenTheTransportDoesNot) {
  Rig rig;
  const auto heard = rig.ask(Rig::scheduled(), {.deadline = rig.clock.now().mono + 20s});
  rig.pass(22s);
  ASSERT_TRUE(heard->answered());
  EXPECT_EQ(heard->answer().evaluation->error->code, "timeout.abandoned");
  rig.finish_good();
  EXPECT_EQ(heard->calls, 1);
}

TEST(CoreAsk, AQueryNeverGetsMoreThanThePoolsTimeout) {
  Rig rig;
  rig.ask(Rig::scheduled(), {.deadline = rig.clock.now().mono + 10h});
  EXPECT_EQ(rig.open.begin()->second.deadline, rig.clock.now().mono + 60s);
}

TEST(CoreAsk, Refusals) {
  Rig rig;
  EXPECT_EQ(rig.ask(Rig::scheduled("unknown.x"))->code(), "pool.not_configured");
  EXPECT_EQ(rig.ask(Rig::scheduled("unknown.x"))->refusal().error.reason, Reason::not_found);
  EXPECT_EQ(rig.ask(Rig::scheduled(), {.deadline = rig.clock.now().mono - 1s})->code(),
            "timeout.queue");
  rig.transports["one"]->categories = false;
  const auto cannot = rig.ask(Rig::category("CMS"));
  EXPECT_EQ(cannot->code(), "file.cannot_ask");
  EXPECT_EQ(cannot->refusal().error.reason, Reason::protocol);
  EXPECT_EQ(rig.launched, 0U);
}

TEST(CoreAsk, CallbacksMayAskAgain) {
  Rig rig;
  std::vector<Source> sources;
  rig.core.evaluate(Rig::scheduled(), {.deadline = rig.clock.now().mono + 9s}, {}, [&](auto said) {
    sources.push_back(said->source);
    rig.core.evaluate(Rig::scheduled(), {.deadline = rig.clock.now().mono + 9s}, {},
                      [&](auto again) { sources.push_back(again->source); });
  });
  rig.finish_good();
  EXPECT_THAT(sources, ElementsAre(Source::live, Source::cache));
}

TEST(CoreAsk, StopRefusesCallersAndStartsNothing) {
  Rig rig;
  rig.first_run();
  rig.pass(11s);
  const auto running = rig.ask(Rig::scheduled());
  const auto queued = rig.ask(Rig::category("CMS"));
  rig.core.stop();
  rig.core.stop();
  EXPECT_EQ(running->code(), "engine.stopping");
  EXPECT_EQ(queued->code(), "engine.stopping");
  EXPECT_NE(running->refusal().last_known, nullptr);
  EXPECT_TRUE(running->refusal().retry_after.has_value());
  EXPECT_EQ(rig.ask(Rig::scheduled())->code(), "engine.stopping");
  EXPECT_THAT(rig.cancelled, SizeIs(1));
  const auto launched = rig.launched;
  rig.finish(failure(Reason::timeout));
  rig.pass(1h);
  EXPECT_EQ(rig.launched, launched);
  EXPECT_EQ(rig.core.running(), 0U);
  EXPECT_EQ(rig.pool()->evaluations, 1U);
  EXPECT_EQ(running->calls + queued->calls, 2);
}

// Neither the least interval nor the schedule's history gives way to a caller who asks everything.
TEST(CoreAsk, RotatingTheQuestionsGoesRoundNothing) {
  Rig rig;
  rig.options.pools[0].evaluation_interval = 24h;
  rig.configure();
  rig.first_run();
  std::vector<status::Question> all;
  for (const char* category : {"", "UserData", "CMS", "RGS"}) {
    for (const bool force : {false, true}) {
      for (const std::optional<bool> bypass : {std::optional<bool>(), {true}, {false}}) {
        status::Question made = Rig::scheduled();
        if (*category != '\0') {
          made.arguments.push_back({"Category", category});
        }
        if (force) {
          made.arguments.push_back({"Force", true});
        }
        if (bypass) {
          made.arguments.push_back({"BypassDualWrite", *bypass});
        }
        all.push_back(std::move(made));
      }
    }
  }
  ASSERT_THAT(all, SizeIs(24));
  for (int round = 0; round < 10; ++round) {
    rig.pass(10s);
    const std::size_t before = rig.launched;
    for (int turn = 0; turn < 5; ++turn) {
      for (const status::Question& question : all) {
        const auto heard = rig.ask(question);
        if (!rig.open.empty()) {
          rig.finish_good();
        }
        EXPECT_TRUE(heard->answered());
      }
    }
    EXPECT_EQ(rig.launched - before, 24U) << round;
  }
  EXPECT_EQ(rig.core.history(fqdn("a.x"))->back().trigger, Trigger::schedule);
}

}  // namespace
}  // namespace sfb::engine
