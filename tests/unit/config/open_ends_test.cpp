// Where a quote or a bracket begins whose end is missing.
#include "config/open_ends.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace sfb::config {
namespace {

// `'2:7` for what never ends, `"2:7-4` for a quote that goes over lines; both with a blank between.
std::string found(std::string_view text) {
  const OpenEnds ends = find_open_ends(text);
  std::string out;
  if (ends.unclosed) {
    out += fmt::format("{}{}:{}", ends.unclosed->mark, ends.unclosed->line, ends.unclosed->column);
  }
  if (ends.long_quote) {
    out += fmt::format("{}{}{}:{}-{}", out.empty() ? "" : " ", ends.long_quote->mark,
                       ends.long_quote->line, ends.long_quote->column, ends.long_quote_end);
  }
  return out;
}

TEST(OpenEnds, WhatNeverEnds) {
  EXPECT_EQ(found("a: 'b\nc: d\n"), "'1:4");
  EXPECT_EQ(found("a: b\nc: \"d\\\"\n"), "\"2:4");
  EXPECT_EQ(found("- {a: b, c: [d, e}\n"), "{1:3") << "a wrong bracket closes what is open";
  EXPECT_EQ(found("a: [\n  b,\n"), "[1:4");
  EXPECT_EQ(found("a: {b: 'c}\nd: e"), "'1:8");
  EXPECT_EQ(found("'a: b"), "'1:1");
  EXPECT_EQ(found("a: !x 'b"), "'1:7");
}

TEST(OpenEnds, WhatGoesOverLines) {
  EXPECT_EQ(found("a: \"b\nc: d\nd: \"e\"\n"), "\"1:4-3");
  EXPECT_EQ(found("a: 'b\n  c'\nd: 'e\n f'\n"), "'1:4-2");
}

TEST(OpenEnds, WhatIsWhole) {
  for (const char* text :
       {"", "a: it's\n", "a: b \"c\n", "# 'x\na: b # \"\n", "a: 'it''s'\n", "a: \"\\\\\"\n",
        "a: [b, {c: d}]\n", "a: b[c\n", "a: |\n  it's \"\n  [\nb: c\n", "- >-\n  '\n- b\n",
        "a: {'b': \"c\"}\n", "a: http://x/'y\n", "a: b\r\n", "a#'b: c\n"}) {
    EXPECT_EQ(found(text), "") << text;
  }
}

TEST(OpenEnds, NoTextIsTooOdd) {
  const std::string odd = "'\"[]{},:#\n\\|>!&-? a\r\t";
  for (std::size_t i = 0; i < odd.size(); ++i) {
    for (std::size_t j = 0; j < odd.size(); ++j) {
      for (std::size_t k = 0; k < odd.size(); ++k) {
        const std::string text = {odd[i], odd[j], odd[k]};
        const OpenEnds ends = find_open_ends(text);
        EXPECT_LE(ends.unclosed ? ends.unclosed->line : 0, 3U) << text;
      }
    }
  }
}

}  // namespace
}  // namespace sfb::config
