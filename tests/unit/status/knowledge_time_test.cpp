// What time alone does to a pool's knowledge: staleness and forgotten machines.
#include "agent/status/knowledge.hpp"
#include "tests/unit/status/evaluations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::status {
namespace {

using collectors::ExportState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace sfb::status::testing;  // NOLINT: builders

class KnowledgeTimeTest : public ::testing::Test {
 protected:
  PoolSnapshotPtr look() { return knowledge.snapshot(clock.now()); }
  void answer(std::string machine = {}, std::chrono::nanoseconds age = 0s) {
    knowledge.completed(
        good(clock.now(), {module("A", ExportState::final_state)}, std::move(machine), age));
  }
  static PoolIdentity long_stale_after() {
    PoolIdentity made = identity();
    made.stale_after = 48h;
    return made;
  }

  FakeClock clock;
  Knowledge knowledge{identity(), collectors::pool_status(), Limits{}};
};

TEST_F(KnowledgeTimeTest, NoneFreshStaleFresh) {
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::none);
  clock.advance(100h);
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::none) << "none never becomes stale";
  answer("fe1");
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::fresh);
  clock.advance(1h);
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::fresh) << "older than, not as old as";
  clock.advance(1ns);
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::stale);
  answer("fe1");
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::fresh);
  EXPECT_THAT(shown(look()).machines, SizeIs(1));
}

TEST_F(KnowledgeTimeTest, StaleDropsStatesAndKeepsTimes) {
  answer("fe1");
  const auto fresh = look();
  clock.advance(1h + 1s);
  knowledge.completed(failed(clock.now(), Reason::dns));
  const auto stale = look();
  EXPECT_NE(stale, fresh);
  EXPECT_EQ(stale->freshness, Freshness::stale);
  EXPECT_EQ(shown(stale).verdict.configured, std::nullopt);
  EXPECT_EQ(shown(stale).overall_export, std::nullopt);
  EXPECT_THAT(shown(stale).machines, IsEmpty());
  ASSERT_THAT(shown(stale).modules, SizeIs(1));
  EXPECT_EQ(shown(stale).modules[0].last_healthy, shown(fresh).modules[0].last_healthy);
  EXPECT_EQ(stale->last_success, fresh->last_success);
  EXPECT_NE(stale->last_good, nullptr);
}

TEST_F(KnowledgeTimeTest, AStaleSnapshotAppearsWithoutAnyEvent) {
  answer();
  const auto fresh = look();
  const auto change = knowledge.next_change(clock.now());
  ASSERT_TRUE(change.has_value());
  clock.advance(*change - clock.now().mono - 1ns);
  EXPECT_EQ(look(), fresh);
  clock.advance(1ns);
  EXPECT_EQ(look()->freshness, Freshness::stale);
  EXPECT_EQ(knowledge.next_change(clock.now()), std::nullopt);
}

TEST_F(KnowledgeTimeTest, TheContentsAgeCountsForStaleness) {
  answer("", 59min);
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::fresh);
  clock.advance(1min + 1ns);
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::stale);
  answer("", 2h);
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::stale) << "a good answer, but an old one";
  EXPECT_EQ(look()->up, true);
  EXPECT_EQ(shown(look()).verdict.configured, std::nullopt);
}

TEST_F(KnowledgeTimeTest, TheWallClockDoesNotMatter) {
  answer();
  clock.set_wall_back(24h);
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::fresh);
  clock.advance(2h);
  EXPECT_EQ(knowledge.freshness(clock.now()), Freshness::stale);
}

TEST_F(KnowledgeTimeTest, NoTimeStaysAheadOfAClockThatWasSetBack) {
  answer();
  clock.set_wall_back(24h);
  clock.advance(2min);
  answer();
  const WallTime now = clock.now().wall;
  const collectors::ModuleSeries series = shown(look()).modules[0];
  EXPECT_EQ(series.last_healthy, now);
  EXPECT_EQ(series.last_final, now);
  EXPECT_EQ(series.export_changed, now);
  EXPECT_EQ(series.import_changed, now);
  EXPECT_EQ(look()->last_success, now);
  EXPECT_EQ(look()->last_evaluation, now);
}

TEST_F(KnowledgeTimeTest, StateChangesSurviveStaleness) {
  answer();
  const WallTime first = clock.now().wall;
  clock.advance(3h);
  answer();
  EXPECT_EQ(shown(look()).modules[0].export_changed, first);
}

TEST_F(KnowledgeTimeTest, StaleAfterCanBeReconfigured) {
  answer();
  clock.advance(2h);
  EXPECT_EQ(look()->freshness, Freshness::stale);
  knowledge.reconfigure(long_stale_after(), Limits{});
  EXPECT_EQ(look()->freshness, Freshness::fresh);
  EXPECT_TRUE(shown(look()).verdict.configured.has_value());
}

TEST_F(KnowledgeTimeTest, MachinesAreForgottenAfterADay) {
  knowledge.reconfigure(long_stale_after(), Limits{});
  answer("fe1");
  clock.advance(1h);
  answer("fe2");
  clock.advance(23h);
  EXPECT_THAT(shown(look()).machines, UnorderedElementsAre(Pair("fe1", false), Pair("fe2", true)));
  const auto change = knowledge.next_change(clock.now());
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(*change, clock.now().mono + 1ns);
  clock.advance(1ns);
  EXPECT_THAT(shown(look()).machines, ElementsAre(Pair("fe2", true)));
  clock.advance(20h);
  EXPECT_THAT(shown(look()).machines, ElementsAre(Pair("fe2", true)))
      << "the active one stays as long as the answer is fresh";
}

TEST_F(KnowledgeTimeTest, AForgottenMachineThatComesBackIsAChange) {
  knowledge.reconfigure(long_stale_after(), Limits{});
  answer("fe1");
  answer("fe2");
  clock.advance(25h);
  answer("fe1");
  EXPECT_EQ(shown(look()).active_machine_changes, 2U);
}

TEST_F(KnowledgeTimeTest, MachinesAreCappedTheOldestGoesFirst) {
  Limits limits;
  limits.machines_per_pool = 2;
  Knowledge capped(identity(), collectors::pool_status(), limits);
  for (const char* name : {"fe1", "fe2", "fe3"}) {
    capped.completed(good(clock.now(), {}, name));
    clock.advance(1min);
  }
  EXPECT_THAT(shown(capped.snapshot(clock.now())).machines,
              UnorderedElementsAre(Pair("fe2", false), Pair("fe3", true)));
  EXPECT_EQ(shown(capped.snapshot(clock.now())).active_machine_changes, 2U);
  limits.machines_per_pool = 0;
  Knowledge none(identity(), collectors::pool_status(), limits);
  none.completed(good(clock.now(), {}, "fe1"));
  EXPECT_THAT(shown(none.snapshot(clock.now())).machines, IsEmpty());
}

}  // namespace
}  // namespace sfb::status
