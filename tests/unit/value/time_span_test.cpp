// The spellings of time spans: CLIXML, .NET's text, and what ConvertTo-Json makes of them.
#include "agent/value/time_span.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

namespace sfb {
namespace {

constexpr std::int64_t kTwoMinutes = 1'200'000'000;
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(DurationTicks, ReadsWhatDotNetReads) {
  struct Case {
    std::string_view text;
    std::optional<std::int64_t> ticks;
  };
  for (const Case& one :
       {Case{"PT2M", 1'200'000'000}, Case{"P1DT2H3M4.005S", 937'840'050'000},
        Case{"-PT1S", -10'000'000}, Case{"PT0.0000001S", 1}, Case{"PT0.00000019S", 1},
        Case{"P1Y2M", (365LL + 60) * 864'000'000'000}, Case{"-P10675199DT2H48M5.4775808S", kLeast},
        Case{"P10675199DT2H48M5.4775808S", std::nullopt},
        Case{"P99999999999999999999D", std::nullopt}, Case{"P", std::nullopt},
        Case{"PT", std::nullopt}, Case{"PT1", std::nullopt}, Case{"1S", std::nullopt},
        Case{"PT1.5H", std::nullopt}, Case{"", std::nullopt}}) {
    EXPECT_EQ(duration_ticks(one.text), one.ticks) << one.text;
  }
}

TEST(DurationTicks, RefusesWhatIsNoDuration) {
  for (const auto* text : {"", "P", "2M", "PT-2M", "PT2", "P2H", "PT2.5M", "PT2.S2", "P10675200D",
                           "PT99999999999999999999S", "P1D2"}) {
    EXPECT_FALSE(duration_ticks(text).has_value()) << text;
  }
}

TEST(TimeSpanText, AsToString) {
  EXPECT_EQ(time_span_text(0), "00:00:00");
  EXPECT_EQ(time_span_text(937'840'050'000), "1.02:03:04.0050000");
  EXPECT_EQ(time_span_text(kLeast), "-10675199.02:48:05.4775808");
}

TEST(TimeSpanText, OfDurations) {
  const auto text = [](std::string_view duration) {
    return time_span_text(duration_ticks(duration).value());
  };
  EXPECT_EQ(text("PT2M"), "00:02:00");
  EXPECT_EQ(text("P1DT2H3M4.005S"), "1.02:03:04.0050000");
  EXPECT_EQ(text("PT0S"), "00:00:00");
  EXPECT_EQ(text("-PT1S"), "-00:00:01");
  EXPECT_EQ(text("-PT0S"), "00:00:00");
  EXPECT_EQ(text("PT90000S"), "1.01:00:00");
  EXPECT_EQ(text("P1Y2M"), "425.00:00:00");
  EXPECT_EQ(text("PT1.123456789S"), "00:00:01.1234567");
  EXPECT_EQ(text("P10675199DT2H48M5.4775807S"), "10675199.02:48:05.4775807");
  EXPECT_EQ(text("-P10675199DT2H48M5.4775808S"), "-10675199.02:48:05.4775808");
}

TEST(ParseTimeSpan, ReadsWhatToStringWrites) {
  for (const std::int64_t ticks : {std::int64_t{0}, kTwoMinutes, -kTwoMinutes, std::int64_t{1},
                                   std::int64_t{937'840'050'000}, kLeast, kMost}) {
    EXPECT_EQ(parse_time_span(time_span_text(ticks)), ticks);
  }
  for (const auto* text :
       {"", "120", "2:00", "00:02", "0:02:00", "00:02:60", "00:60:00", "24:00:00", "00:02:00x",
        "00:02:00.", "00:02:00.5", ".00:02:00", "1.00", "+00:02:00", "--00:02:00", "00:-2:00",
        "10675199.02:48:05.4775808", "99999999999999999999.00:00:00"}) {
    EXPECT_FALSE(parse_time_span(text).has_value()) << text;
  }
}

TEST(AsTimeSpan, OfScalars) {
  const Graph graph;
  EXPECT_EQ(as_time_span(graph, Value::make(Kind::time_span, "PT2M")), kTwoMinutes);
  EXPECT_EQ(as_time_span(graph, Value::string(" 00:02:00 ")), kTwoMinutes);
  EXPECT_EQ(as_time_span(graph, Value::string("PT2M")), kTwoMinutes);
  for (const Value& none :
       {Value{}, Value::int32(120), Value::boolean(true), Value::string("two minutes"),
        Value::string("120"), Value::make(Kind::date_time, "2026-11-23T18:47:03Z")}) {
    EXPECT_EQ(as_time_span(graph, none), std::nullopt) << none.text;
  }
}

TEST(AsTimeSpan, OfObjects) {
  Graph graph;
  const auto span = [&](std::vector<Property> members) {
    Object object;
    object.extended = std::move(members);
    return as_time_span(graph, Value::object_ref(graph.add(std::move(object))));
  };
  Object wrapped;
  wrapped.base = Value::make(Kind::time_span, "PT2M");
  EXPECT_EQ(as_time_span(graph, Value::object_ref(graph.add(std::move(wrapped)))), kTwoMinutes);
  const Value seconds = Value::make(Kind::double_float, "120.5");
  EXPECT_EQ(span({{"ticks", Value::make(Kind::int64, "1200000000")}, {"TotalSeconds", seconds}}),
            kTwoMinutes);
  EXPECT_EQ(span({{"TotalSeconds", seconds}}), kTwoMinutes + kTicksPerSecond / 2);
  EXPECT_EQ(span({{"TotalSeconds", Value::int32(120)}}), kTwoMinutes);
  for (const auto* text : {"", "x", "1e300", "nan", "inf", "120 "}) {
    EXPECT_EQ(span({{"TotalSeconds", Value::string(text)}}), std::nullopt) << text;
  }
  EXPECT_EQ(span({{"Ticks", Value::string("many")}, {"TotalSeconds", seconds}}), std::nullopt);
  EXPECT_EQ(span({{"Minutes", Value::int32(2)}}), std::nullopt);
  EXPECT_EQ(span({}), std::nullopt);
}

}  // namespace
}  // namespace sfb
