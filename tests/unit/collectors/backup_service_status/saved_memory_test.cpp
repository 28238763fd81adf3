#include "collectors/backup_service_status/saved_memory.hpp"

#include "agent/base/common_text.hpp"
#include "collectors/backup_service_status/memory.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::collectors {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{Micros{1'700'000'000'000'000}};
const Now kNow{kStart, MonoTime{1'000'000s}};

Module module_of(std::string name, ExportState exported) {
  return {std::move(name), exported, ImportState::normal_state, std::string(to_string(exported)),
          "NormalState"};
}

FindingPtr finding(ExportState exported, std::string machine = {}, bool conclusive = true) {
  auto made = std::make_shared<BackupStatus>();
  made->modules = {module_of("A.B", exported)};
  made->active_machine = std::move(machine);
  made->conclusive = conclusive;
  return made;
}

When when(Now now) {
  return {.evaluated_at = now.wall, .finished = now.wall, .made = now.mono};
}

Now later(Now now, std::chrono::seconds by) {
  return {now.wall + by, now.mono + by};
}

const Facts& facts() {
  static const Facts kFacts{Fqdn::parse("a.x").value()};
  return kFacts;
}

BackupShown shown(BackupMemory& memory, Now now) {
  return static_cast<const BackupView&>(*memory.view(true, now.mono)).shown;
}

TEST(SavedMemory, SinceTimesMachinesAndCountsComeBack) {
  BackupMemory before(facts(), {});
  before.learn(finding(ExportState::final_state, "fe1.x"), when(kNow));
  const Now changed = later(kNow, 60s);
  before.learn(finding(ExportState::error_state, "fe2.x"), when(changed));
  const Now end = later(kNow, 3600s);

  BackupMemory after(facts(), {});
  // Another process, whose monotonic clock began anew.
  const Now start{end.wall, MonoTime{5s}};
  ASSERT_TRUE(after.restore(before.save(end), finding(ExportState::error_state, "fe2.x"),
                            {changed.wall, start.wall, start.mono - 3540s}, start));
  const BackupShown what = shown(after, start);
  ASSERT_EQ(what.modules.size(), 1U);
  EXPECT_EQ(what.modules[0].export_changed, changed.wall);
  EXPECT_EQ(what.modules[0].import_changed, kNow.wall);
  EXPECT_EQ(what.modules[0].last_healthy, kNow.wall);
  EXPECT_EQ(what.modules[0].last_final, kNow.wall);
  EXPECT_EQ(what.modules[0].module.export_state, ExportState::error_state);
  EXPECT_EQ(what.active_machine_changes, 1U);
  const std::vector<std::pair<CommonText, bool>> machines = {{"fe2.x", true}, {"fe1.x", false}};
  EXPECT_EQ(what.machines, machines);
  EXPECT_EQ(what.verdict.working, false);
  // The machine seen an hour ago goes after its 24 hours, counted over the restart.
  EXPECT_EQ(after.next_change(start.mono), start.mono - 3600s + 24h + 1ns);
  // The same answer again: since-times stay. Another machine: the count goes on.
  after.learn(finding(ExportState::error_state, "fe1.x"), when(later(start, 60s)));
  EXPECT_EQ(shown(after, later(start, 60s)).modules[0].export_changed, changed.wall);
  EXPECT_EQ(shown(after, later(start, 60s)).active_machine_changes, 2U);
}

TEST(SavedMemory, WithoutAnAnswerTheTimesStayAndNothingIsJudged) {
  BackupMemory before(facts(), {});
  before.learn(finding(ExportState::final_state), when(kNow));
  BackupMemory after(facts(), {});
  ASSERT_TRUE(after.restore(before.save(kNow), nullptr, when(kNow), kNow));
  const BackupShown what = shown(after, kNow);
  EXPECT_FALSE(what.fresh);
  EXPECT_EQ(what.verdict.working, std::nullopt);
  ASSERT_EQ(what.modules.size(), 1U);
  EXPECT_EQ(what.modules[0].last_healthy, kNow.wall);
}

