// The test's own tools: what they take for exempt, and what they must not.
#include "tests/property/damage.hpp"
#include "tests/property/outcome.hpp"
#include "tests/property/states.hpp"
#include "tests/property/tree.hpp"

#include <gtest/gtest.h>

namespace sfb::property {
namespace {

using collectors::ExportState;
using collectors::ImportState;

Difference between(std::string_view whole, std::string_view damaged) {
  return difference(read_tree(whole), read_tree(damaged));
}

TEST(PropertyTools, KnowLettersFromStructure) {
  constexpr std::string_view kXml = R"(<Obj RefId="0"><Props><S N="A">word</S></Props></Obj>)";
  EXPECT_EQ(between(kXml, kXml), Difference::none);
  EXPECT_EQ(between(kXml, R"(<Obj RefId="0"><Props><S N="A">wrd</S></Props></Obj>)"),
            Difference::letters);
  EXPECT_EQ(between(kXml, R"(<Obj RefId="0"><Props><S N="B">word</S></Props></Obj>)"),
            Difference::letters);
  EXPECT_EQ(between(kXml, R"(<Obj RefId="1"><Props><S N="A">word</S></Props></Obj>)"),
            Difference::structure);
  EXPECT_EQ(between(kXml, R"(<Obj RefId="0"><Props></Props></Obj>)"), Difference::structure);
  EXPECT_EQ(between(kXml, R"(<Obj RefId="0"><Props><S N="A">word</Props></Obj>)"),
            Difference::structure);
  EXPECT_EQ(between(R"({"a": 1, "b": "x"})", R"({"a": 1, "b": "y"})"), Difference::letters);
  EXPECT_EQ(between(R"({"a": 1, "b": "x"})", R"({"a": 2, "b": "x"})"), Difference::structure);
  EXPECT_EQ(between(R"({"a": 1, "b": "x"})", R"({"a": 1})"), Difference::structure);
}

TEST(PropertyTools, KnowElementsOfListsWithoutCount) {
  constexpr std::string_view kXml = "<LST><S>aa</S><S>bb</S><S>cc</S></LST>";
  EXPECT_EQ(between(kXml, "<LST><S>aa</S><S>cc</S></LST>"), Difference::elements);
  EXPECT_EQ(between(kXml, "<LST></LST>"), Difference::elements);
  EXPECT_EQ(between(kXml, "<LST><S>ab</S><S>cc</S></LST>"), Difference::elements_and_letters);
  EXPECT_EQ(between(kXml, "<LST><S>aa</S><I32>1</I32></LST>"), Difference::structure);
  EXPECT_EQ(between(kXml, "<LST><S>aa</S><S>bb</S><S>bb</S><S>cc</S></LST>"),
            Difference::structure);
  EXPECT_EQ(between(R"({"x": ["a", "b"]})", R"({"x": ["a"]})"), Difference::elements);
  EXPECT_EQ(between(R"({"x": {"value": ["a", "b"], "Count": 2}})",
                    R"({"x": {"value": ["a"], "Count": 2}})"),
            Difference::structure);
}

TEST(PropertyTools, FindTheCutsThatFit) {
  constexpr std::string_view kJson = R"({"m":[{"i":"a","e":"x"},{"i":"b","e":"y"}]})";
  EXPECT_TRUE(lies_in_later_element(kJson, 11, 29));
  EXPECT_FALSE(lies_in_later_element(kJson, 11, 17));
  Random random = random_for("tools");
  std::size_t readable = 0;
  const auto cuts = Edits(kJson, 10'000, random).fitting_cuts();
  for (const Edit& edit : cuts) {
    readable += read_tree(edited(kJson, edit)) ? 1 : 0;
  }
  EXPECT_GT(cuts.size(), 30U);
  EXPECT_GT(readable * 10, cuts.size() * 9);
}

TEST(PropertyTools, TheRuleIsKept) {
  const Outcome::States good = {ExportState::final_state, ImportState::normal_state};
  const Outcome::States bad = {ExportState::error_state, ImportState::normal_state};
  const Outcome::States unknown = {ExportState::unknown, ImportState::normal_state};
  const Outcome whole = {
      .configured = true, .working = false, .modules = {{"a", bad}, {"b", good}}};
  EXPECT_EQ(complaint(whole, whole), "");
  EXPECT_EQ(complaint(whole, {.failure = "x"}), "");
  EXPECT_EQ(complaint(whole, {}), "");
  EXPECT_EQ(complaint(whole, {.configured = true, .modules = {{"a", unknown}, {"b", good}}}), "");
  EXPECT_EQ(complaint(whole, {.configured = true, .modules = {{"b", good}}}), "a module fewer");
  EXPECT_EQ(complaint(whole, {.configured = true, .modules = {{"a", good}, {"b", good}}}),
            "a module's state changed");
  EXPECT_EQ(complaint(whole, {.configured = false}), "configured became 0");
  EXPECT_EQ(complaint(whole, {.configured = true, .working = true, .modules = {}}),
            "working became 1");
  EXPECT_EQ(complaint({.failure = "cmdlet.error"}, {.configured = false}),
            "a failure became an empty answer");
  EXPECT_EQ(complaint({.failure = "cmdlet.error"}, {}), "");
}

}  // namespace
}  // namespace sfb::property
