// The verdict's rules, one by one (collectors/backup_service_status/README.md).
#include "collectors/backup_service_status/families.hpp"
#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace sfb::collectors::testing;  // NOLINT: the builders

constexpr const char* kUser = "UserServices.PresenceFocus";
constexpr const char* kCms = "CentralMgmt.CMSMaster";
constexpr const char* kRgs = "ApplicationServer.RGSDataStore";

auto says(const auto& text) {
  return Field(&Ground::text, text);
}

Verdict judged(const std::vector<Row>& rows, Expectation expectation = {}) {
  return judge(interpret(answer(rows), {}).value(), expectation);
}

TEST(Verdict, NothingIsNotConfigured) {
  const Verdict verdict = judge(BackupStatus{}, {});
  EXPECT_EQ(verdict.configured, false);
  EXPECT_EQ(verdict.working, false);
  EXPECT_THAT(verdict.reasons, ElementsAre(says(HasSubstr("without any module"))));
}

struct Case {
  const char* module;
  const char* export_word;
  const char* import_word;
  Expectation expectation;
  std::optional<bool> working;  // nullopt: unknown
};

TEST(Verdict, EveryStateOfOneModule) {
  const Expectation master{true, false};
  const Expectation rgs{false, true};
  const std::vector<Case> cases = {
      {kUser, "FinalState", "NormalState", {}, true},
      {kUser, "SteadyState", "NormalState", {}, true},
      {kUser, "NonSteadyState", "NormalState", {}, false},
      {kUser, "NotInitialized", "NormalState", {}, false},
      {kUser, "ErrorState", "NormalState", {}, false},
      {kUser, "Weird", "NormalState", {}, {}},
      {kUser, "0", "0", {}, {}},
      {kUser, "4", "NormalState", {}, {}},
      {kUser, "", "NormalState", {}, {}},
      {kUser, "ErrorState", "Weird", {}, false},
      {kUser, "Weird", "ErrorState", {}, false},
      {kUser, "Weird", "NotInitialized", {}, false},
      {kUser, "NotInitialized", "Weird", {}, false},
      {kUser, "FinalState", "ErrorState", {}, false},
      {kUser, "FinalState", "NotInitialized", {}, false},
      {kUser, "FinalState", "Weird", {}, {}},
      {kCms, "FinalState", "NormalState", {}, true},
      {kCms, "NotInitialized", "NormalState", {}, true},
      {kCms, "NotInitialized", "NormalState", master, false},
      {kCms, "FinalState", "NormalState", master, true},
      {kCms, "NotInitialized", "ErrorState", {}, false},
      {kCms, "NotInitialized", "NotInitialized", {}, false},
      {kCms, "ErrorState", "NormalState", {}, false},
      // The exception rests on the import: an unknown one makes the export neither fine nor bad.
      {kCms, "NotInitialized", "Weird", {}, {}},
      {kCms, "NotInitialized", "Weird", master, false},
      {kCms, "Weird", "NormalState", {}, {}},
      {kCms, "Weird", "NotInitialized", {}, false},
      {"centralmgmt.cmsmaster", "NotInitialized", "NormalState", {}, true},
      {kRgs, "NotInitialized", "NotInitialized", {}, true},
      {kRgs, "NotInitialized", "NormalState", {}, true},
      {kRgs, "SteadyState", "NotInitialized", {}, true},
      {kRgs, "NotInitialized", "NotInitialized", rgs, false},
      {kRgs, "SteadyState", "NotInitialized", rgs, false},
      {kRgs, "SteadyState", "NormalState", rgs, true},
      {kRgs, "NotInitialized", "ErrorState", {}, false},
      {kRgs, "NotInitialized", "Weird", {}, {}},
      {kRgs, "NotInitialized", "Weird", rgs, false},
      {kRgs, "Weird", "NotInitialized", {}, {}},
      {kRgs, "Weird", "NotInitialized", rgs, false},
      {kRgs, "ErrorState", "NotInitialized", {}, false},
      {"ApplicationServer.Other", "NotInitialized", "NormalState", {}, false},
  };
  for (const Case& each : cases) {
    const Verdict verdict =
        judged({{each.module, each.export_word, each.import_word}}, each.expectation);
    const std::string name = std::string(each.module) + " " + each.export_word + " " +
                             each.import_word + (each.expectation.cms_master ? " master" : "") +
                             (each.expectation.expect_rgs ? " rgs" : "");
    EXPECT_EQ(verdict.configured, true) << name;
    EXPECT_EQ(verdict.working, each.working) << name;
    EXPECT_EQ(verdict.reasons.empty(), each.working != false) << name;
    EXPECT_EQ(verdict.working == true, verdict.reasons.empty() && verdict.doubts.empty()) << name;
    // The module's own metric says the same, whatever stands beside it.
    const auto status = interpret(answer({{each.module, each.export_word, each.import_word},
                                          {"Beside.IsFine", "FinalState", "NormalState"},
                                          {"Beside.IsBad", "ErrorState", "NormalState"}}),
                                  {})
                            .value();
    BackupShown shown;
    shown.fresh = true;
    shown.verdict = judge(status, each.expectation);
    for (const Module& module : status.modules) {
      shown.modules.push_back({.module = module});
    }
    const BackupView view(Fqdn::parse("a.x").value(), std::move(shown));
    EXPECT_THAT(view.working, ElementsAre(each.working, std::optional(true), std::optional(false)))
        << name;
  }
}

