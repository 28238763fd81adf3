#include "agent/status/saved_knowledge.hpp"

#include "tests/unit/status/evaluations.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::status {
namespace {

using namespace testing;
using collectors::ExportState;

TEST(SavedKnowledge, ComesBackInAnotherProcess) {
  FakeClock clock;
  Knowledge before(identity(), collectors::pool_status(), {});
  auto answer = good(clock.now(), {module("A.B", ExportState::final_state)});
  answer->id = 7;
  before.completed(answer);
  const WallTime first = clock.now().wall;
  clock.advance(120s);
  before.completed(failed(clock.now(), Reason::connect));
  const WallTime second = clock.now().wall;
  const KeptPool kept = before.keep(clock.now());
  EXPECT_EQ(kept.good, answer);

  const auto saved = read_saved_knowledge(kept.knowledge);
  ASSERT_TRUE(saved && saved->good);
  EXPECT_EQ(saved->good->id, 7U);
  EXPECT_EQ(saved->good->evaluated_at, first);
  EXPECT_EQ(saved->good->duration, 250ms);
  EXPECT_EQ(saved->good->dated, std::nullopt);

  clock.advance(600s);
  auto back = good(clock.now(), {module("A.B", ExportState::final_state)}, {}, 720s);
  Knowledge after(identity(), collectors::pool_status(), {});
  ASSERT_TRUE(after.restore(*saved, kept.memory, back, clock.now()));
  const PoolSnapshotPtr snapshot = after.snapshot(clock.now());
  EXPECT_EQ(snapshot->freshness, Freshness::fresh);
  EXPECT_EQ(snapshot->up, std::nullopt) << "nothing was asked yet";
  EXPECT_EQ(snapshot->evaluations, 0U);
  EXPECT_EQ(snapshot->last_success, first);
  EXPECT_EQ(snapshot->last_evaluation, second);
  EXPECT_EQ(snapshot->last_duration, 250ms);
  EXPECT_EQ(snapshot->last_completed, nullptr);
  EXPECT_EQ(snapshot->failing_since, second);
  EXPECT_EQ(snapshot->failures_in_row, 1U);
  ASSERT_NE(snapshot->failure, nullptr) << "a pool that failed is not well because of a restart";
  EXPECT_EQ(snapshot->failure->reason, Reason::connect);
  EXPECT_EQ(snapshot->failure->code, before.snapshot(clock.now())->failure->code);
  EXPECT_EQ(shown(snapshot).modules.at(0).export_changed, first);
  // Stale when the answer is an hour old, not the process.
  EXPECT_EQ(after.next_change(clock.now()), clock.now().mono - 720s + 1h + 1ns);
  after.completed(good(clock.now(), {module("A.B", ExportState::final_state)}));
  EXPECT_EQ(after.snapshot(clock.now())->failure, nullptr);
}

TEST(SavedKnowledge, NoTimeOfAClockThatWasSetBackLiesAhead) {
  FakeClock clock;
  Knowledge before(identity(), collectors::pool_status(), {});
  before.completed(good(clock.now(), {module("A.B", ExportState::final_state)}));
  const KeptPool kept = before.keep(clock.now());
  clock.set_wall_back(std::chrono::hours(5));
  Knowledge after(identity(), collectors::pool_status(), {});
  ASSERT_TRUE(
      after.restore(*read_saved_knowledge(kept.knowledge), kept.memory, nullptr, clock.now()));
  const PoolSnapshotPtr snapshot = after.snapshot(clock.now());
  EXPECT_EQ(snapshot->last_success, clock.now().wall);
  EXPECT_EQ(snapshot->last_evaluation, clock.now().wall);
  EXPECT_EQ(shown(snapshot).modules.at(0).last_healthy, clock.now().wall);
  EXPECT_EQ(snapshot->freshness, Freshness::none);
}

TEST(SavedKnowledge, DamageGivesNothing) {
  FakeClock clock;
  Knowledge before(identity(), collectors::pool_status(), {});
  before.completed(good(clock.now(), {}));
  const std::string text = before.keep(clock.now()).knowledge;
  EXPECT_TRUE(read_saved_knowledge(text + "colour\tblue\n").has_value());
  EXPECT_FALSE(read_saved_knowledge("").has_value());
  EXPECT_FALSE(read_saved_knowledge(text.substr(1)).has_value());
  EXPECT_FALSE(read_saved_knowledge(text + "last_success\tsoon\n").has_value());
  EXPECT_FALSE(read_saved_knowledge(text + "good\t1\t2\n").has_value());
}

}  // namespace
}  // namespace sfb::status
