// The output forms of `evaluate` and `render`.
#include "agent/app/output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// One object with one property, one error, one warning.
PipelineResult sample() {
  PipelineResult result;
  Object object;
  object.extended.push_back({"Note", Value::string("hello")});
  result.output.push_back(Value::object_ref(result.graph.add(std::move(object))));
  ErrorRecord record;
  record.message = "it broke";
  record.error_id = "Broken";
  result.errors.push_back(record.to_value(result.graph));
  result.warnings.push_back("careful");
  return result;
}

OutputOptions as(std::string form) {
  return {.as = std::move(form), .width = 80};
}

TEST(Output, TextHoldsEverythingAndNoErrorsWhenHidden) {
  const std::string text = render_pipeline(sample(), false, as("text"));
  EXPECT_THAT(text, AllOf(HasSubstr("hello"), HasSubstr("WARNING: careful"), HasSubstr("it broke"),
                          HasSubstr("Broken")));
  EXPECT_THAT(render_pipeline(sample(), true, as("text")), testing::Not(HasSubstr("it broke")));
  EXPECT_EQ(render_complaints(sample(), as("text")), "") << "said already";
}

TEST(Output, JsonAndClixmlHoldTheObjectAndTheRestIsSaidApart) {
  for (const std::string form : {"json", "clixml"}) {
    const std::string text = render_pipeline(sample(), false, as(form));
    EXPECT_THAT(text, StartsWith(form == "json" ? "{" : "<Objs")) << form;
    EXPECT_THAT(text, AllOf(HasSubstr("hello"), testing::EndsWith("\n"))) << form;
    EXPECT_THAT(text, testing::Not(HasSubstr("it broke"))) << form;
    EXPECT_THAT(render_complaints(sample(), as(form)),
                AllOf(HasSubstr("WARNING: careful"), HasSubstr("it broke"),
                      testing::Not(HasSubstr("hello"))))
        << form;
  }
}

}  // namespace
}  // namespace sfb::app
