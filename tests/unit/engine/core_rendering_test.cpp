// Callers who want the server's own text: who shares a run with whom.
#include "tests/unit/engine/rig.hpp"

#include <gtest/gtest.h>

namespace sfb::engine::testing {
namespace {

using status::Source;

status::Wish text(int width, bool expanded = false) {
  return {.render = {.width = width, .expanded = expanded}};
}

class CoreRendering : public ::testing::Test {
 protected:
  CoreRendering() {
    rig.transports["one"]->backoff = false;  // no trial first
    rig.options.endpoints[0].max_concurrent = 9;
    rig.configure();
  }
  Rig rig;
};

TEST_F(CoreRendering, TheFormGoesWithTheCall) {
  rig.ask(Rig::scheduled(), text(80));
  EXPECT_EQ(rig.open.begin()->second.ask.call.render, (TextForm{.width = 80}));
  rig.ask(Rig::scheduled(), text(80, true));
  EXPECT_EQ(rig.open.rbegin()->second.ask.call.render, (TextForm{80, true}));
}

TEST_F(CoreRendering, OnlyTheSameTextIsShared) {
  rig.ask(Rig::scheduled(), text(80));
  const auto same = rig.ask(Rig::scheduled(), text(80));
  EXPECT_EQ(rig.launched, 1U);
  rig.ask(Rig::scheduled(), text(120));
  rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.launched, 3U);
  rig.ask(Rig::scheduled(), text(80, true));
  const auto expanded = rig.ask(Rig::scheduled(), text(80, true));
  EXPECT_EQ(rig.launched, 4U) << "the text of the modules is another one";
  rig.finish_good();
  EXPECT_EQ(same->answer().source, Source::joined);
  while (!rig.open.empty()) {
    rig.finish_good();
  }
  EXPECT_EQ(expanded->answer().source, Source::joined);
}

TEST_F(CoreRendering, WhereTheServerCannotRenderAllShareARun) {
  rig.transports["one"]->renders = false;
  rig.ask(Rig::scheduled(), text(80));
  rig.ask(Rig::scheduled(), text(120));
  rig.ask(Rig::scheduled(), text(80, true));
  rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.launched, 1U);
  EXPECT_EQ(rig.open.begin()->second.ask.call.render, TextForm{});
}

TEST_F(CoreRendering, TheScheduleGoesOnBesideIt) {
  rig.core.start();
  rig.ask(Rig::scheduled(), text(80));
  ASSERT_TRUE(rig.pass_until_launch());
  EXPECT_EQ(rig.launched, 2U);
  EXPECT_EQ(rig.open.rbegin()->second.ask.call.render, TextForm{});
  // Either's answer is the pool's news; the schedule's next turn is not moved.
  rig.finish_good("A.B:[ErrorState,NormalState]");
  EXPECT_EQ(status_of(*rig.pool()->last_good).modules.at(0).export_word, "ErrorState");
  EXPECT_TRUE(rig.pool()->running);
  rig.finish_good();
  EXPECT_EQ(status_of(*rig.pool()->last_good).modules.at(0).export_word, "FinalState");
  EXPECT_FALSE(rig.pool()->running);
  ASSERT_TRUE(rig.pass_until_launch());
  EXPECT_EQ(rig.launched, 3U);
}

TEST_F(CoreRendering, BackOffHoldsForEveryWidth) {
  rig.transports["one"]->backoff = true;
  rig.options.endpoints[0].max_concurrent = 9;
  rig.add_pool("b.x", "one");
  rig.configure();
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good();  // the account is let in
  rig.pass(11s);
  rig.ask(Rig::scheduled("a.x"), text(80));  // goes on
  rig.ask(Rig::scheduled("b.x"), text(80));
  const std::size_t before = rig.launched;
  rig.finish(failure(Reason::auth), "b.x");
  const auto other = rig.ask(Rig::scheduled("a.x"), text(120));
  EXPECT_EQ(other->code(), "engine.backoff");
  EXPECT_EQ(rig.launched, before);
  rig.ask(Rig::scheduled("a.x"), text(80));  // joins
  EXPECT_EQ(rig.launched, before);
}

TEST_F(CoreRendering, WhoWaitsForAnotherTextIsServedFromTheFirstAnswer) {
  rig.options.endpoints[0].max_concurrent = 1;
  rig.configure();
  const auto first = rig.ask(Rig::scheduled(), text(80));
  const auto second = rig.ask(Rig::scheduled(), text(90));
  const auto expanded = rig.ask(Rig::scheduled(), text(80, true));
  const auto other = rig.ask(Rig::category("CMS"), text(90));
  EXPECT_EQ(rig.launched, 1U);
  rig.finish_good();
  EXPECT_EQ(first->answer().source, Source::live);
  EXPECT_EQ(second->answer().source, Source::cache);
  EXPECT_EQ(second->answer().evaluation, first->answer().evaluation);
  EXPECT_EQ(expanded->answer().evaluation, first->answer().evaluation);
  EXPECT_EQ(other->calls, 0);
  EXPECT_EQ(rig.launched, 2U);
  EXPECT_EQ(rig.open.begin()->second.ask.call.parameter("Category"), "CMS");
}

TEST_F(CoreRendering, WithoutALeastIntervalEachWidthIsAsked) {
  rig.options.endpoints[0].max_concurrent = 1;
  rig.options.min_live_interval = 0s;
  rig.configure();
  rig.ask(Rig::scheduled(), text(80));
  const auto second = rig.ask(Rig::scheduled(), text(90));
  rig.finish_good();
  EXPECT_EQ(second->calls, 0);
  EXPECT_EQ(rig.launched, 2U);
}

TEST_F(CoreRendering, ACachedAnswerServesEveryText) {
  rig.ask(Rig::scheduled(), text(80));
  rig.finish_good();
  EXPECT_EQ(rig.ask(Rig::scheduled(), text(120))->answer().source, Source::cache);
  EXPECT_EQ(rig.ask(Rig::scheduled(), text(80, true))->answer().source, Source::cache);
  EXPECT_EQ(rig.ask(Rig::scheduled())->answer().source, Source::cache);
  EXPECT_EQ(rig.launched, 1U);
}

TEST_F(CoreRendering, WhoeverGoesTakesHisRunAlongAndNotTheSchedules) {
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  std::stop_source gone;
  rig.ask(Rig::scheduled(), text(80), gone.get_token());
  EXPECT_EQ(rig.launched, 2U);
  gone.request_stop();
  EXPECT_EQ(rig.cancelled.size(), 1U);
  EXPECT_TRUE(rig.pool()->running);
}

}  // namespace
}  // namespace sfb::engine::testing
