// JSON strings and what is written as one.
#include "agent/json/strings.hpp"

#include <gtest/gtest.h>

namespace sfb::json {
namespace {

TEST(AppendString, EscapesOfPowerShell7) {
  std::string out;
  append_string(out, "'<>&/\"\\\b\f\n\r\t\x01\x7F\xC2\x85\xE2\x80\xA8\xE2\x80\xA9\xC3\xA9\xFF");
  EXPECT_EQ(out,
            "\"'<>&/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7F\\u0085\\u2028\\u2029\xC3\xA9\xEF\xBF\xBD\"");
}

TEST(AppendString, EscapesOf51) {
  std::string out;
  append_string(out, "'<>&/\"\\\b\f\n\r\t\x01\x7F\xC2\x85\xE2\x80\xA8\xE2\x80\xA9\xC3\xA9\xFF",
                Edition::windows_powershell_51);
  EXPECT_EQ(out, R"("\u0027\u003c\u003e\u0026/\"\\\b\f\n\r\t\u0001)"
                 "\x7F\\u0085\\u2028\\u2029\xC3\xA9\xEF\xBF\xBD\"");
}

TEST(DateJson, In51CountsMillisecondsFrom1970) {
  struct Case {
    std::string_view text;
    std::string_view json;
  };
  for (const Case& one :
       {Case{"1970-01-01T00:00:00Z", R"("\/Date(0)\/")"},
        Case{"1970-01-01T00:00:00", R"("\/Date(0)\/")"},
        Case{"1970-01-01T02:00:00.0019999+02:00", R"("\/Date(1)\/")"},
        Case{"1969-12-31T23:59:59.9995Z", R"("\/Date(0)\/")"},
        Case{"1969-12-31T23:59:58.5Z", R"("\/Date(-1500)\/")"},
        Case{"0001-01-01T00:00:00", R"("\/Date(-62135596800000)\/")"},
        Case{"9999-12-31T23:59:59.9999999", R"("\/Date(253402300799999)\/")"},
        Case{"yesterday & today", R"("yesterday \u0026 today")"}, Case{"", R"("")"}}) {
    EXPECT_EQ(date_json(one.text, Edition::windows_powershell_51), one.json) << one.text;
  }
  EXPECT_EQ(date_json("1970-01-01T00:00:00Z", Edition::powershell_7), R"("1970-01-01T00:00:00Z")");
}

TEST(UriJson, In51IsPercentEncodedAgain) {
  EXPECT_EQ(uri_json("https://a.example/x y?b='c%20d%'&\"\\\xC3\xA9#[1]<\n",
                     Edition::windows_powershell_51),
            R"("https://a.example/x%20y?b='c%20d%25'&%22%5C%C3%A9#[1]%3C%0A")");
  EXPECT_EQ(uri_json("a b", Edition::powershell_7), R"("a b")");
}

}  // namespace
}  // namespace sfb::json
