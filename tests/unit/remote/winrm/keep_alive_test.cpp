// What is believed of a server that closes connections by itself.
#include "agent/remote/winrm/keep_alive.hpp"

#include <gtest/gtest.h>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;

constexpr MonoTime kStart{1'000'000s};

TEST(KeepAlive, ConnectionsAreUsedAgainUntilTwoWereClosedBehindAnAnswer) {
  KeepAlive server;
  EXPECT_TRUE(server.may_reuse(kStart, 90s));
  server.closed(kStart, 1ms);
  EXPECT_TRUE(server.may_reuse(kStart, 0s)) << "one may be chance";
  server.closed(kStart + 1s, 50ms);
  EXPECT_FALSE(server.may_reuse(kStart + 1s, 0s));
  EXPECT_FALSE(server.may_reuse(kStart + 59min, 0s));
  EXPECT_TRUE(server.may_reuse(kStart + 1s + KeepAlive::kMemory, 0s)) << "it is tried anew";
  server.closed(kStart + 2h, 0s);
  EXPECT_TRUE(server.may_reuse(kStart + 2h, 0s)) << "from the beginning";
}

TEST(KeepAlive, OneThatLastsBetweenThemIsProof) {
  KeepAlive server;
  server.closed(kStart, 0s);
  server.answered(KeepAlive::kProven);
  server.closed(kStart + 1s, 0s);
  EXPECT_TRUE(server.may_reuse(kStart + 1s, 0s));
  server.answered(KeepAlive::kProven - 1);
  server.closed(kStart + 2s, 0s);
  EXPECT_FALSE(server.may_reuse(kStart + 2s, 0s));
}

TEST(KeepAlive, IdleOnesAreLeftBeforeTheServerLeavesThem) {
  KeepAlive server;
  server.closed(kStart, 60s);
  EXPECT_TRUE(server.may_reuse(kStart, 30s));
  EXPECT_FALSE(server.may_reuse(kStart, 31s));
  server.closed(kStart, 20s);
  EXPECT_FALSE(server.may_reuse(kStart, 11s));
  server.closed(kStart, 80s);  // another one's, which was forgotten for long
  EXPECT_FALSE(server.may_reuse(kStart, 11s));
  EXPECT_TRUE(server.may_reuse(kStart, 10s));
}

TEST(KeepAlive, OneIsWatchedUntilConnectionsHaveLasted) {
  KeepAlive server;
  EXPECT_EQ(server.watch(0s), KeepAlive::kWatch);
  EXPECT_EQ(server.watch(30ms), KeepAlive::kWatch - 30ms);
  EXPECT_EQ(server.watch(2s), 0s);
  server.answered(KeepAlive::kProven);
  EXPECT_EQ(server.watch(0s), 0s);
  server.closed(kStart, 0s);
  EXPECT_EQ(server.watch(0s), KeepAlive::kWatch);
}

}  // namespace
}  // namespace sfb::remote
