// Objects of answers stay in memory as long as there is room for them, over all pools.
#include "agent/engine/kept_objects.hpp"

#include "tests/unit/engine/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using ::testing::HasSubstr;
using namespace sfb::engine::testing;  // NOLINT: the rig
using status::Source;

constexpr std::size_t kLarge = 100'000;

std::string large() {
  return "A.B:[FinalState,NormalState]" + std::string(kLarge, ' ');
}

/// Large answers of this many fit that the schedule wants.
std::unique_ptr<Rig> rig_for(std::size_t answers) {
  auto rig = std::make_unique<Rig>();
  rig->options.limits.in_flight = (kLarge + kLarge / 2) * answers / 4;
  rig->options.min_live_interval = 10s;
  rig->configure();
  rig->core.start();
  return rig;
}

TEST(KeptObjects, WithoutRoomAllButTheObjectsIsKept) {
  const auto rig = rig_for(0);
  ASSERT_TRUE(rig->pass_until_launch());
  const auto joined = rig->ask(Rig::scheduled());
  rig->finish_good(large());
  ASSERT_TRUE(joined->answered());
  EXPECT_NE(joined->answer().evaluation->result, nullptr) << "who waits for it gets it";
  const auto pool = rig->pool();
  EXPECT_EQ(pool->up, true);
  ASSERT_NE(pool->last_good, nullptr);
  EXPECT_EQ(pool->last_good->result, nullptr);
  EXPECT_NE(pool->last_good->finding, nullptr);
  EXPECT_EQ(pool->last_good->note.code, "engine.not_kept");
  const auto history = rig->core.history(fqdn("a.x")).value();
  EXPECT_EQ(history.at(0).code, "engine.not_kept");
  EXPECT_THAT(history.at(0).message, HasSubstr("its objects are not kept"));
  EXPECT_TRUE(history.at(0).good);
}

TEST(KeptObjects, AnAnswerWithoutThemServesNobodyLater) {
  const auto rig = rig_for(0);
  ASSERT_TRUE(rig->pass_until_launch());
  rig->finish_good(large());
  const std::size_t before = rig->launched;
  for (const auto max_age : {std::optional<std::chrono::seconds>(), std::optional(3600s)}) {
    const auto heard = rig->ask(Rig::scheduled(), {.max_age = max_age});
    ASSERT_EQ(heard->code(), "engine.not_kept");
    EXPECT_EQ(heard->refusal().retry_after, 10s);
    EXPECT_NE(heard->refusal().last_known, nullptr);
  }
  EXPECT_EQ(rig->launched, before) << "nobody goes round the least interval";
  rig->pass(10s);
  const auto live = rig->ask(Rig::scheduled(), {.max_age = 3600s});
  EXPECT_EQ(rig->launched, before + 1);
  rig->finish_good(large());
  ASSERT_TRUE(live->answered());
  EXPECT_EQ(live->answer().source, Source::live);
  EXPECT_NE(live->answer().evaluation->result, nullptr);
}

TEST(KeptObjects, OtherQuestionsTakeNothingFromTheSchedule) {
  const auto rig = rig_for(4);
  ASSERT_TRUE(rig->pass_until_launch());
  rig->finish_good(large());
  for (const char* category : {"CMS", "UserServices", "All"}) {
    const auto heard = rig->ask(Rig::category(category));
    rig->finish_good(large());
    ASSERT_TRUE(heard->answered());
  }
  rig->pass(10s);
  EXPECT_TRUE(rig->ask(Rig::category("CMS"), {.max_age = 3600s})->answered()) << "the first fits";
  EXPECT_FALSE(rig->ask(Rig::category("UserServices"), {.max_age = 3600s})->answered());
  EXPECT_NE(rig->pool()->last_good->result, nullptr);
}

TEST(KeptObjects, AFailureWithoutThemIsStillTold) {
  const auto rig = rig_for(0);
  rig->first_run();
  rig->pass(20s);
  const auto first = rig->ask(Rig::scheduled());
  rig->finish_good("this says nothing");
  ASSERT_TRUE(first->answered());
  ASSERT_FALSE(first->answer().evaluation->good());
  const auto second = rig->ask(Rig::scheduled());
  ASSERT_TRUE(second->answered()) << second->code();
  EXPECT_EQ(second->answer().source, Source::cache);
  EXPECT_TRUE(second->answer().evaluation->note.empty());
}

TEST(KeptObjects, WhatWasReplacedIsNotKeptByAnOldPage) {
  const auto rig = rig_for(3);
  ASSERT_TRUE(rig->pass_until_launch());
  rig->finish_good(large());
  const auto version = rig->core.snapshot()->version;
  const std::weak_ptr<const PackedResult> old = rig->pool()->last_good->result;
  ASSERT_FALSE(old.expired());
  ASSERT_TRUE(rig->pass_until_launch());
  rig->finish_good(large());
  EXPECT_TRUE(old.expired());
  EXPECT_GT(rig->core.snapshot()->version, version);
}

TEST(KeptObjects, RoomIsFreeWhenTheLastOwnerGoes) {
  KeptObjects objects;
  Limits limits;
  const auto hold = [&] { return objects.hold(reply({}, large()).result, false, limits); };
  limits.in_flight = kLarge;
  EXPECT_EQ(hold(), nullptr) << "a little more than there is";
  limits.in_flight = 2 * kLarge;
  auto first = hold();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->unpack().output.size(), 1U);
  EXPECT_EQ(hold(), nullptr);
  first.reset();
  EXPECT_NE(hold(), nullptr);
}

}  // namespace
}  // namespace sfb::engine
