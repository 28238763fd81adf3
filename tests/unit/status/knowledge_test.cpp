// What a pool's knowledge makes of answers: counters, modules, verdict, machines.
#include "agent/status/knowledge.hpp"

#include "tests/unit/status/evaluations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::status {
namespace {

using collectors::ExportState;
using collectors::ImportState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace sfb::status::testing;  // NOLINT: builders

class KnowledgeTest : public ::testing::Test {
 protected:
  void give(const EvaluationPtr& evaluation) { knowledge.completed(evaluation); }
  PoolSnapshotPtr look() { return knowledge.snapshot(clock.now()); }
  void answer(std::vector<collectors::Module> modules, std::string machine = {}) {
    give(good(clock.now(), std::move(modules), std::move(machine)));
  }

  FakeClock clock;
  Knowledge knowledge{identity(), collectors::pool_status(), Limits{}};
};

TEST_F(KnowledgeTest, NothingIsKnownAtFirst) {
  const auto snapshot = look();
  EXPECT_EQ(snapshot->freshness, Freshness::none);
  EXPECT_EQ(snapshot->up, std::nullopt);
  EXPECT_EQ(shown(snapshot).verdict.configured, std::nullopt);
  EXPECT_EQ(snapshot->last_evaluation, std::nullopt);
  EXPECT_EQ(snapshot->last_success, std::nullopt);
  EXPECT_EQ(snapshot->evaluations, 0U);
  EXPECT_EQ(snapshot->failures, (std::array<std::uint64_t, kReasons.size()>{}));
  EXPECT_THAT(shown(snapshot).modules, IsEmpty());
  EXPECT_EQ(snapshot->last_completed, nullptr);
}

TEST_F(KnowledgeTest, FailureBeforeAnySuccess) {
  give(failed(clock.now(), Reason::connect));
  EXPECT_EQ(look()->freshness, Freshness::none);
  EXPECT_EQ(look()->up, false);
  EXPECT_EQ(shown(look()).verdict.configured, std::nullopt);
  EXPECT_EQ(look()->last_evaluation, clock.now().wall);
  EXPECT_EQ(look()->last_success, std::nullopt);
}

TEST_F(KnowledgeTest, AGoodAnswer) {
  answer({module("A", ExportState::final_state), module("B", ExportState::error_state)}, "fe1");
  const auto snapshot = look();
  EXPECT_EQ(snapshot->freshness, Freshness::fresh);
  EXPECT_EQ(snapshot->up, true);
  ASSERT_TRUE(shown(snapshot).verdict.configured.has_value());
  EXPECT_EQ(shown(snapshot).verdict.configured, true);
  EXPECT_EQ(shown(snapshot).verdict.working, false);
  EXPECT_EQ(snapshot->last_success, clock.now().wall);
  EXPECT_EQ(snapshot->last_duration, 250ms);
  EXPECT_THAT(shown(snapshot).modules, SizeIs(2));
  EXPECT_THAT(shown(snapshot).machines, ElementsAre(Pair("fe1", true)));
  EXPECT_EQ(snapshot->last_good, snapshot->last_completed);
}

TEST_F(KnowledgeTest, FailureKeepsTheStatesButNotUp) {
  answer({module("A", ExportState::final_state)});
  const WallTime success = clock.now().wall;
  clock.advance(2min);
  give(failed(clock.now(), Reason::timeout));
  const auto snapshot = look();
  EXPECT_EQ(snapshot->up, false);
  EXPECT_EQ(snapshot->freshness, Freshness::fresh);
  EXPECT_EQ(shown(snapshot).verdict.working, true);
  EXPECT_THAT(shown(snapshot).modules, SizeIs(1));
  EXPECT_EQ(snapshot->last_success, success);
  EXPECT_EQ(snapshot->last_evaluation, clock.now().wall);
  EXPECT_NE(snapshot->last_good, snapshot->last_completed);
}

TEST_F(KnowledgeTest, FailuresInARowAreCountedSinceTheFirst) {
  EXPECT_EQ(look()->failing_since, std::nullopt);
  give(failed(clock.now(), Reason::timeout));
  const WallTime first = clock.now().wall;
  clock.advance(2min);
  give(failed(clock.now(), Reason::auth));
  EXPECT_EQ(look()->failing_since, first) << "whatever the reasons";
  EXPECT_EQ(look()->failures_in_row, 2U);
  answer({});
  EXPECT_EQ(look()->failing_since, std::nullopt);
  EXPECT_EQ(look()->failures_in_row, 0U);
}

TEST_F(KnowledgeTest, TheNextLookOfTheScheduleIsTold) {
  const auto before = look();
  knowledge.set_next_due(clock.now().mono + 2min);
  EXPECT_EQ(look()->next_due, clock.now().mono + 2min);
  EXPECT_NE(look(), before);
  const auto same = look();
  knowledge.set_next_due(clock.now().mono + 2min);
  EXPECT_EQ(look(), same);
}

TEST_F(KnowledgeTest, APairHasOneNameAtBothPools) {
  PoolIdentity one = look()->identity;
  one.paired_pool = "zz.example.com";
  PoolIdentity other = one;
  other.fqdn = Fqdn::parse(one.paired_pool.str()).value();
  other.paired_pool = one.fqdn.str();
  EXPECT_EQ(one.pair(), one.fqdn.str() + "/zz.example.com");
  EXPECT_EQ(other.pair(), one.pair());
}

TEST_F(KnowledgeTest, EveryReasonIsCountedByItself) {
  std::uint64_t rounds = 0;
  for (const Reason reason : kReasons) {
    ++rounds;
    for (std::uint64_t i = 0; i < rounds; ++i) {
      give(failed(clock.now(), reason));
    }
  }
  answer({});
  const auto snapshot = look();
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    EXPECT_EQ(snapshot->failures[i], i + 1) << to_string(kReasons[i]);
  }
  EXPECT_EQ(snapshot->evaluations, rounds * (rounds + 1) / 2 + 1);
}

