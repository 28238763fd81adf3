// What the errors of a cmdlet are told as.
#include "collectors/cmdlet_error.hpp"

#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::HasSubstr;
using namespace sfb::collectors::testing;  // NOLINT: the builders

constexpr std::string_view kCmdlet = "Get-CsThing";

void add_missing(PipelineResult& result, std::string message, std::string target) {
  ErrorRecord record;
  record.message = std::move(message);
  record.error_id = "CommandNotFoundException";
  record.category_target_name = std::move(target);
  result.errors.push_back(record.to_value(result.graph));
}

Error error_of(const PipelineResult& result) {
  return cmdlet_error(result, kCmdlet, "cmdlet.failed", "Get-CsThing was ended by an error");
}

TEST(CmdletError, NotFoundIsTheCmdletAlone) {
  PipelineResult result;
  add_missing(result, "The term 'get-csthing' is not recognized.", "get-csthing");
  EXPECT_EQ(error_of(result).code, "cmdlet.not_found");
  PipelineResult unnamed;
  add_missing(unnamed, "Die Benennung \"Get-CsThing\" wurde nicht erkannt.", "");
  EXPECT_EQ(error_of(unnamed).code, "cmdlet.not_found");
}

TEST(CmdletError, AnotherCommandThatIsMissingIsNoReasonToGiveTheCmdletUp) {
  for (const std::string target : {"Get-Other", ""}) {
    PipelineResult result;
    add_missing(result, "The term 'Get-Other' is not recognized.", target);
    const Error error = error_of(result);
    EXPECT_EQ(error.code, "cmdlet.other_not_found");
    EXPECT_THAT(error.remedy, HasSubstr("another command was not"));
    EXPECT_THAT(error.peer, HasSubstr("Get-Other"));
    EXPECT_FALSE(error.remedy.contains("import_module"));
  }
  PipelineResult both;
  add_missing(both, "The term 'Get-Other' is not recognized.", "Get-Other");
  add_missing(both, "The term 'Get-CsThing' is not recognized.", "Get-CsThing");
  EXPECT_EQ(error_of(both).code, "cmdlet.not_found");
}

TEST(CmdletError, AMissingImportModuleIsOneOfTheModule) {
  PipelineResult result;
  add_missing(result, "The term 'Import-Module' is not recognized.", "Import-Module");
  EXPECT_EQ(error_of(result).code, "cmdlet.import_failed");
}

}  // namespace
}  // namespace sfb::collectors