TEST(Verdict, WholePools) {
  EXPECT_EQ(judged(kLync2013).working, true);
  EXPECT_EQ(judged(kSfb2019).working, true);
  EXPECT_EQ(judged(kLync2013, {.cms_master = true}).working, false);
  EXPECT_EQ(judged(kSfb2019, {.cms_master = true}).working, true);
  EXPECT_EQ(judged(kSfb2019, {.expect_rgs = true}).working, false);
}

// The operator knows that it is there: without it nobody can say that all is well.
TEST(Verdict, WhatTheOperatorExpectsAndTheAnswerLacksIsUnknown) {
  const std::vector<Row> user = {{kUser, "FinalState", "NormalState"}};
  EXPECT_EQ(judged(user).working, true);
  const Verdict master = judged(user, {.cms_master = true});
  EXPECT_EQ(master.configured, true);
  EXPECT_EQ(master.working, std::nullopt);
  EXPECT_THAT(master.doubts, ElementsAre(says(HasSubstr("CentralMgmt.CMSMaster is not listed"))));
  const Verdict rgs = judged(user, {.expect_rgs = true});
  EXPECT_EQ(rgs.working, std::nullopt);
  EXPECT_THAT(rgs.doubts, ElementsAre(says(HasSubstr("Response Groups"))));
  const Verdict bad = judged({{kUser, "ErrorState", "NormalState"}}, {.cms_master = true});
  EXPECT_EQ(bad.working, false) << "a known error outweighs it";
}

