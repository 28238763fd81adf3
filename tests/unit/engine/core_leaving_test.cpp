// Callers who hang up: what they leave, and what they cannot go round.
#include "tests/unit/engine/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::engine::testing;  // NOLINT: the rig
using status::Source;

TEST(CoreLeaving, ARunNobodyWaitsForIsCancelledAndNotCounted) {
  Rig rig;
  std::stop_source gone;
  const auto heard = rig.ask(Rig::scheduled(), {}, gone.get_token());
  ASSERT_EQ(rig.launched, 1U);
  gone.request_stop();
  EXPECT_EQ(heard->calls, 1);
  EXPECT_EQ(heard->code(), "caller.gone");
  EXPECT_THAT(rig.cancelled, SizeIs(1));
  EXPECT_FALSE(rig.pool()->running);
  EXPECT_EQ(rig.core.running(), 1U) << "until it returned";

  const auto next = rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.launched, 1U) << "never two runs of one question";
  rig.finish(failure(Reason::timeout));
  EXPECT_EQ(rig.pool()->evaluations, 0U);
  EXPECT_THAT(rig.core.history(fqdn("a.x")).value(), IsEmpty());
  EXPECT_EQ(rig.launched, 2U);
  rig.finish_good();
  EXPECT_EQ(next->answer().source, Source::live);
  EXPECT_EQ(rig.pool()->evaluations, 1U);
}

TEST(CoreLeaving, LeavingAgainAndAgainGoesNotRoundTheLeastInterval) {
  Rig rig;
  const auto ask_and_leave = [&rig] {
    std::stop_source gone;
    auto heard = rig.ask(Rig::category("CMS"), {}, gone.get_token());
    gone.request_stop();
    if (!rig.open.empty()) {
      rig.finish(failure(Reason::timeout));  // the cancelled run has returned
    }
    return heard;
  };
  for (int n = 0; n < 50; ++n) {
    ask_and_leave();
  }
  EXPECT_EQ(rig.launched, 2U);
  const MonoTime now = rig.clock.now().mono;
  const auto hasty = rig.ask(Rig::category("CMS"), {.deadline = now + 9s});
  EXPECT_EQ(hasty->code(), "engine.too_soon");
  EXPECT_EQ(hasty->refusal().retry_after, 10s);
  EXPECT_EQ(rig.ask(Rig::category("RGS"))->calls, 0) << "another question has its own interval";
  rig.finish_good();
  const auto patient = rig.ask(Rig::category("CMS"), {.deadline = now + 60s});
  rig.pass(9s);
  EXPECT_EQ(rig.launched, 3U);
  rig.pass(1s);
  EXPECT_EQ(rig.launched, 4U) << "it waited";
  rig.finish_good();
  EXPECT_EQ(patient->answer().source, Source::live);
}

TEST(CoreLeaving, OneWhoWaitsToBeAskedMayLeave) {
  Rig rig;
  for (int n = 0; n < 3; ++n) {
    std::stop_source gone;
    rig.ask(Rig::category("CMS"), {.deadline = rig.clock.now().mono + 60s}, gone.get_token());
    gone.request_stop();
    if (!rig.open.empty()) {
      rig.finish(failure(Reason::timeout));
    }
  }
  rig.pass(20s);
  EXPECT_EQ(rig.launched, 2U);
}

TEST(CoreLeaving, OneCallerGoneLeavesTheOthersTheirRun) {
  Rig rig;
  std::stop_source gone;
  rig.ask(Rig::scheduled(), {}, gone.get_token());
  const auto other = rig.ask(Rig::scheduled());
  gone.request_stop();
  EXPECT_THAT(rig.cancelled, IsEmpty());
  rig.finish_good();
  EXPECT_EQ(other->answer().source, Source::joined);
}

TEST(CoreLeaving, ACallerGoneWhileWaitingLeavesTheQueue) {
  Rig rig;
  std::stop_source gone;
  rig.ask(Rig::category("CMS"));
  rig.ask(Rig::category("RGS"), {}, gone.get_token());
  gone.request_stop();
  rig.finish_good();
  EXPECT_EQ(rig.launched, 1U);
  gone = std::stop_source();
  gone.request_stop();
  EXPECT_EQ(rig.ask(Rig::scheduled(), {}, gone.get_token())->code(), "caller.gone");
  EXPECT_EQ(rig.launched, 1U);
}

}  // namespace
}  // namespace sfb::engine