TEST_F(KnowledgeTest, AMissingModuleLosesItsSeriesAtOnceAndItsPast) {
  answer({module("A", ExportState::final_state), module("B", ExportState::final_state)});
  clock.advance(2min);
  answer({module("B", ExportState::final_state)});
  ASSERT_THAT(shown(look()).modules, SizeIs(1));
  EXPECT_EQ(shown(look()).modules[0].module.identity, "B");
  clock.advance(2min);
  answer({module("A", ExportState::error_state), module("B", ExportState::final_state)});
  EXPECT_EQ(shown(look()).modules[0].last_healthy, std::nullopt);
  EXPECT_EQ(shown(look()).modules[0].export_changed, clock.now().wall);
}

TEST_F(KnowledgeTest, AnAnswerWithoutModulesEmptiesThePool) {
  answer({module("A", ExportState::final_state)});
  answer({});
  EXPECT_THAT(shown(look()).modules, IsEmpty());
  EXPECT_EQ(look()->up, true);
  EXPECT_EQ(shown(look()).verdict.configured, false);
}

TEST_F(KnowledgeTest, StateChangesAreDatedWhenFirstSeen) {
  answer({module("A", ExportState::steady_state)});
  const WallTime first = clock.now().wall;
  clock.advance(2min);
  answer({module("A", ExportState::steady_state)});
  EXPECT_EQ(shown(look()).modules[0].export_changed, first);
  EXPECT_EQ(shown(look()).modules[0].import_changed, first);
  clock.advance(2min);
  give(failed(clock.now(), Reason::dns));
  clock.advance(2min);
  answer({module("A", ExportState::error_state)});
  EXPECT_EQ(shown(look()).modules[0].export_changed, clock.now().wall);
  EXPECT_EQ(shown(look()).modules[0].import_changed, first);
  clock.advance(2min);
  answer({module("A", ExportState::error_state, ImportState::error_state)});
  EXPECT_EQ(shown(look()).modules[0].export_changed, clock.now().wall - 2min);
  EXPECT_EQ(shown(look()).modules[0].import_changed, clock.now().wall);
}

TEST_F(KnowledgeTest, LastHealthyAndLastFinal) {
  const auto series = [&] { return shown(look()).modules.at(0); };
  answer({module("A", ExportState::error_state)});
  EXPECT_EQ(series().last_healthy, std::nullopt);
  EXPECT_EQ(series().last_final, std::nullopt);

  clock.advance(1min);
  answer({module("A", ExportState::final_state)});
  const WallTime final_time = clock.now().wall;
  EXPECT_EQ(series().last_healthy, final_time);
  EXPECT_EQ(series().last_final, final_time);

  clock.advance(1min);
  answer({module("A", ExportState::steady_state)});
  const WallTime steady_time = clock.now().wall;
  EXPECT_EQ(series().last_healthy, steady_time);
  EXPECT_EQ(series().last_final, final_time);

  for (const ExportState state :
       {ExportState::non_steady_state, ExportState::error_state, ExportState::unknown}) {
    clock.advance(1min);
    answer({module("A", state)});
    EXPECT_EQ(series().last_healthy, steady_time) << to_string(state);
    EXPECT_EQ(series().last_final, final_time) << to_string(state);
  }

  answer({module("A", ExportState::not_initialized)});
  EXPECT_EQ(series().last_healthy, std::nullopt);
  EXPECT_EQ(series().last_final, std::nullopt);
  answer({module("A", ExportState::non_steady_state)});
  EXPECT_EQ(series().last_healthy, std::nullopt) << "removed means removed";
}

