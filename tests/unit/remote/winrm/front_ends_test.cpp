#include "agent/remote/winrm/front_ends.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

FrontEnds of(std::size_t count) {
  std::vector<Url> urls;
  urls.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    urls.push_back(parse_url("http://fe-" + std::to_string(i) + "/wsman").value());
  }
  return FrontEnds(std::move(urls));
}

TEST(FrontEnds, AreTriedAsTheyAreWritten) {
  EXPECT_THAT(of(1).order(), ElementsAre(0));
  EXPECT_THAT(of(3).order(), ElementsAre(0, 1, 2));
}

TEST(FrontEnds, TheOneThatWorkedStaysUntilItFails) {
  FrontEnds ends = of(3);
  EXPECT_FALSE(ends.worked(0)) << "the first is what everybody expects";
  ends.failed(0);
  EXPECT_THAT(ends.order(), ElementsAre(1, 2, 0)) << "it has just failed";
  EXPECT_TRUE(ends.worked(1));
  EXPECT_THAT(ends.order(), ElementsAre(1, 2, 0));
  EXPECT_FALSE(ends.worked(1)) << "told once";
  ends.failed(1);
  EXPECT_THAT(ends.order(), ElementsAre(0, 2, 1)) << "as they are written";
  EXPECT_TRUE(ends.worked(0));
  EXPECT_THAT(ends.order(), ElementsAre(0, 2, 1));
}

// A session of before may find its front end dead, while new ones use another.
TEST(FrontEnds, AFailureOfAnotherOneChangesNothing) {
  FrontEnds ends = of(3);
  ends.failed(0);
  ends.worked(1);
  ends.failed(0);
  EXPECT_EQ(ends.order().front(), 1U);
}

TEST(FrontEnds, TheFirstOneThatEverWorksIsNewsWhereItIsNotTheFirstWritten) {
  FrontEnds ends = of(2);
  ends.failed(0);
  EXPECT_TRUE(ends.worked(1));
}

TEST(FrontEnds, SilentOnesLeaveTimeForOneThatAnswers) {
  const MonoTime now{};
  EXPECT_EQ(try_end(now, now + 60s, 1), now + 60s);
  EXPECT_EQ(try_end(now, now + 60s, 2), now + 15s);
  EXPECT_EQ(try_end(now + 70s, now + 60s, 3), now + 60s) << "it is over";
  // Sixteen front ends, of which all but the last are silent.
  MonoTime at = now;
  for (std::size_t left = 16; left > 1; --left) {
    at = try_end(at, now + 60s, left);
  }
  EXPECT_LT(at, now + 45s);
}

TEST(FrontEnds, OnlyAConnectionThatFailsMakesAnotherOneTried) {
  const auto error = [](Reason reason, Stage stage) {
    return Error{reason, "x.x", "message", {}, {}, stage};
  };
  EXPECT_TRUE(connecting_failed(error(Reason::dns, Stage::resolve)));
  EXPECT_TRUE(connecting_failed(error(Reason::timeout, Stage::connect)));
  EXPECT_TRUE(connecting_failed(error(Reason::tls, Stage::tls)));
  EXPECT_FALSE(connecting_failed(error(Reason::auth, Stage::auth)));
  EXPECT_FALSE(connecting_failed(error(Reason::timeout, Stage::auth))) << "a silent KDC";
  EXPECT_FALSE(connecting_failed(error(Reason::connect, Stage::open)));
  EXPECT_FALSE(connecting_failed(error(Reason::timeout, Stage::query)));
}

TEST(FrontEnds, AnErrorTellsHowEachTryEnded) {
  const Error only = none_reached(
      {{Reason::dns, "resolve.no_name", "fe-1: no such name", "r", {}, Stage::resolve}});
  EXPECT_EQ(only.message, "fe-1: no such name");
  const Error both =
      none_reached({{Reason::dns, "resolve.no_name", "fe-1: no such name", "r", {}, Stage::resolve},
                    {Reason::connect,
                     "connect.refused",
                     "fe-2: connection refused",
                     "start it",
                     {},
                     Stage::connect}});
  EXPECT_EQ(both.message, "fe-1: no such name; fe-2: connection refused");
  EXPECT_EQ(both.code, "connect.refused");
  EXPECT_EQ(both.remedy, "start it");
  EXPECT_EQ(both.stage, Stage::connect);
}

}  // namespace
}  // namespace sfb::remote
