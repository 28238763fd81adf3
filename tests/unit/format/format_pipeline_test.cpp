#include "agent/format/format.hpp"
#include "agent/value/pipeline.hpp"
#include "tests/unit/format/builders.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace sfb;

PipelineResult sample(PipelineState state) {
  PipelineResult result;
  result.output = {format_test::object(result.graph, {{"A", format_test::number(1)}})};
  result.warnings = {"careful"};
  ErrorRecord record;
  record.message = "Bad.";
  record.category_message = "NotSpecified: (:) [], Exception";
  record.error_id = "Id";
  result.errors = {record.to_value(result.graph)};
  result.state = state;
  return result;
}

constexpr std::string_view kOutput = "\nA\n-\n1\n\n\nWARNING: careful\n";
constexpr std::string_view kError =
    "Bad.\n    + CategoryInfo          : NotSpecified: (:) [], Exception\n"
    "    + FullyQualifiedErrorId : Id\n \n";

std::string shown(PipelineState state, bool hide_errors) {
  return format::pipeline(sample(state), hide_errors, {.width = 80}).value();
}

TEST(Pipeline, PrintsOutputThenWarningsThenErrors) {
  EXPECT_EQ(shown(PipelineState::completed, false), std::string(kOutput) + std::string(kError));
}

TEST(Pipeline, ForceHidesErrorsOfACompletedOneOnly) {
  EXPECT_EQ(shown(PipelineState::completed, true), kOutput);
  EXPECT_EQ(shown(PipelineState::failed, true), std::string(kOutput) + std::string(kError));
}

TEST(Pipeline, AnErrorThatIsNoRecordShowsItsText) {
  PipelineResult result;
  result.errors = {format_test::text("plain")};
  EXPECT_EQ(format::pipeline(result, false, {.width = 80}).value(),
            "plain\n    + CategoryInfo          : \n    + FullyQualifiedErrorId : \n \n");
}

TEST(Pipeline, WithoutAnythingIsEmpty) {
  EXPECT_EQ(format::pipeline({}, false, {.width = 80}).value(), "");
}

}  // namespace
