#include "agent/serve/body_budget.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::serve {
namespace {

http::Response response(std::size_t bytes) {
  http::Response made;
  made.body = std::make_shared<const std::string>(std::string(bytes, 'x'));
  return made;
}

TEST(BodyBudget, ABodyHoldsItsBytesUntilItsLastOwnerGoes) {
  const auto all = std::make_shared<ByteBudget>(100'000);
  const BodyBudget bodies(all);
  std::shared_ptr<const std::string> sent;
  {
    http::Response made = response(40'000);
    ASSERT_TRUE(bodies.hold(made));
    sent = made.body;
  }
  EXPECT_EQ(sent->size(), 40'000U);
  EXPECT_FALSE(all->try_take(60'001));
  EXPECT_TRUE(all->try_take(60'000));
  sent.reset();
  EXPECT_TRUE(all->try_take(40'000));
}

TEST(BodyBudget, BodiesTakeHalfOfItAtMost) {
  const auto all = std::make_shared<ByteBudget>(100'000);
  const BodyBudget bodies(all);
  http::Response first = response(30'000);
  http::Response second = response(30'000);
  ASSERT_TRUE(bodies.hold(first));
  const Status refused = bodies.hold(second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "query.in_flight");
  EXPECT_EQ(refused.error().reason, Reason::throttled);
  EXPECT_NE(refused.error().remedy.find("limits.in_flight"), std::string::npos);
  EXPECT_EQ(second.body->size(), 30'000U);
  EXPECT_TRUE(all->try_take(70'000)) << "the other half is the evaluations'";
  all->give(70'000);
  first.body.reset();
  EXPECT_TRUE(bodies.hold(second));
}

TEST(BodyBudget, WhatEvaluationsHoldIsNotThere) {
  const auto all = std::make_shared<ByteBudget>(100'000);
  const BodyBudget bodies(all);
  ASSERT_TRUE(all->try_take(80'000));
  http::Response large = response(30'000);
  EXPECT_FALSE(bodies.hold(large));
  all->give(80'000);
  EXPECT_TRUE(bodies.hold(large)) << "a refused body left nothing behind";
}

TEST(BodyBudget, SmallBodiesHoldNothing) {
  const auto all = std::make_shared<ByteBudget>(10);
  const BodyBudget bodies(all);
  http::Response small = response(4096);
  EXPECT_TRUE(bodies.hold(small));
  http::Response none;
  EXPECT_TRUE(bodies.hold(none));
  EXPECT_TRUE(all->try_take(10));
  http::Response uncounted = response(1'000'000);
  EXPECT_TRUE(BodyBudget(nullptr).hold(uncounted));
}

}  // namespace
}  // namespace sfb::serve
