#include "agent/access/login_queue.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace sfb::access {
namespace {

using ::testing::ElementsAre;

std::vector<LoginQueue::Id> rest(LoginQueue& queue) {
  std::vector<LoginQueue::Id> all;
  while (const auto id = queue.next()) {
    all.push_back(*id);
  }
  return all;
}

TEST(LoginQueue, LanesTakeTurnsAndTheNewestOfALaneGoesFirst) {
  LoginQueue queue(10);
  for (const LoginQueue::Id id : {1UL, 2UL, 3UL, 4UL}) {
    EXPECT_FALSE(queue.add("flood", id));
  }
  queue.add("other", 5);
  EXPECT_EQ(queue.size(), 5U);
  EXPECT_THAT(rest(queue), ElementsAre(4, 5, 3, 2, 1));
  EXPECT_EQ(queue.size(), 0U);
}

TEST(LoginQueue, WhoHasGuessedGoesBehindWhoHasNot) {
  LoginQueue queue(5);
  queue.add("a", 1);
  queue.add("a", 2, true);
  queue.add("a", 3, true);
  queue.add("a", 4);
  queue.add("b", 5, true);
  EXPECT_EQ(queue.add("b", 6), 2U) << "the last of the longest lane";
  EXPECT_THAT(rest(queue), ElementsAre(4, 6, 1, 5, 3));
}

TEST(LoginQueue, ALaneThatCameBackWaitsForItsTurn) {
  LoginQueue queue(10);
  queue.add("a", 1);
  queue.add("a", 2);
  queue.add("b", 3);
  EXPECT_EQ(queue.next(), 2U);
  queue.add("a", 4);
  EXPECT_THAT(rest(queue), ElementsAre(3, 4, 1));
}

TEST(LoginQueue, WhenItIsFullTheOldestOfTheLongestLaneGoes) {
  LoginQueue queue(4);
  queue.add("flood", 1);
  queue.add("other", 2);
  queue.add("flood", 3);
  queue.add("flood", 4);
  EXPECT_EQ(queue.add("third", 5), 1U);
  EXPECT_EQ(queue.add("flood", 6), 3U);
  EXPECT_EQ(queue.size(), 4U);
  EXPECT_THAT(rest(queue), ElementsAre(6, 2, 5, 4));
}

TEST(LoginQueue, ALaneOfOneIsNotLostWhileOneIsAdded) {
  LoginQueue queue(1);
  queue.add("a", 1);
  EXPECT_EQ(queue.add("a", 2), 1U);
  EXPECT_EQ(queue.add("b", 3), 2U);
  EXPECT_THAT(rest(queue), ElementsAre(3));
  LoginQueue none(0);
  EXPECT_EQ(none.add("a", 1), 1U);
}

TEST(LoginQueue, WhoLeavesIsTakenOut) {
  LoginQueue queue(4);
  queue.add("a", 1);
  queue.add("a", 2);
  queue.add("b", 3);
  queue.remove(3);
  queue.remove(1);
  queue.remove(7);
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_THAT(rest(queue), ElementsAre(2));
}

TEST(LoginQueue, ALaneIsAnAddressOrANetOfIpv6) {
  EXPECT_EQ(lane_of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(lane_of("unix"), "unix");
  EXPECT_EQ(lane_of("2001:db8::1"), "2001:db8::/64");
  EXPECT_EQ(lane_of("2001:db8:0:0:ffff::9"), "2001:db8::/64");
  EXPECT_EQ(lane_of("2001:db8:0:1::1"), "2001:db8:0:1::/64");
  EXPECT_EQ(lane_of("fe80::1%eth0"), "fe80::/64");
}

}  // namespace
}  // namespace sfb::access
