// Numbers, time spans and versions on their way to JSON.
#include "agent/json/scalars.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace sfb::json {
namespace {

TEST(DoubleText, AsDotNetPrints) {
  struct Case {
    double value;
    std::string_view text;
  };
  for (const Case& one :
       {Case{0.0, "0.0"}, Case{1.0, "1.0"}, Case{-2.5, "-2.5"}, Case{100.0, "100.0"},
        Case{0.1, "0.1"}, Case{0.0001, "0.0001"}, Case{0.00001, "1E-05"},
        Case{-1.25e-7, "-1.25E-07"}, Case{123456789012345.0, "123456789012345.0"},
        Case{1e15, "1E+15"}, Case{1.5e300, "1.5E+300"},
        Case{922337203685.4775, "922337203685.4775"}}) {
    EXPECT_EQ(double_text(one.value), one.text);
  }
  EXPECT_EQ(double_text(std::numeric_limits<double>::infinity()), "\"Infinity\"");
}

TEST(DoubleText, AsTheFrameworkPrints) {
  struct Case {
    double value;
    std::string_view text;
  };
  for (const Case& one :
       {Case{0.0, "0"}, Case{1.0, "1"}, Case{-2.5, "-2.5"}, Case{100.0, "100"}, Case{0.1, "0.1"},
        Case{0.1 + 0.2, "0.30000000000000004"}, Case{1.0 / 3, "0.33333333333333331"},
        Case{1e-5, "1E-05"}, Case{1e15, "1E+15"}, Case{1'234'567'890'123'456.0, "1234567890123456"},
        Case{5e-324, "4.94065645841247E-324"}}) {
    EXPECT_EQ(double_text(one.value, Edition::windows_powershell_51), one.text);
  }
}

TEST(FloatJson, WholeNumbersGetAPointAndOddOnesQuotes) {
  struct Case {
    std::string_view text;
    std::string_view json;
  };
  for (const Case& one :
       {Case{"1", "1.0"}, Case{"1.50", "1.50"}, Case{"1E-07", "1E-07"}, Case{"1e5", "1e5"},
        Case{"-0", "-0.0"}, Case{"007", "7.0"}, Case{"+1", "1.0"}, Case{"INF", "\"Infinity\""},
        Case{"-INF", "\"-Infinity\""}, Case{"NaN", "\"NaN\""}, Case{"", "\"\""},
        Case{"1.", "\"1.\""}, Case{"1e", "\"1e\""}, Case{"1,0\"", "\"1,0\\\"\""},
        Case{"79228162514264337593543950335", "79228162514264337593543950335.0"}}) {
    EXPECT_EQ(float_json(one.text), one.json) << one.text;
  }
}

TEST(FloatJson, In51WholeNumbersStayWhole) {
  for (const std::string_view text : {"1", "1.50", "1E-07", "-0"}) {
    EXPECT_EQ(float_json(text, Edition::windows_powershell_51), text);
  }
  EXPECT_EQ(float_json("NaN", Edition::windows_powershell_51), "\"NaN\"") << "must be JSON";
  EXPECT_EQ(float_json("-INF", Edition::windows_powershell_51), "\"-Infinity\"");
  EXPECT_EQ(float_json("<1>", Edition::windows_powershell_51), R"("\u003c1\u003e")");
}

TEST(IntegerJson, OnlyIntegersAreBare) {
  EXPECT_EQ(integer_json("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(integer_json("0012"), "12");
  EXPECT_EQ(integer_json("1.0"), "\"1.0\"");
  EXPECT_EQ(integer_json("true, \"x\": 1"), "\"true, \\\"x\\\": 1\"");
}

TEST(TimeSpanMembers, TheFrameworkHasFewer) {
  const auto joined = [](const Members& members) {
    std::string out;
    for (const auto& [name, json] : members) {
      out += std::string(name) + '=' + json + ' ';
    }
    return out;
  };
  EXPECT_EQ(joined(time_span_members(937'840'050'000, Edition::windows_powershell_51)),
            "Ticks=937840050000 Days=1 Hours=2 Milliseconds=5 Minutes=3 Seconds=4 "
            "TotalDays=1.0854630208333333 TotalHours=26.0511125 TotalMilliseconds=93784005 "
            "TotalMinutes=1563.06675 TotalSeconds=93784.00499999999 ");
  EXPECT_EQ(time_span_members(0).size(), 15U);
}

TEST(VersionMembers, MissingPartsAreMinusOne) {
  const Members two = version_members("5.1");
  ASSERT_EQ(two.size(), 6U);
  EXPECT_EQ(two[2].second, "-1");
  EXPECT_EQ(two[4].second, "-1");
  EXPECT_EQ(two[5].second, "-1");
  const Members four = version_members("1.2.3.131075");  // 2 * 65536 + 3
  ASSERT_EQ(four.size(), 6U);
  EXPECT_EQ(four[4].second, "2");
  EXPECT_EQ(four[5].second, "3");
  EXPECT_TRUE(version_members("5").empty());
  EXPECT_TRUE(version_members("5.x").empty());
  EXPECT_TRUE(version_members("1.2.3.4.5").empty());
  EXPECT_TRUE(version_members("1.-2").empty());
}

TEST(Base64, SkipsWhatIsNone) {
  EXPECT_EQ(base64_bytes("AQL/"), (std::vector<std::uint8_t>{1, 2, 255}));
  EXPECT_EQ(base64_bytes("AQ=="), (std::vector<std::uint8_t>{1}));
  EXPECT_EQ(base64_bytes("A Q\n="), (std::vector<std::uint8_t>{1}));
}

}  // namespace
}  // namespace sfb::json
