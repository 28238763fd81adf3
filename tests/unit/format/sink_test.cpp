#include "agent/format/sink.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace {

using sfb::format::Budget;
using sfb::format::Sink;

TEST(Budget, IsSpentForEverOnceSomethingDidNotFit) {
  Budget budget(10);
  EXPECT_TRUE(budget.take(4));
  EXPECT_FALSE(budget.spent());
  EXPECT_FALSE(budget.take(7));
  EXPECT_TRUE(budget.spent());
  EXPECT_FALSE(budget.take(0));
}

TEST(Sink, CollectsLines) {
  Budget budget;
  Sink sink(budget);
  sink.line(u"漢");
  sink.blanks(2);
  sink.line_utf8("a");
  EXPECT_EQ(std::move(sink).finish(), "漢\n\n\na\n");
}

TEST(Sink, SaysThatTheRestIsMissing) {
  Budget budget(5);
  Sink sink(budget);
  sink.line_utf8("abc");
  sink.line_utf8("too much");
  sink.line_utf8("");
  EXPECT_EQ(std::move(sink).finish(), "abc\n[the rest is left out: the text is too long]\n");
}

}  // namespace