TEST_F(KnowledgeTest, TheContentsTimeCounts) {
  give(good(clock.now(), {module("A", ExportState::final_state)}, "", 7min));
  const WallTime content = clock.now().wall - 7min;
  EXPECT_EQ(look()->last_success, content);
  EXPECT_EQ(shown(look()).modules[0].last_healthy, content);
  EXPECT_EQ(shown(look()).modules[0].last_final, content);
  EXPECT_EQ(look()->last_evaluation, clock.now().wall);
  EXPECT_EQ(shown(look()).modules[0].export_changed, clock.now().wall) << "seen now, by this agent";
}

TEST_F(KnowledgeTest, OlderContentTakesNothingBack) {
  answer({module("A", ExportState::final_state)});
  const WallTime known = clock.now().wall;
  clock.advance(1min);
  give(good(clock.now(), {module("A", ExportState::final_state)}, "", 30min));
  EXPECT_EQ(shown(look()).modules[0].last_healthy, known);
  EXPECT_EQ(shown(look()).modules[0].last_final, known);
  EXPECT_EQ(look()->last_success, clock.now().wall - 30min) << "when the shown answer was made";
}

TEST_F(KnowledgeTest, UnknownStatesAreCounted) {
  auto evaluation = good(clock.now(), {module("A", ExportState::unknown)});
  status_of(*evaluation).unknown_states = 2;
  give(evaluation);
  give(evaluation);
  EXPECT_EQ(shown(look()).unknown_states, 4U);
}

TEST_F(KnowledgeTest, OverallOnlyIfTheObjectHasIt) {
  answer({module("A", ExportState::final_state)});
  EXPECT_EQ(shown(look()).overall_export, std::nullopt);
  auto evaluation = good(clock.now(), {module("A", ExportState::final_state)});
  status_of(*evaluation).overall_export = ExportState::steady_state;
  status_of(*evaluation).overall_import = ImportState::error_state;
  give(evaluation);
  EXPECT_EQ(shown(look()).overall_export, ExportState::steady_state);
  EXPECT_EQ(shown(look()).overall_import, ImportState::error_state);
  answer({module("A", ExportState::final_state)});
  EXPECT_EQ(shown(look()).overall_export, std::nullopt);
}

TEST_F(KnowledgeTest, ActiveMachineChangesAreCounted) {
  answer({}, "fe1");
  answer({}, "fe1");
  EXPECT_EQ(shown(look()).active_machine_changes, 0U) << "the first machine is no change";
  answer({}, "fe2");
  EXPECT_EQ(shown(look()).active_machine_changes, 1U);
  EXPECT_THAT(shown(look()).machines, UnorderedElementsAre(Pair("fe1", false), Pair("fe2", true)));
  answer({}, "");
  EXPECT_EQ(shown(look()).active_machine_changes, 1U);
  EXPECT_THAT(shown(look()).machines, UnorderedElementsAre(Pair("fe1", false), Pair("fe2", false)));
  answer({}, "fe2");
  EXPECT_EQ(shown(look()).active_machine_changes, 1U) << "an answer without a name is no change";
  answer({}, "fe1");
  EXPECT_EQ(shown(look()).active_machine_changes, 2U);
}

TEST_F(KnowledgeTest, SnapshotIsTheSamePointerUntilSomethingChanged) {
  answer({module("A", ExportState::final_state)});
  const auto first = look();
  clock.advance(1min);
  EXPECT_EQ(look(), first);
  knowledge.set_running(false);
  knowledge.set_backoff(std::nullopt, std::nullopt);
  EXPECT_EQ(look(), first) << "telling what is so already changes nothing";
  knowledge.set_running(true);
  EXPECT_TRUE(look()->running);
  EXPECT_FALSE(first->running) << "snapshots are immutable";
  knowledge.overrun();
  EXPECT_EQ(look()->overruns, 1U);
  knowledge.set_backoff(clock.now().wall, Reason::throttled);
  EXPECT_EQ(look()->backoff_until, clock.now().wall);
  knowledge.set_backoff(std::nullopt, std::nullopt);
  EXPECT_EQ(look()->backoff_until, std::nullopt);
}

TEST_F(KnowledgeTest, ReconfigureKeepsKnowledgeAndJudgesAnew) {
  answer({module("CentralMgmt.CMSMaster", ExportState::not_initialized)}, "fe1");
  EXPECT_EQ(shown(look()).verdict.working, true);
  PoolIdentity changed = identity();
  changed.expectation.cms_master = true;
  changed.site = "Chicago";
  knowledge.reconfigure(changed, Limits{});
  EXPECT_EQ(shown(look()).verdict.working, false);
  EXPECT_EQ(look()->identity.site, "Chicago");
  EXPECT_EQ(look()->evaluations, 1U);
  EXPECT_THAT(shown(look()).modules, SizeIs(1));
}

}  // namespace
}  // namespace sfb::status
