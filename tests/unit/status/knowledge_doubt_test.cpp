// Answers that are good and say nothing: empty ones of which output may be missing.
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
using namespace sfb::status::testing;  // NOLINT: builders

class DoubtTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto evaluation = good(clock.now(), {module("A", ExportState::final_state)}, "fe1");
    status_of(*evaluation).overall_export = ExportState::final_state;
    known = evaluation;
    knowledge.completed(known);
  }
  PoolSnapshotPtr look() { return knowledge.snapshot(clock.now()); }
  void pass_and_fail() {
    clock.advance(2min);
    knowledge.completed(failed(clock.now(), Reason::timeout));
  }
  EvaluationPtr pass_and_doubt() {
    clock.advance(2min);
    auto evaluation = good(clock.now(), {});
    status_of(*evaluation).conclusive = false;
    status_of(*evaluation).notes = {"output may be missing"};
    knowledge.completed(evaluation);
    return evaluation;
  }
  void expect_known(const PoolSnapshot& snapshot) const {
    EXPECT_EQ(snapshot.last_good, known);
    EXPECT_EQ(snapshot.last_success, known->evaluated_at);
    EXPECT_EQ(shown(snapshot).overall_export, ExportState::final_state);
    EXPECT_THAT(shown(snapshot).machines, ElementsAre(Pair("fe1", true)));
    ASSERT_THAT(shown(snapshot).modules, SizeIs(1));
    EXPECT_EQ(shown(snapshot).modules[0].module.export_state, ExportState::final_state);
    EXPECT_EQ(shown(snapshot).modules[0].export_changed, known->finished);
    EXPECT_EQ(shown(snapshot).modules[0].last_healthy, known->evaluated_at);
  }
  static void expect_unknown(const PoolSnapshot& snapshot) {
    EXPECT_EQ(shown(snapshot).verdict.configured, std::nullopt);
    EXPECT_EQ(shown(snapshot).verdict.working, std::nullopt);
    EXPECT_THAT(shown(snapshot).verdict.doubts, SizeIs(1));
  }

  FakeClock clock;
  Knowledge knowledge{identity(), collectors::pool_status(), Limits{}};
  EvaluationPtr known;
};

TEST_F(DoubtTest, TakesTheVerdictAwayAndNothingElse) {
  ASSERT_EQ(shown(look()).verdict.working, true);
  const EvaluationPtr doubtful = pass_and_doubt();
  const auto snapshot = look();
  EXPECT_EQ(snapshot->up, true);
  EXPECT_EQ(snapshot->freshness, Freshness::fresh);
  EXPECT_EQ(snapshot->evaluations, 2U);
  EXPECT_EQ(snapshot->last_completed, doubtful);
  EXPECT_EQ(snapshot->last_evaluation, clock.now().wall);
  expect_unknown(*snapshot);
  expect_known(*snapshot);
}

TEST_F(DoubtTest, SeveralInARowAndFailuresBetweenThemBringNoVerdictBack) {
  pass_and_doubt();
  pass_and_doubt();
  expect_unknown(*look());
  pass_and_fail();
  EXPECT_EQ(look()->up, false);
  expect_unknown(*look());
  pass_and_doubt();
  EXPECT_EQ(look()->up, true);
  expect_unknown(*look());
  expect_known(*look());
}

TEST_F(DoubtTest, TheNextConclusiveAnswerDecides) {
  pass_and_doubt();
  clock.advance(2min);
  knowledge.completed(good(clock.now(), {module("A", ExportState::final_state)}));
  EXPECT_EQ(shown(look()).verdict.working, true);
  EXPECT_EQ(look()->last_success, clock.now().wall);
  EXPECT_EQ(shown(look()).modules[0].export_changed, known->finished)
      << "the state stayed all the time";
  pass_and_doubt();
  clock.advance(2min);
  knowledge.completed(good(clock.now(), {}));
  EXPECT_EQ(shown(look()).verdict.configured, false);
  EXPECT_THAT(shown(look()).modules, IsEmpty());
}

TEST_F(DoubtTest, StatesGoStaleByTheLastConclusiveAnswer) {
  for (int i = 0; i < 30; ++i) {
    pass_and_doubt();
  }
  EXPECT_EQ(look()->freshness, Freshness::fresh);
  EXPECT_EQ(knowledge.next_change(clock.now()), known->made + 1h + 1ns);
  pass_and_doubt();
  const auto stale = look();
  EXPECT_EQ(stale->freshness, Freshness::stale);
  EXPECT_EQ(stale->up, true);
  EXPECT_EQ(shown(stale).verdict.configured, std::nullopt);
  EXPECT_EQ(stale->last_success, known->evaluated_at);
}

TEST_F(DoubtTest, AReloadDoesNotBringTheVerdictBack) {
  pass_and_doubt();
  PoolIdentity changed = identity();
  changed.expectation.cms_master = true;
  knowledge.reconfigure(changed, Limits{});
  expect_unknown(*look());
  expect_known(*look());
}

TEST_F(DoubtTest, BeforeAnyOtherAnswerNothingIsKnown) {
  Knowledge fresh{identity(), collectors::pool_status(), Limits{}};
  auto evaluation = good(clock.now(), {});
  status_of(*evaluation).conclusive = false;
  fresh.completed(evaluation);
  const auto snapshot = fresh.snapshot(clock.now());
  EXPECT_EQ(snapshot->up, true);
  EXPECT_EQ(snapshot->freshness, Freshness::none);
  EXPECT_EQ(shown(snapshot).verdict.configured, std::nullopt);
  EXPECT_EQ(snapshot->last_success, std::nullopt);
  EXPECT_EQ(snapshot->last_good, nullptr);
  EXPECT_EQ(fresh.next_change(clock.now()), std::nullopt);
  fresh.reconfigure(identity(), Limits{});
  EXPECT_EQ(shown(fresh.snapshot(clock.now())).verdict.configured, std::nullopt);
}

}  // namespace
}  // namespace sfb::status
