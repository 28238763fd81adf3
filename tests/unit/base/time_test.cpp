#include "agent/base/time.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sfb {
namespace {

using std::chrono::milliseconds;

TEST(Durations, AreReadAsPrometheusReadsThem) {
  const std::vector<std::pair<std::string, std::int64_t>> cases = {
      {"0", 0},
      {"0s", 0},
      {"1ms", 1},
      {"500ms", 500},
      {"90s", 90'000},
      {"2m", 120'000},
      {"1h30m", 5'400'000},
      {"1d", 86'400'000},
      {"1w", 604'800'000},
      {"1y", 31'536'000'000},
      {"1m1ms", 60'001},
      {"1y2w3d4h5m6s7ms", 33'019'506'007},
      {"90m", 5'400'000},
      {"100y", 3'153'600'000'000}};
  for (const auto& [text, expected] : cases) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration.has_value()) << text;
    EXPECT_EQ(duration->count(), expected) << text;
  }
}

TEST(Durations, RefuseEverythingElse) {
  for (const char* text : {"",
                           " ",
                           "1",
                           "10",
                           "s",
                           "1 m",
                           "1m ",
                           " 1m",
                           "-1m",
                           "+1m",
                           "1.5h",
                           "1M",
                           "1H",
                           "1min",
                           "1m1h",
                           "1m1m",
                           "1s1m",
                           "1ms1s",
                           "1h-1m",
                           "0x1s",
                           "101y",
                           "100y1ms",
                           "99999999999999999999s",
                           "9223372036854775807y",
                           "1m\n",
                           "1mm",
                           "00",
                           "1h 30m"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration.has_value()) << text;
    EXPECT_EQ(duration.error().code, "duration.invalid");
  }
}

TEST(Durations, AreWrittenAsTheyAreRead) {
  const std::vector<std::pair<std::int64_t, std::string>> cases = {{0, "0s"},
                                                                   {1, "1ms"},
                                                                   {1'000, "1s"},
                                                                   {60'000, "1m"},
                                                                   {90'000, "1m30s"},
                                                                   {5'400'000, "1h30m"},
                                                                   {86'400'000, "1d"},
                                                                   {604'800'000, "1w"},
                                                                   {691'200'000, "8d"},
                                                                   {31'536'000'000, "1y"},
                                                                   {31'536'000'001, "365d1ms"}};
  for (const auto& [count, expected] : cases) {
    EXPECT_EQ(format_duration(milliseconds(count)), expected);
    EXPECT_EQ(parse_duration(expected)->count(), count) << expected;
  }
}

TEST(Durations, ComeBackTheSame) {
  for (std::int64_t count = 1; count < 3'153'600'000'000; count = count * 3 + 1) {
    const std::string text = format_duration(milliseconds(count));
    const auto back = parse_duration(text);
    ASSERT_TRUE(back.has_value()) << text;
    EXPECT_EQ(back->count(), count) << text;
  }
}

TEST(Iso8601, IsReadInEveryAllowedForm) {
  const std::int64_t base = 1'795'459'623'000'000;  // 2026-11-23T18:47:03Z
  const std::vector<std::pair<std::string, std::int64_t>> cases = {
      {"2026-11-23T18:47:03Z", base},
      {"2026-11-23 18:47:03Z", base},
      {"2026-11-23T18:47:03", base},
      {"2026-11-23T18:47:03.1Z", base + 100'000},
      {"2026-11-23T18:47:03.123456Z", base + 123'456},
      {"2026-11-23T18:47:03.1234567Z", base + 123'456},
      {"2026-11-23T20:47:03+02:00", base},
      {"2026-11-23T13:17:03.5-05:30", base + 500'000},
      {"2026-11-24T00:47:03+06:00", base},
      {"1970-01-01T00:00:00Z", 0},
      {"1969-12-31T23:59:59.5Z", -500'000}};
  for (const auto& [text, expected] : cases) {
    const auto time = parse_iso8601(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(time->time_since_epoch().count(), expected) << text;
  }
}

TEST(Iso8601, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-23",
                           "2026-11-23T18:47",
                           "2026-11-23T18:47:03.",
                           "2026-11-23T18:47:03.12345678Z",
                           "2026-13-01T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "2026-00-10T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T18:60:03Z",
                           "2026-11-23T18:47:60Z",
                           "2026-11-23T18:47:03z",
                           "2026-11-23T18:47:03+2:00",
                           "2026-11-23T18:47:03+0200",
                           "2026-11-23T18:47:03+15:00",
                           "2026-11-23T18:47:03+01:60",
                           "2026-11-23T18:47:03ZZ",
                           "2026-11-23T18:47:03 Z",
                           "0000-01-01T00:00:00Z",
                           "-026-11-23T18:47:03Z",
                           "2026-1-23T18:47:03Z",
                           "2026-11-23T18:47:03+",
                           "20261123T184703Z"}) {
    const auto time = parse_iso8601(text);
    ASSERT_FALSE(time.has_value()) << text;
    EXPECT_EQ(time.error().code, "time.invalid");
  }
  EXPECT_TRUE(parse_iso8601("2024-02-29T00:00:00Z").has_value()) << "a leap day";
}

TEST(Iso8601, IsWrittenWithoutTrailingZeros) {
  const std::vector<std::string> texts = {
      "2026-11-23T18:47:03Z",        "2026-11-23T18:47:03.1Z", "2026-11-23T18:47:03.000001Z",
      "1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z",   "9999-12-31T23:59:59.999999Z"};
  for (const std::string& text : texts) {
    const auto time = parse_iso8601(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(format_iso8601(*time), text);
  }
}

TEST(Seconds, KeepTheirFraction) {
  EXPECT_DOUBLE_EQ(to_unix_seconds(WallTime(Micros(1'500'000))), 1.5);
  EXPECT_DOUBLE_EQ(to_seconds(milliseconds(250)), 0.25);
}

TEST(SystemClock, ReadsBothClocks) {
  const SystemClock clock;
  const Now first = clock.now();
  const Now second = clock.now();
  EXPECT_GE(second.mono, first.mono);
  EXPECT_GT(first.wall, WallTime(std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)));
}

}  // namespace
}  // namespace sfb
