#include "agent/remote/winrm/cookies.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb::remote {
namespace {

const WallTime kNow = parse_iso8601("2026-11-28T12:00:00Z").value();

class CookiesTest : public ::testing::Test {
 protected:
  void take(const std::vector<std::string>& lines, bool tls = false,
            std::string_view path = "/wsman") {
    cookies.take(lines, tls, path, kNow);
  }
  Cookies cookies;
};

TEST_F(CookiesTest, WhatIsSetIsSentBack) {
  EXPECT_EQ(cookies.header(), "");
  take({"lb=node-1; path=/; HttpOnly", "other = \"a b\" "});
  EXPECT_EQ(cookies.header(), "lb=node-1; other=\"a b\"");
  take({"lb=node=2"});
  EXPECT_EQ(cookies.header(), "other=\"a b\"; lb=node=2");
  cookies.clear();
  EXPECT_EQ(cookies.header(), "");
}

TEST_F(CookiesTest, WhatHasEndedIsForgotten) {
  take({"a=1", "b=2", "c=3", "d=4"});
  take({"a=; Max-Age=0", "b=; expires=Thu, 01-Jan-1970 00:00:10 GMT",
        "c=5; Expires=Wed, 09 Jun 2100 10:18:14 GMT",
        "d=6; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"});
  EXPECT_EQ(cookies.header(), "c=5; d=6");
  take({"d=; max-age=-1"});
  EXPECT_EQ(cookies.header(), "c=5");
}

TEST_F(CookiesTest, WhatIsForOthersIsNotSent) {
  take({"a=1; Secure", "b=2; Path=/other", "c=3; path=/ws", "d=4; path=/wsman/", "e=5; Path=/wsman",
        "f=6; path=nonsense"});
  EXPECT_EQ(cookies.header(), "e=5; f=6");
  take({"a=1; secure"}, true);
  EXPECT_EQ(cookies.header(), "e=5; f=6; a=1");
}

TEST_F(CookiesTest, WhatIsNoCookieIsPassedOver) {
  take({"", "nothing", "=value", " ; a=b", "x\x01=1", "y=1\r\nEvil: 1", "z=\x7F", ";;;", "="});
  EXPECT_EQ(cookies.header(), "");
}

TEST_F(CookiesTest, AServerCannotMakeThemMany) {
  for (int i = 0; i < 1000; ++i) {
    take({"c" + std::to_string(i) + "=1"});
  }
  EXPECT_EQ(cookies.header().find("c967="), std::string::npos) << "the oldest have gone";
  EXPECT_TRUE(cookies.header().starts_with("c968=1; ")) << cookies.header();
  take({"big=" + std::string(Cookies::kLongest, 'x')});
  EXPECT_EQ(cookies.header().find("big"), std::string::npos);
  for (int i = 0; i < 40; ++i) {
    take({"big" + std::to_string(i) + "=" + std::string(2000, 'x')});
  }
  EXPECT_LE(cookies.header().size(), Cookies::kMostSent);
  EXPECT_GT(cookies.header().size(), Cookies::kMostSent / 2);
}

TEST(CookieDate, IsReadInEveryForm) {
  for (const auto* past : {"Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01-Jan-1970 00:00:00 GMT",
                           "Thursday, 01-Jan-70 00:00:00 GMT", "Sat Nov 28 11:59:59 2026",
                           "Sat, 28 Nov 2026 12:00:00 GMT"}) {
    EXPECT_TRUE(cookie_date_passed(past, kNow)) << past;
  }
  for (const auto* coming : {"Sat, 28 Nov 2026 12:00:01 GMT", "Sat Nov 28 12:00:01 2026",
                             "Fri, 31-Dec-69 23:59:59 GMT", "", "nonsense", "01 Jan 1970",
                             "31 Feb 1970 00:00:00", "1 2 3 4 5", "00:00:00", "Jan Jan Jan"}) {
    EXPECT_FALSE(cookie_date_passed(coming, kNow)) << coming;
  }
}

}  // namespace
}  // namespace sfb::remote
