// One line a period, however much happens.
#include "agent/base/seldom.hpp"

#include <gtest/gtest.h>

namespace sfb {
namespace {

using namespace std::chrono_literals;

TEST(Seldom, LetsOneThroughInAPeriod) {
  Seldom log;
  MonoTime now{};
  EXPECT_TRUE(log.due(now));
  EXPECT_FALSE(log.due(now));
  EXPECT_FALSE(log.due(now += 59s));
  EXPECT_TRUE(log.due(now += 1s));
  EXPECT_FALSE(log.due(now += 30s)) << "the period begins with the line";
}

}  // namespace
}  // namespace sfb
