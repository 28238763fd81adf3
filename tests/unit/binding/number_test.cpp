// Which words are numbers, and which of them convert to $true.
#include "agent/binding/number.hpp"

#include <gtest/gtest.h>

namespace sfb::binding {
namespace {

TEST(Number, IsWhatPowerShellReadsAsOne) {
  for (const char* const word :
       {"0", "1", "007", "0.5", ".5", "5.", "1e3", "1E+3", "1.5e-3", "0x1f", "0XFF", "2l", "1d",
        "1kb", "2Lgb", "0x10kb", "0.5TB", "4711"}) {
    EXPECT_TRUE(is_number(word)) << word;
  }
  for (const char* const word :
       {"",   ".",    "-1", "+1",  "-0.5", "0x", "0xg",  "1e",    "1e+", "e3",      "1.2.3",
        "1x", "1kbl", "kb", "1,5", "1 ",   " 1", "true", "$true", "NaN", "infinity"}) {
    EXPECT_FALSE(is_number(word)) << word;
  }
}

TEST(Number, AnyButZeroIsTrue) {
  for (const char* const number : {"1", "2", "0.5", ".5", "1e3", "0x1", "0x0f", "0.001", "1kb"}) {
    EXPECT_TRUE(is_nonzero(number)) << number;
  }
  for (const char* const number :
       {"0", "000", "0.0", ".0", "0.", "0e5", "0x0", "0x0kb", "0kb", "0d"}) {
    EXPECT_FALSE(is_nonzero(number)) << number;
  }
}

}  // namespace
}  // namespace sfb::binding
