// Callers who want the server's own text: who shares a run with whom.
#include "tests/unit/engine/rig.hpp"

#include <gtest/gtest.h>

namespace sfb::engine::testing {
namespace {

using status::Source;

status::Wish text(int width) {
  return {.render_width = width};
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

TEST_F(CoreRendering, TheWidthGoesWithTheCall) {
  rig.ask(Rig::scheduled(), text(80));
  EXPECT_EQ(rig.open.begin()->second.call.render_width, 80);
}

TEST_F(CoreRendering, OnlyTheSameTextIsShared) {
  rig.ask(Rig::scheduled(), text(80));
  const auto same = rig.ask(Rig::scheduled(), text(80));
  EXPECT_EQ(rig.launched, 1U);
  rig.ask(Rig::scheduled(), text(120));
  rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.launched, 3U);
  rig.finish_good();
  EXPECT_EQ(same->answer().source, Source::joined);
}

TEST_F(CoreRendering, WhereTheServerCannotRenderAllShareARun) {
  rig.transports["one"]->renders = false;
  rig.ask(Rig::scheduled(), text(80));
  rig.ask(Rig::scheduled(), text(120));
  rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.launched, 1U);
  EXPECT_EQ(rig.open.begin()->second.call.render_width, 0);
}

TEST_F(CoreRendering, TheScheduleGoesOnBesideIt) {
  rig.core.start();
  rig.ask(Rig::scheduled(), text(80));
  ASSERT_TRUE(rig.pass_until_launch());
  EXPECT_EQ(rig.launched, 2U);
  EXPECT_EQ(rig.open.rbegin()->second.call.render_width, 0);
  // Either's answer is the pool's news; the schedule's next turn is not moved.
  rig.finish_good("A.B:[ErrorState,NormalState]");
  EXPECT_EQ(rig.pool()->last_good->status->modules.at(0).export_word, "ErrorState");
  EXPECT_TRUE(rig.pool()->running);
  rig.finish_good();
  EXPECT_EQ(rig.pool()->last_good->status->modules.at(0).export_word, "FinalState");
  EXPECT_FALSE(rig.pool()->running);
  ASSERT_TRUE(rig.pass_until_launch());
  EXPECT_EQ(rig.launched, 3U);
}

TEST_F(CoreRendering, ACachedAnswerServesEveryWidth) {
  rig.ask(Rig::scheduled(), text(80));
  rig.finish_good();
  EXPECT_EQ(rig.ask(Rig::scheduled(), text(120))->answer().source, Source::cache);
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
