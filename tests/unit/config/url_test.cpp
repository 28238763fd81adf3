#include "config/url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::config {
namespace {

std::string completed(std::string_view text) {
  const auto url = complete_url(text);
  return url ? url->text : url.error().message;
}

TEST(Url, IsCompletedWithPortAndPath) {
  EXPECT_EQ(completed("https://a.example.com"), "https://a.example.com:5986/wsman");
  EXPECT_EQ(completed("https://a.example.com/"), "https://a.example.com:5986/wsman");
  EXPECT_EQ(completed("http://a.example.com"), "http://a.example.com:5985/wsman");
  EXPECT_EQ(completed("https://a.example.com/wsman"), "https://a.example.com:5986/wsman");
  EXPECT_EQ(completed("https://a.example.com/WSMan"), "https://a.example.com:5986/WSMan");
  EXPECT_EQ(completed("https://a.example.com:443"), "https://a.example.com:443/wsman");
}

TEST(Url, OtherPathsHaveThePortsOfTheWeb) {
  EXPECT_EQ(completed("https://a.example.com/OcsPowershell"),
            "https://a.example.com:443/OcsPowershell");
  EXPECT_EQ(completed("http://a.example.com/OcsPowershell"),
            "http://a.example.com:80/OcsPowershell");
  EXPECT_EQ(completed("https://a.example.com/wsman/"), "https://a.example.com:443/wsman/");
  EXPECT_EQ(completed("https://a.example.com:4443/OcsPowershell"),
            "https://a.example.com:4443/OcsPowershell");
}

TEST(Url, HostsHaveOneSpelling) {
  EXPECT_EQ(completed("HTTPS://Atl-FE-001.Litwareinc.com.:5986/wsman"),
            "https://atl-fe-001.litwareinc.com:5986/wsman");
  EXPECT_EQ(completed("https://10.0.0.7"), "https://10.0.0.7:5986/wsman");
  EXPECT_EQ(completed("https://[2001:DB8:0::1]"), "https://[2001:db8::1]:5986/wsman");
  EXPECT_EQ(completed("https://[::1]:1234/x%20y"), "https://[::1]:1234/x%20y");
}

TEST(Url, CompletingAgainChangesNothing) {
  for (const char* text :
       {"https://a.example.com", "http://a/x", "https://[::1]", "http://1.2.3.4"}) {
    const std::string once = completed(text);
    EXPECT_EQ(completed(once), once);
  }
}

TEST(Url, SaysWhetherItIsEncrypted) {
  EXPECT_TRUE(complete_url("https://a").value().tls);
  EXPECT_FALSE(complete_url("http://a").value().tls);
}

TEST(Url, WhatMayHoldAPasswordIsNotRepeated) {
  for (const char* text :
       {"https://svc:hunter2@a.example.com", "https//svc:hunter2@a", "svc:hunter2@a:5986",
        "https://a/wsman?token=hunter2", "a?hunter2", "https://a#hunter2"}) {
    const auto url = complete_url(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos) << url.error().message;
    EXPECT_EQ(url.error().remedy.find("hunter2"), std::string::npos) << url.error().remedy;
  }
}

TEST(Host, WhatMayHoldAPasswordIsNotRepeated) {
  for (const char* text : {"svc:hunter2@a.example.com", "hunter2@a", "svc:hunter2@[::1]"}) {
    const auto host = check_host(text);
    ASSERT_FALSE(host.has_value()) << text;
    EXPECT_EQ(host.error().message, "has a user name or password in it");
  }
}

TEST(Url, WhatIsNoUrlIsRefused) {
  for (const std::string text : {"",
                                 "https:",
                                 "https:/",
                                 "https://",
                                 "https://:5986",
                                 "https://a:",
                                 "https://a:5986x",
                                 "https://a:+1",
                                 "https://a:5986:1",
                                 "https://[::1",
                                 "https://::1]",
                                 "https://[]",
                                 "https://[a.example.com]",
                                 "https://[10.0.0.1]",
                                 "https://1.2.3",
                                 "https://a..b",
                                 "https://a b",
                                 "https://a/\x7f",
                                 "https://a/\xC3\xBC",
                                 "https://a/%zz",
                                 "https://a/\\x",
                                 "https://[fe80::1%25eth0]",
                                 "wss://a",
                                 " https://a"}) {
    EXPECT_FALSE(complete_url(text).has_value()) << text;
  }
  EXPECT_FALSE(complete_url("https://a/" + std::string(2048, 'x')).has_value());
}

TEST(Host, NamesAndAddresses) {
  EXPECT_EQ(check_host("A.Example.com").value(), "a.example.com");
  EXPECT_EQ(check_host("::FFFF").value(), "::ffff");
  EXPECT_EQ(check_host("192.0.2.1").value(), "192.0.2.1");
  for (const char* text : {"", "192.0.2.256", "1", "a.1", "[::1]", "::g", "a_b", "*.example.com"}) {
    EXPECT_FALSE(check_host(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace sfb::config
