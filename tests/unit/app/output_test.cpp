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

OutputOptions as(const std::string& form) {
  return {.choice = {.as = format::find_word(format::kForms, form).value()}, .width = 80};
}

TEST(Output, TextHoldsEverythingAndNoErrorsWhenHidden) {
  const std::string text = render_pipeline(sample(), false, as("text")).value();
  EXPECT_THAT(text, AllOf(HasSubstr("hello"), HasSubstr("WARNING: careful"), HasSubstr("it broke"),
                          HasSubstr("Broken")));
  EXPECT_THAT(render_pipeline(sample(), true, as("text")).value(),
              testing::Not(HasSubstr("it broke")));
  EXPECT_EQ(render_complaints(sample(), as("text")).value(), "") << "said already";
}

TEST(Output, JsonAndClixmlHoldTheObjectAndTheRestIsSaidApart) {
  for (const std::string form : {"json", "clixml"}) {
    const std::string text = render_pipeline(sample(), false, as(form)).value();
    EXPECT_THAT(text, StartsWith(form == "json" ? "{" : "<Objs")) << form;
    EXPECT_THAT(text, AllOf(HasSubstr("hello"), testing::EndsWith("\n"))) << form;
    EXPECT_THAT(text, testing::Not(HasSubstr("it broke"))) << form;
    EXPECT_THAT(render_complaints(sample(), as(form)).value(),
                AllOf(HasSubstr("WARNING: careful"), HasSubstr("it broke"),
                      testing::Not(HasSubstr("hello"))))
        << form;
  }
}

TEST(Output, TheEditionAndTheViewGetThere) {
  PipelineResult result = sample();
  result.ps_version = "7.4.1";
  OutputOptions options = as("text");
  const auto console = [](format::Edition edition, format::View view) {
    return format::Options{.width = 80, .edition = edition, .view = view};
  };
  using format::Edition;
  using format::View;
  EXPECT_EQ(
      render_pipeline(result, false, options).value(),
      format::pipeline(result, false, console(Edition::powershell_7, View::automatic)).value())
      << "the server's own";
  options.choice.edition = Edition::windows_powershell_40;
  options.choice.view = View::list;
  EXPECT_EQ(
      render_pipeline(result, false, options).value(),
      format::pipeline(result, false, console(Edition::windows_powershell_40, View::list)).value());
  options = as("json");
  EXPECT_THAT(render_pipeline(result, false, options).value(),
              StartsWith("{\n  \"Note\": \"hello\""));
  options.choice.edition = Edition::windows_powershell_51;
  EXPECT_THAT(render_pipeline(result, false, options).value(),
              StartsWith("{\n    \"Note\":  \"hello\""));
}

}  // namespace
}  // namespace sfb::app
