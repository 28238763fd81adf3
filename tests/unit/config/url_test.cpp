#include "config/url.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::config {
namespace {

std::string completed(std::string_view text) {
  const auto url = complete_url(text);
  return url ? url->with_port() : url.error().message;
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

}  // namespace
}  // namespace sfb::config
