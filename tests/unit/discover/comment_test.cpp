// A server's words in comments.
#include "agent/discover/comment.hpp"

#include <gtest/gtest.h>

namespace sfb::discover {
namespace {

TEST(Comment, NothingEndsALineOrMovesACursor) {
  EXPECT_EQ(comment_text("a\nb\rc\td\x1b[31m\x7f"), "a?b?c?d?[31m?");
  EXPECT_EQ(comment_text("\u0085\u009b\u2028\u2029\u202e\u2066\u200e\ufeff\uffff|"), "?????????|");
  EXPECT_EQ(comment_text("K\u00f6ln \U0001F600 # : \""), "K\u00f6ln \U0001F600 # : \"");
  EXPECT_EQ(comment_text("\xff\xfe"), "\ufffd\ufffd");
}

TEST(Comment, IsCutAtACharacter) {
  EXPECT_EQ(comment_text("\u00e4\u00f6\u00fc", 3), "\u00e4\u00f6\u00fc");
  EXPECT_EQ(comment_text("\u00e4\u00f6\u00fcx", 3), "\u00e4\u00f6\u00fc...");
}

TEST(Comment, HarmlessIsWhatStaysAsItIs) {
  EXPECT_TRUE(is_harmless("K\u00f6ln 'x' \"y\" \\ # -"));
  EXPECT_TRUE(is_harmless(""));
  for (const std::string_view bad : {"a\n", "\t", "\x1b", "\u0085", "\u202e", "\ufeff"}) {
    EXPECT_FALSE(is_harmless(bad));
  }
}

}  // namespace
}  // namespace sfb::discover
