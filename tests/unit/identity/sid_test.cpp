#include "agent/identity/sid.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::identity {
namespace {

using namespace std::string_view_literals;

TEST(Sid, IsReadAndWrittenAsWindowsDoes) {
  for (const std::string_view text :
       {"S-1-5-32-544", "S-1-5-21-1-2-3-4294967295", "S-1-0-0", "S-1-0x1234567890AB-7",
        "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15"}) {
    const auto sid = Sid::parse(text);
    ASSERT_TRUE(sid) << text;
    EXPECT_EQ(sid->str(), text);
  }
  EXPECT_EQ(Sid::parse("s-1-5-32-544"), Sid::parse("S-1-5-32-544"));
  EXPECT_EQ(Sid::parse("S-1-0x5-32-544"), Sid::parse("S-1-5-32-544"));
}

TEST(Sid, AnythingElseIsNone) {
  for (const std::string_view text :
       {"", "S", "S-1", "S-1-", "S-1-5", "S-1-5-", "S-2-5-32", "S-1-5--1", "S-1-5-+1", "S-1-5- 1",
        "S-1-5-1 ", "S-1-5-4294967296", "S-1-281474976710656-1", "S-1-0x-1", "S-1-5-0x1",
        "CSAdministrator", "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16"}) {
    EXPECT_FALSE(Sid::parse(text)) << text;
  }
}

TEST(Sid, ThePacketFormSaysTheSame) {
  constexpr auto kAdministrators = "\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0"sv;
  EXPECT_EQ(Sid::from_bytes(kAdministrators), Sid::parse("S-1-5-32-544"));
  for (std::size_t size = 0; size < kAdministrators.size(); ++size) {
    EXPECT_FALSE(Sid::from_bytes(kAdministrators.substr(0, size)));
  }
  EXPECT_FALSE(Sid::from_bytes(std::string(kAdministrators) + '\0'));
  EXPECT_FALSE(Sid::from_bytes("\2\1\0\0\0\0\0\5\x20\0\0\0"sv));  // a revision nobody knows
  EXPECT_FALSE(Sid::from_bytes("\1\0\0\0\0\0\0\5"sv));            // no part
}

TEST(Sid, AGroupOfADomain) {
  const auto domain = Sid::parse("S-1-5-21-1-2-3");
  EXPECT_EQ(domain->with(1105), Sid::parse("S-1-5-21-1-2-3-1105"));
  EXPECT_NE(domain->with(0), domain);
  EXPECT_FALSE(Sid::parse("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15")->with(1));
}

}  // namespace
}  // namespace sfb::identity
