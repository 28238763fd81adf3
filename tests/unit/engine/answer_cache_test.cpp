// The bounded memory of answers.
#include "agent/engine/answer_cache.hpp"

#include "tests/unit/status/evaluations.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sfb::engine {
namespace {

using namespace sfb::status::testing;  // NOLINT: builders
using status::Question;

// The 24 questions of a pool's status, then others that no collector has.
Question numbered(unsigned n) {
  constexpr std::array kCategories = {"", "UserData", "CMS", "RGS"};
  Question made{identity().fqdn};
  if (n % 4 != 0) {
    made.arguments.push_back({"Category", kCategories.at(n % 4)});
  }
  if ((n / 4) % 2 != 0) {
    made.arguments.push_back({"Force", true});
  }
  if ((n / 8) % 3 != 0) {
    made.arguments.push_back({"BypassDualWrite", (n / 8) % 3 == 1});
  }
  if (n >= 24) {
    made.arguments.push_back({"Other", std::to_string(n)});
  }
  return made;
}

status::EvaluationPtr answered(const Question& question, Now now, bool is_good) {
  auto evaluation = is_good ? good(now, {}) : failed(now, Reason::dns);
  evaluation->question = question;
  return evaluation;
}

TEST(AnswerCache, KeepsTheLastAndTheLastGood) {
  const FakeClock clock;
  AnswerCache cache;
  EXPECT_EQ(cache.find(numbered(1)), nullptr);
  const auto first = answered(numbered(1), clock.now(), true);
  const auto second = answered(numbered(1), clock.now(), false);
  cache.add(first, clock.now().mono);
  cache.add(second, clock.now().mono + 1s);
  const auto* entry = cache.find(numbered(1));
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->completed, second);
  EXPECT_EQ(entry->good, first);
  EXPECT_EQ(entry->completed_at, clock.now().mono + 1s);
  EXPECT_EQ(cache.find(numbered(2)), nullptr) << "only an equal question is served";
}

// Whoever takes an old answer wants one that says something.
TEST(AnswerCache, AnAnswerThatSaysNothingTakesNoGoodOnesPlace) {
  const FakeClock clock;
  AnswerCache cache;
  auto doubtful = good(clock.now(), {});
  doubtful->question = numbered(1);
  status_of(*doubtful).conclusive = false;
  cache.add(doubtful, clock.now().mono);
  EXPECT_EQ(cache.find(numbered(1))->good, nullptr);
  EXPECT_EQ(cache.find(numbered(1))->completed, doubtful);
  const auto first = answered(numbered(1), clock.now(), true);
  cache.add(first, clock.now().mono);
  cache.add(doubtful, clock.now().mono);
  EXPECT_EQ(cache.find(numbered(1))->good, first);
  EXPECT_EQ(cache.find(numbered(1))->completed, doubtful);
}

TEST(AnswerCache, IsBoundedAndNeverForgetsTheScheduledQuestion) {
  const FakeClock clock;
  AnswerCache cache;
  ASSERT_TRUE(numbered(0).is_scheduled());
  for (unsigned n = 0; n < 32; ++n) {
    cache.add(answered(numbered(n), clock.now(), true), clock.now().mono);
    EXPECT_LE(cache.size(), AnswerCache::kMaxQuestions);
  }
  EXPECT_NE(cache.find(numbered(0)), nullptr);
  EXPECT_NE(cache.find(numbered(31)), nullptr);
  EXPECT_EQ(cache.find(numbered(1)), nullptr);
}

TEST(AnswerCache, HoldsEveryQuestionOfThePoolsStatus) {
  const FakeClock clock;
  AnswerCache cache;
  EXPECT_EQ(cache.last_end(), std::nullopt);
  for (unsigned n = 0; n < 24; ++n) {
    cache.add(answered(numbered(n), clock.now(), true), clock.now().mono + n * 1s);
  }
  for (unsigned n = 0; n < 24; ++n) {
    EXPECT_NE(cache.find(numbered(n)), nullptr) << n;
  }
  EXPECT_EQ(cache.last_end(), clock.now().mono + 23s);
}

TEST(AnswerCache, TheOneAnsweredLongestAgoGoes) {
  const FakeClock clock;
  AnswerCache cache;
  for (unsigned n = 1; n <= AnswerCache::kMaxQuestions; ++n) {
    cache.add(answered(numbered(n), clock.now(), true), clock.now().mono);
  }
  cache.add(answered(numbered(1), clock.now(), true), clock.now().mono);
  cache.add(answered(numbered(25), clock.now(), true), clock.now().mono);
  EXPECT_NE(cache.find(numbered(1)), nullptr);
  EXPECT_EQ(cache.find(numbered(2)), nullptr);
}

}  // namespace
}  // namespace sfb::engine
