// What all collectors make of an answer before they read its objects.
#include "collectors/answer.hpp"

#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::collectors::testing;  // NOLINT: the builders

std::string code_of(const PipelineResult& result) {
  const auto objects = objects_of(result, "Get-CsThing");
  return objects ? "good" : objects.error().code;
}

TEST(Answer, ObjectsAreWhatHasMembers) {
  PipelineResult result;
  result.output = {Value{}, object(result.graph, {{"A", text("1")}}), text("a word"),
                   table(result.graph, {{"B", text("2")}})};
  const auto objects = objects_of(result, "Get-CsThing");
  ASSERT_TRUE(objects.has_value());
  EXPECT_THAT(*objects, ElementsAre(&result.output[1], &result.output[3]));
  EXPECT_THAT(gaps_of(result), IsEmpty());
}

TEST(Answer, NothingIsAnErrorOfItsOwn) {
  PipelineResult result;
  EXPECT_EQ(code_of(result), "answer.empty");
  result.output = {Value{}};
  result.doubt = "Messages were lost.";
  EXPECT_EQ(code_of(result), "answer.empty");
  EXPECT_THAT(objects_of(result, "Get-CsThing").error().message, HasSubstr("Messages were lost."));
  result.output = {text("a word")};
  EXPECT_EQ(code_of(result), "answer.unrecognised");
}

TEST(Answer, ErrorsOfTheCmdlet) {
  PipelineResult result;
  add_error(result, "Cannot find it.", "Nothing");
  EXPECT_EQ(code_of(result), "cmdlet.error");
  result.output = {object(result.graph, {{"A", text("1")}})};
  EXPECT_EQ(code_of(result), "good");
  EXPECT_THAT(gaps_of(result), ElementsAre("1 error came beside the objects: some may be missing"));
  result.state = PipelineState::failed;
  EXPECT_EQ(code_of(result), "cmdlet.failed");
  result.errors.clear();
  add_error(result, "The term 'Get-CsThing' is not recognized.", "CommandNotFoundException");
  EXPECT_EQ(code_of(result), "cmdlet.not_found");
}

TEST(Answer, DoubtIsAGap) {
  PipelineResult result;
  result.doubt = "Messages were lost.";
  add_error(result, "One.");
  add_error(result, "Two.");
  EXPECT_THAT(gaps_of(result), SizeIs(2));
  EXPECT_THAT(gaps_of(result).back(), HasSubstr("2 errors"));
}

}  // namespace
}  // namespace sfb::collectors
