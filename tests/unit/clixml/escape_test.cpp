#include "agent/clixml/escape.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::clixml {
namespace {

using namespace std::string_literals;

struct Pair {
  std::string text;
  std::string wire;
};

const Pair kPairs[] = {
    {"", ""},
    {"plain text", "plain text"},
    {"a\tb\r\nc", "a_x0009_b_x000D__x000A_c"},
    {"nul\0"s, "nul_x0000_"},
    {"_x0041_", "_x005F_x0041_"},
    {"_X0041_", "_x005F_X0041_"},
    {"_x", "_x005F_x"},
    {"_", "_"},
    {"a_b__", "a_b__"},
    {"del\x7F"
     "c1\xC2\x85",
     "del_x007F_c1_x0085_"},
    {"caf\xC3\xA9 \xE2\x82\xAC", "caf\xC3\xA9 \xE2\x82\xAC"},
    {"\xC2\xA0", "\xC2\xA0"},
    {"\xF0\x9F\x98\x80", "_xD83D__xDE00_"},
    {"\xEF\xBF\xBE", "\xEF\xBF\xBE"},
};

TEST(Escape, WritesAndReadsWhatPowerShellWrites) {
  for (const Pair& pair : kPairs) {
    EXPECT_EQ(escape(pair.text), pair.wire);
    bool lossy = false;
    EXPECT_EQ(unescape(pair.wire, &lossy), pair.text) << pair.wire;
    EXPECT_FALSE(lossy) << pair.wire;
  }
}

TEST(Escape, ReadsOtherForms) {
  EXPECT_EQ(unescape("_X000a_"), "\n") << "X and lower-case digits";
  EXPECT_EQ(unescape("_x0001F600_"), "\xF0\x9F\x98\x80") << "eight digits are a code point";
  EXPECT_EQ(unescape("_xD83D__XDE00_"), "\xF0\x9F\x98\x80") << "each half in its own case";
}

TEST(Escape, LeavesIncompleteFormsAlone) {
  for (const std::string_view text :
       {"_x", "_x0", "_x004", "_x0041", "_x0041 ", "_x00G1_", "_x-041_", "_x00041_", "_x00110000_",
        "x0041_", "__", "_x_x"}) {
    EXPECT_EQ(unescape(text), text);
  }
}

TEST(Escape, IsUndoneOnce) {
  EXPECT_EQ(unescape("_x005F_x0041_"), "_x0041_") << "what an escape gave is not read again";
  EXPECT_EQ(unescape("_x0041_x0042_"), "Ax0042_") << "an underscore belongs to one escape";
  EXPECT_EQ(unescape("__x0041_"), "_A");
}

TEST(Escape, LoneSurrogatesAreReplacedAndReported) {
  for (const std::string_view wire : {"_xD83D_", "_xDE00_", "_xDE00__xD83D_", "_xD83D_a_xDE00_"}) {
    bool lossy = false;
    EXPECT_TRUE(unescape(wire, &lossy).contains("\xEF\xBF\xBD")) << wire;
    EXPECT_TRUE(lossy) << wire;
  }
  bool lossy = false;
  EXPECT_EQ(unescape("_xD83D__xD83D__xDE00_", &lossy), "\xEF\xBF\xBD\xF0\x9F\x98\x80");
  EXPECT_TRUE(lossy);
}

}  // namespace
}  // namespace sfb::clixml