TEST(SavedMemory, WhatWasInDoubtStaysInDoubt) {
  BackupMemory before(facts(), {});
  before.learn(finding(ExportState::final_state), when(kNow));
  before.learn(finding(ExportState::final_state, {}, false), when(kNow));
  ASSERT_EQ(shown(before, kNow).verdict.working, std::nullopt);
  BackupMemory after(facts(), {});
  ASSERT_TRUE(
      after.restore(before.save(kNow), finding(ExportState::final_state), when(kNow), kNow));
  EXPECT_EQ(shown(after, kNow).verdict.configured, std::nullopt);
  EXPECT_EQ(shown(after, kNow).verdict.working, std::nullopt);
}

TEST(SavedMemory, NoTimeOfAClockThatWasSetBackLiesAhead) {
  BackupMemory before(facts(), {});
  before.learn(finding(ExportState::final_state, "fe1.x"), when(later(kNow, 9999s)));
  const std::string text = before.save(later(kNow, 9999s));
  BackupMemory after(facts(), {});
  ASSERT_TRUE(after.restore(text, finding(ExportState::final_state, "fe1.x"), when(kNow), kNow));
  const BackupShown what = shown(after, kNow);
  EXPECT_EQ(what.modules[0].export_changed, kNow.wall);
  EXPECT_EQ(what.modules[0].last_healthy, kNow.wall);
  EXPECT_EQ(what.modules[0].last_final, kNow.wall);
}

TEST(SavedMemory, GarbageIsAsIfNothingHadBeenSaved) {
  BackupMemory before(facts(), {});
  before.learn(finding(ExportState::final_state, "fe1.x"), when(kNow));
  const std::string good = before.save(kNow);
  const std::string twice = good + good.substr(good.rfind("module\t"));
  for (const std::string& text :
       {std::string(), std::string("x\n"), good.substr(1), good.substr(0, good.size() - 1), twice,
        std::string("backup_service_status\nmodule\t1\t2\n"),
        std::string("backup_service_status\nmachine\tx\t1\tfe1\n"),
        std::string("backup_service_status\nunknown_states\t-1\n"),
        std::string("backup_service_status\nactive\t\xFF\n")}) {
    BackupMemory after(facts(), {});
    const Now now = later(kNow, 60s);
    EXPECT_FALSE(after.restore(text, finding(ExportState::error_state), when(now), now)) << text;
    const BackupShown what = shown(after, now);
    ASSERT_EQ(what.modules.size(), 1U) << text;
    EXPECT_EQ(what.modules[0].export_changed, now.wall) << "times start anew";
    EXPECT_TRUE(what.machines.empty()) << text;
  }
}

TEST(SavedMemory, LinesOfANewerBuildAreLeftOut) {
  BackupMemory before(facts(), {});
  before.learn(finding(ExportState::final_state), when(kNow));
  EXPECT_TRUE(read_saved_memory(before.save(kNow) + "colour\tblue\n", {}, kNow.wall).has_value());
}

TEST(SavedMemory, LowerLimitsOfANewConfigurationHold) {
  SavedMemory memory;
  memory.machines = {{"fe1.x", kNow.wall - 5s, false}, {"fe2.x", kNow.wall, true}};
  memory.modules = {{.module = module_of("A.B", ExportState::final_state),
                     .export_changed = kNow.wall,
                     .import_changed = kNow.wall}};
  const auto one =
      read_saved_memory(write_saved_memory(memory), {.machines_per_pool = 1}, kNow.wall);
  ASSERT_TRUE(one.has_value());
  ASSERT_EQ(one->machines.size(), 1U);
  EXPECT_EQ(one->machines[0].name, "fe2.x") << "the one seen last";
  EXPECT_FALSE(read_saved_memory(write_saved_memory(memory), {.modules_per_pool = 0}, kNow.wall)
                   .has_value());
}

}  // namespace
}  // namespace sfb::collectors
