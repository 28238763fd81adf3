#include "agent/serve/scrape.hpp"

#include "tests/unit/serve/query_rig.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr const char* kHeader = "X-Prometheus-Scrape-Timeout-Seconds";

Result<std::chrono::nanoseconds> budget(const std::string& value,
                                        std::chrono::duration<double> offset = 500ms) {
  return scrape_budget(testing::get("/probe", "", {{kHeader, value}}), offset, 60s);
}

TEST(ScrapeBudget, EndsBeforeTheScraperGivesUp) {
  EXPECT_EQ(scrape_budget(testing::get("/probe", ""), 500ms, 60s), 60s);
  EXPECT_EQ(budget("10"), 9500ms);
  EXPECT_EQ(budget("10", 0ms), 10s);
  EXPECT_EQ(budget("1"), 900ms) << "a tenth at most";
  EXPECT_EQ(budget("10", 30s), 9s);
  EXPECT_EQ(budget("1000"), 60s) << "no longer than the pool has";
  EXPECT_EQ(budget("99999999999999999999999"), 60s);
  ASSERT_TRUE(budget("0.001"));
  EXPECT_GT(*budget("0.001"), 0ns);
}

TEST(ScrapeBudget, WhatIsNoNumberIsRefused) {
  for (const char* bad : {"abc", "NaN", "inf", "-1", "0", "", "1e3", "10s", "+5", "10 10"}) {
    const auto refused = budget(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, "probe.bad_timeout");
    EXPECT_THAT(refused.error().message, HasSubstr(kHeader));
  }
  EXPECT_FALSE(
      scrape_budget(testing::get("/probe", "", {{kHeader, "5"}, {kHeader, "5"}}), 0ms, 60s));
}

}  // namespace
}  // namespace sfb::serve
