// Thresholds, as Nagios' plugins write them.
#include "agent/client/range.hpp"

#include <gtest/gtest.h>

namespace sfb::client {
namespace {

TEST(Range, SaysWhichValuesAreAnAlarm) {
  struct Case {
    const char* text;
    double value;
    bool alarms;
  };
  for (const Case& c : {
           Case{"10", 10, false},
           Case{"10", 10.5, true},
           Case{"10", 0, false},
           Case{"0", 0, false},
           Case{"0", 1, true},
           Case{"10:", 9, true},
           Case{"10:", 10, false},
           Case{"~:10", 11, true},
           Case{"~:10", 0, false},
           Case{"5:10", 4, true},
           Case{"5:10", 7, false},
           Case{"@5:10", 5, true},
           Case{"@5:10", 10, true},
           Case{"@5:10", 11, false},
           Case{"15m", 900, false},
           Case{"15m", 901, true},
           Case{"1h:1d", 3599, true},
           Case{"0.5", 0.6, true},
       }) {
    const auto range = parse_range(c.text);
    ASSERT_TRUE(range) << c.text;
    EXPECT_EQ(range->alarms(c.value), c.alarms) << c.text << " of " << c.value;
  }
}

TEST(Range, IsWrittenBackInSeconds) {
  EXPECT_EQ(parse_range("15m")->text, "900");
  EXPECT_EQ(parse_range("15m")->upper(), "900");
  EXPECT_EQ(parse_range("@1m:1h")->text, "@60:3600");
  EXPECT_EQ(parse_range("@1m:1h")->upper(), std::nullopt);
  EXPECT_EQ(parse_range("~:5")->text, "~:5");
  EXPECT_EQ(parse_range("10:")->text, "10:");
}

TEST(Range, WhatIsNoneIsNamed) {
  for (const char* const text : {"", "soon", "-5", "5:1", "1:2:3", "@", "~", "1e3", "nan", "5 m"}) {
    const auto range = parse_range(text);
    ASSERT_FALSE(range) << text;
    EXPECT_EQ(range.error().code, "client.range");
  }
}

}  // namespace
}  // namespace sfb::client
