// The verdict's rules, one by one (design.md 5.4).
#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace sfb::collectors::testing;  // NOLINT: the builders

constexpr const char* kUser = "UserServices.PresenceFocus";
constexpr const char* kCms = "CentralMgmt.CMSMaster";
constexpr const char* kRgs = "ApplicationServer.RGSDataStore";

Verdict judged(const std::vector<Row>& rows, Expectation expectation = {}) {
  return judge(interpret(answer(rows), {}).value(), expectation);
}

TEST(Verdict, NothingIsNotConfigured) {
  const Verdict verdict = judge(BackupStatus{}, {});
  EXPECT_FALSE(verdict.configured);
  EXPECT_FALSE(verdict.working);
  EXPECT_THAT(verdict.reasons, ElementsAre(HasSubstr("without any module")));
}

struct Case {
  const char* module;
  const char* export_word;
  const char* import_word;
  Expectation expectation;
  bool working;
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
      {kUser, "Weird", "NormalState", {}, false},
      {kUser, "FinalState", "ErrorState", {}, false},
      {kUser, "FinalState", "NotInitialized", {}, false},
      {kUser, "FinalState", "Weird", {}, false},
      {kCms, "FinalState", "NormalState", {}, true},
      {kCms, "NotInitialized", "NormalState", {}, true},
      {kCms, "NotInitialized", "NormalState", master, false},
      {kCms, "FinalState", "NormalState", master, true},
      {kCms, "NotInitialized", "ErrorState", {}, false},
      {kCms, "NotInitialized", "NotInitialized", {}, false},
      {kCms, "ErrorState", "NormalState", {}, false},
      {"centralmgmt.cmsmaster", "NotInitialized", "NormalState", {}, true},
      {kRgs, "NotInitialized", "NotInitialized", {}, true},
      {kRgs, "NotInitialized", "NormalState", {}, true},
      {kRgs, "SteadyState", "NotInitialized", {}, true},
      {kRgs, "NotInitialized", "NotInitialized", rgs, false},
      {kRgs, "SteadyState", "NotInitialized", rgs, false},
      {kRgs, "SteadyState", "NormalState", rgs, true},
      {kRgs, "NotInitialized", "ErrorState", {}, false},
      {kRgs, "ErrorState", "NotInitialized", {}, false},
      {"ApplicationServer.Other", "NotInitialized", "NormalState", {}, false},
  };
  for (const Case& each : cases) {
    const Verdict verdict =
        judged({{each.module, each.export_word, each.import_word}}, each.expectation);
    const std::string name = std::string(each.module) + " " + each.export_word + " " +
                             each.import_word + (each.expectation.cms_master ? " master" : "") +
                             (each.expectation.expect_rgs ? " rgs" : "");
    EXPECT_TRUE(verdict.configured) << name;
    EXPECT_EQ(verdict.working, each.working) << name;
    EXPECT_EQ(verdict.reasons.empty(), each.working) << name;
  }
}

TEST(Verdict, WholePools) {
  EXPECT_TRUE(judged(kLync2013).working);
  EXPECT_TRUE(judged(kSfb2019).working);
  EXPECT_FALSE(judged(kLync2013, {.cms_master = true}).working);
  EXPECT_TRUE(judged(kSfb2019, {.cms_master = true}).working);
  EXPECT_FALSE(judged(kSfb2019, {.expect_rgs = true}).working);
}

TEST(Verdict, EveryReasonIsListed) {
  const Verdict verdict =
      judged({{kUser, "ErrorState", "ErrorState"}, {"New.Module", "Frob", "NormalState"}});
  EXPECT_THAT(verdict.reasons,
              ElementsAre("UserServices.PresenceFocus: export is ErrorState, not FinalState or "
                          "SteadyState.",
                          "UserServices.PresenceFocus: import is ErrorState, not NormalState.",
                          "New.Module: export is Unknown (\"Frob\"), not FinalState or "
                          "SteadyState."));
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
