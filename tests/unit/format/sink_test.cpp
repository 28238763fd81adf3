#include "agent/format/sink.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace {

using sfb::format::Budget;
using sfb::format::Sink;

TEST(Budget, IsSpentForEverOnceSomethingDidNotFit) {
  Budget budget(10);  // four units of work for each byte
  EXPECT_TRUE(budget.take(34));
  EXPECT_FALSE(budget.spent());
  EXPECT_FALSE(budget.take(7));
  EXPECT_TRUE(budget.spent());
  EXPECT_FALSE(budget.take(0));
}

TEST(Sink, CollectsLines) {
  Budget budget(100);
  Sink sink(budget);
  sink.line(u"漢");
  sink.blanks(2);
  sink.line_utf8("a");
  EXPECT_EQ(std::move(sink).finish(), "漢\n\n\na\n");
}

TEST(Sink, RefusesATextThatIsTooLong) {
  Budget budget(5);
  Sink sink(budget);
  sink.line_utf8("abc");
  sink.line_utf8("too much");
  sink.line_utf8("");
  EXPECT_TRUE(budget.spent());
  const auto text = std::move(sink).finish();
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, "render.too_large");
}

TEST(Budget, WhatIsHeldComesBack) {
  Budget budget(10);
  EXPECT_TRUE(budget.hold(10));
  budget.give(4);
  EXPECT_TRUE(budget.hold(4));
  EXPECT_FALSE(budget.hold(1));
  EXPECT_TRUE(budget.spent());
}

TEST(Budget, ATextMadeOfOthersIsAPartOfTheWholeOnly) {
  Budget budget(100);
  EXPECT_TRUE(budget.allows(25));
  EXPECT_FALSE(budget.allows(26));
  EXPECT_TRUE(budget.spent());
  EXPECT_TRUE(Budget::unlimited().allows(SIZE_MAX / 4));
}

}  // namespace