// Of nothing there is nothing to say: it must not read as "not configured".
TEST(Verdict, NoModuleBesideOtherMembersIsUnknown) {
  for (const auto& members :
       {std::vector<Property>{{"OverallExportStatus", text("SteadyState")}},
        std::vector<Property>{{"OverallImportStatus", text("NormalState")}},
        std::vector<Property>{{"ActiveMachineFqdn", text("fe1.x.com")}},
        std::vector<Property>{{"OverallStatus", text("NotInitialized")}},
        std::vector<Property>{{"OverallExportStatus", text("Odd")},
                              {"OverallImportStatus", text("NotInitialized")}}}) {
    const auto status = interpret(answer({}, members), {});
    ASSERT_TRUE(status) << describe(status.error());
    EXPECT_FALSE(status->conclusive);
    EXPECT_THAT(status->notes, ElementsAre("BackupModules is empty beside other members"));
    const Verdict verdict = judge(*status, {});
    EXPECT_EQ(verdict.configured, std::nullopt);
    EXPECT_EQ(verdict.working, std::nullopt);
    EXPECT_THAT(verdict.doubts,
                ElementsAre(says("The answer says something of a backup, but names no module.")));
  }
  PipelineResult null;
  null.output.push_back(
      object(null.graph, {{"BackupModules", {}}, {"OverallExportStatus", text("FinalState")}}));
  EXPECT_EQ(judge(*interpret(null, {}), {}).configured, std::nullopt);
  for (const auto& members :
       {std::vector<Property>{},
        std::vector<Property>{{"PoolFqdn", text("a.x.com")}, {"Note", text(" ")}, {"Other", {}}},
        std::vector<Property>{{"ActiveMachineFqdn", text("fe1.x.com")},
                              {"OverallExportStatus", text("NotInitialized")},
                              {"OverallImportStatus", text("Not Initialized")}}}) {
    const auto nothing = interpret(answer({}, members), {});
    EXPECT_TRUE(nothing->conclusive);
    EXPECT_EQ(judge(*nothing, {}).configured, false);
  }
}

TEST(Verdict, EveryReasonIsListed) {
  const Verdict verdict =
      judged({{kUser, "ErrorState", "ErrorState"}, {"New.Module", "Frob", "NormalState"}});
  EXPECT_THAT(verdict.reasons,
              ElementsAre(says("UserServices.PresenceFocus: export is ErrorState, not FinalState "
                               "or SteadyState."),
                          says("UserServices.PresenceFocus: import is ErrorState, not "
                               "NormalState.")));
  EXPECT_THAT(verdict.doubts,
              ElementsAre(says("New.Module: export is Unknown (\"Frob\"), not FinalState or "
                               "SteadyState.")));
}

// A state of another module that is known to be bad decides, wherever it stands.
TEST(Verdict, OneBadStateOutweighsEveryUnknownWord) {
  const std::vector<Row> unknown = {{kUser, "0", "0"}, {"ConfServices.DataConf", "4", "Odd"}};
  EXPECT_EQ(judged(unknown).working, std::nullopt);
  EXPECT_EQ(judged(unknown).configured, true);
  EXPECT_THAT(judged(unknown).doubts, SizeIs(4));
  std::vector<Row> bad = unknown;
  bad.insert(bad.begin(), {"A.B", "ErrorState", "NormalState"});
  EXPECT_EQ(judged(bad).working, false);
  bad = unknown;
  bad.push_back({"A.B", "FinalState", "ErrorState"});
  EXPECT_EQ(judged(bad).working, false);
  std::vector<Row> good = kSfb2019;
  good.push_back({"A.B", "FinalState", "Odd"});
  EXPECT_EQ(judged(good).working, std::nullopt);
}

// The server's own sum is passed through, it is no part of the verdict.
TEST(Verdict, TheOverallStatesDoNotCount) {
  const auto status = interpret(answer(kLync2013, {{"OverallExportStatus", text("Odd")},
                                                   {"OverallImportStatus", text("ErrorState")}}),
                                {});
  EXPECT_EQ(judge(status.value(), {}).working, true);
}

TEST(States, WordsBothWays) {
  for (const ExportState state : kExportStates) {
    const auto status =
        interpret(answer({{"A", std::string(to_string(state)), "NormalState"}}), {});
    EXPECT_EQ(status->modules[0].export_state, state) << to_string(state);
    EXPECT_EQ(is_healthy(state),
              state == ExportState::final_state || state == ExportState::steady_state);
  }
  for (const ImportState state : kImportStates) {
    const auto status = interpret(answer({{"A", "FinalState", std::string(to_string(state))}}), {});
    EXPECT_EQ(status->modules[0].import_state, state) << to_string(state);
  }
}

}  // namespace
}  // namespace sfb::collectors
