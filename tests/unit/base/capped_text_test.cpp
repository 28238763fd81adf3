#include "agent/base/capped_text.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace sfb {
namespace {

TEST(CappedText, GrowsToItsLimitAndNoFurther) {
  CappedText text(10);
  text += "12345";
  text.append(4, ' ');
  text += 'x';
  EXPECT_FALSE(text.full());
  EXPECT_EQ(text.left(), 0U);
  EXPECT_EQ(text.tail(5), "    x");
  EXPECT_EQ(std::move(text).finish(), "12345    x");
}

TEST(CappedText, WhatDoesNotFitIsAnError) {
  CappedText text(10);
  text += "12345";
  text += "678901";
  EXPECT_TRUE(text.full());
  text += "6";  // not even what would fit
  EXPECT_EQ(text.size(), 5U);
  const auto finished = std::move(text).finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, "render.too_large");
  EXPECT_EQ(finished.error().message,
            "the answer takes more than 10 bytes in this form (2 x limits.object)");
}

TEST(CappedText, APieceThatWasNotMadeCounts) {
  CappedText text(10);
  text.fill();
  EXPECT_FALSE(std::move(text).finish());
}

TEST(CappedText, AnAnswerMayHaveTwiceTheBytesOfAnObject) {
  EXPECT_EQ(most_text({.object = 1000}), 2000U);
  EXPECT_EQ(most_text({.object = SIZE_MAX}), SIZE_MAX - 1);
}

}  // namespace
}  // namespace sfb
