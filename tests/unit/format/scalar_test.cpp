#include "agent/format/scalar.hpp"

#include "agent/format/number.hpp"
#include "agent/format/style.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace {

using namespace sfb::format;
using sfb::Kind;
using sfb::Value;

std::string shown(Kind kind, std::string text) {
  return scalar_text(Value::make(kind, std::move(text)), style_of(Edition::windows_powershell_51));
}

TEST(GeneralNumber, PrintsFifteenDigitsAsDotnetFramework) {
  EXPECT_EQ(general_number(0.1, 15), "0.1");
  EXPECT_EQ(general_number(1.0 / 3, 15), "0.333333333333333");
  EXPECT_EQ(general_number(100, 15), "100");
  EXPECT_EQ(general_number(-2.5, 15), "-2.5");
  EXPECT_EQ(general_number(123456789.123456789, 15), "123456789.123457");
  EXPECT_EQ(general_number(0, 15), "0");
  EXPECT_EQ(general_number(-0.0, 15), "0");
}

TEST(GeneralNumber, TurnsScientificOutsideItsDigits) {
  EXPECT_EQ(general_number(1e14, 15), "100000000000000");
  EXPECT_EQ(general_number(1e15, 15), "1E+15");
  EXPECT_EQ(general_number(-1e30, 15), "-1E+30");
  EXPECT_EQ(general_number(1.5e-7, 15), "1.5E-07");
  EXPECT_EQ(general_number(0.0001, 15), "0.0001");
  EXPECT_EQ(general_number(0.00001, 15), "1E-05");
  EXPECT_EQ(general_number(9.99999999999999999e22, 15), "1E+23");
  EXPECT_EQ(general_number(std::numeric_limits<double>::max(), 15), "1.79769313486232E+308");
  EXPECT_EQ(general_number(std::numeric_limits<double>::denorm_min(), 15), "4.94065645841247E-324");
}

TEST(FixedText, ThreeDecimals) {
  const auto fixed = [](Kind kind, std::string text) {
    return fixed_text(Value::make(kind, std::move(text))).value_or("none");
  };
  EXPECT_EQ(fixed(Kind::double_float, "0.0625"), "0.062") << "half to the even digit";
  EXPECT_EQ(fixed(Kind::double_float, "0.1875"), "0.188");
  EXPECT_EQ(fixed(Kind::double_float, "-0.0004"), "-0.000");
  EXPECT_EQ(fixed(Kind::double_float, "NaN"), "NaN");
  EXPECT_EQ(fixed(Kind::single, "0.3"), "0.300");
  EXPECT_EQ(fixed(Kind::single, "1E+20"), "100000002004087734272.000");
  EXPECT_EQ(fixed(Kind::decimal, "1.0005"), "1.001") << "half away from zero";
  EXPECT_EQ(fixed(Kind::decimal, "-0.0005"), "-0.001");
  EXPECT_EQ(fixed(Kind::decimal, "-0.0004"), "0.000");
  EXPECT_EQ(fixed(Kind::decimal, "-9.9995"), "-10.000");
  EXPECT_EQ(fixed(Kind::decimal, "7"), "7.000");
  EXPECT_EQ(fixed(Kind::decimal, "7."), "7.000");
  for (const char* text : {"", "-", ".5", "1.x", "1.2.3", "1.0005x", "1E5"}) {
    EXPECT_EQ(fixed(Kind::decimal, text), text);
  }
  EXPECT_EQ(fixed(Kind::int32, "5"), "none");
}

TEST(RoundTripText, AsManyDigitsAsItTakes) {
  const auto text = [](Kind kind, std::string wire) {
    return round_trip_text(Value::make(kind, std::move(wire)), style_of(Edition::powershell_7))
        .value_or("none");
  };
  EXPECT_EQ(text(Kind::double_float, "0.3333333333333333"), "0.3333333333333333");
  EXPECT_EQ(text(Kind::double_float, "1.2345678901234568E+17"), "1.2345678901234568E+17");
  EXPECT_EQ(text(Kind::double_float, "1E+16"), "10000000000000000");
  EXPECT_EQ(text(Kind::double_float, "1E+17"), "1E+17");
  EXPECT_EQ(text(Kind::single, "1E+08"), "100000000");
  EXPECT_EQ(text(Kind::single, "1E+09"), "1E+09");
  EXPECT_EQ(text(Kind::double_float, "-0"), "-0");
  EXPECT_EQ(text(Kind::single, "3.4028235E+38"), "3.4028235E+38");
  EXPECT_EQ(text(Kind::single, "0.1"), "0.1");
  EXPECT_EQ(text(Kind::int32, "1"), "none");
}

TEST(ScalarText, Numbers) {
  EXPECT_EQ(shown(Kind::single, "0.1"), "0.1");
  EXPECT_EQ(shown(Kind::single, "3.4028235E+38"), "3.402823E+38");
  EXPECT_EQ(shown(Kind::double_float, "NaN"), "NaN");
  EXPECT_EQ(shown(Kind::double_float, "INF"), "∞");
  EXPECT_EQ(shown(Kind::double_float, "-INF"), "-∞");
  EXPECT_EQ(shown(Kind::double_float, "1E400"), "1E400");
  EXPECT_EQ(shown(Kind::double_float, "no number"), "no number");
  EXPECT_EQ(shown(Kind::double_float, ""), "");
  EXPECT_EQ(shown(Kind::decimal, "1.50"), "1.50");
  EXPECT_EQ(shown(Kind::uint64, "18446744073709551615"), "18446744073709551615");
}

TEST(ScalarText, WordsAndWhatIsNeverShown) {
  EXPECT_EQ(shown(Kind::boolean, "true"), "True");
  EXPECT_EQ(shown(Kind::boolean, "false"), "False");
  EXPECT_EQ(shown(Kind::boolean, "maybe"), "maybe");
  EXPECT_EQ(shown(Kind::secure_string, "0123abcd"), "System.Security.SecureString");
  EXPECT_EQ(shown(Kind::xml_document, "<a/>"), "#document");
  EXPECT_EQ(shown(Kind::null, ""), "");
}

TEST(DateText, ShowsTheClockTimeThatWasSent) {
  EXPECT_EQ(date_text("2026-11-23T18:47:03.1234567+05:30"), "11/23/2026 6:47:03 PM");
  EXPECT_EQ(date_text("2026-01-01T00:00:00Z"), "1/1/2026 12:00:00 AM");
  EXPECT_EQ(date_text("2026-01-01T12:00:00"), "1/1/2026 12:00:00 PM");
  EXPECT_EQ(date_text("0001-01-01T00:00:00"), "1/1/0001 12:00:00 AM");
}

TEST(DateText, RefusesWhatIsNoDate) {
  for (const auto* text : {"", "2026", "2026-11-23", "2026-11-23T18:47", "20x6-11-23T18:47:03"}) {
    EXPECT_FALSE(date_text(text).has_value()) << text;
  }
  EXPECT_EQ(shown(Kind::date_time, "yesterday"), "yesterday");
}

TEST(DecodeBase64, SkipsBlanksAndStopsAtWhatIsNoDigit) {
  EXPECT_EQ(decode_base64("AQL/"), "\x01\x02\xFF");
  EXPECT_EQ(decode_base64("AQ\r\n =="), "\x01");
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("AQ*L"), "\x01");
}

}  // namespace
