#include "agent/base/json_string.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace sfb {
namespace {

constexpr std::string_view kJsonText =
    "'<>&/"
    "\"\\\b\f\n\r\t\x01\x7F\xC2\x85\xC2\x9F\xE2\x80\xA8\xE2\x80\xA9\xC3\xA9\xF0\x9F\x98\x80\xFF";
constexpr std::string_view kRest = "\xC3\xA9\xF0\x9F\x98\x80\xEF\xBF\xBD\"";

TEST(JsonString, EscapesByPurpose) {
  struct Case {
    JsonEscapes escapes;
    std::string_view begin;
  };
  for (const Case& c :
       {Case{JsonEscapes::all_controls,
             R"("'<>&/\"\\\u0008\u000c\n\r\t\u0001\u007f\u0085\u009f\u2028\u2029)"},
        Case{JsonEscapes::powershell_7,
             "\"'<>&/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7F\\u0085\xC2\x9F\\u2028\\u2029"},
        Case{JsonEscapes::powershell_51,
             "\"\\u0027\\u003c\\u003e\\u0026/\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7F\\u0085\xC2\x9F"
             "\\u2028\\u2029"}}) {
    EXPECT_EQ(json_string(kJsonText, c.escapes), std::string(c.begin) + std::string(kRest));
  }
}

TEST(JsonString, AppendsBehindWhatIsThere) {
  std::string out = "x:";
  append_json_string(out, "");
  append_json_string(out, "a");
  EXPECT_EQ(out, "x:\"\"\"a\"");
}

}  // namespace
}  // namespace sfb
