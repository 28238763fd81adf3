#include "agent/base/file_in_hand.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace sfb {
namespace {

TEST(FileInHand, AnErrorNamesTheFileThatIsLookedAt) {
  FileInHand hand;
  EXPECT_EQ(hand.path(), "");
  EXPECT_FALSE(hand.lasts({}));
  EXPECT_EQ(hand.hung("a.b").message, "reading the files did not end in time");
  {
    const FileInHand::Look look(hand, "/mnt/x");
    EXPECT_EQ(hand.path(), "/mnt/x");
    EXPECT_TRUE(hand.lasts({}));
    EXPECT_FALSE(hand.lasts(std::chrono::hours(24)));
    const Error error = hand.hung("a.b");
    EXPECT_EQ(error.reason, Reason::timeout);
    EXPECT_EQ(error.code, "a.b");
    EXPECT_EQ(error.message, "reading /mnt/x did not end in time");
  }
  EXPECT_EQ(hand.path(), "");
}

}  // namespace
}  // namespace sfb
