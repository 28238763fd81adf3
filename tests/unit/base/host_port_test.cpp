#include "agent/base/host_port.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace sfb {
namespace {

TEST(HostPort, TakesTheFormApart) {
  struct Case {
    std::string_view text;
    std::string_view host;
    bool bracketed;
    std::optional<std::string_view> port;
  };
  for (const Case& c :
       {Case{"a:1", "a", false, "1"}, Case{"a", "a", false, {}}, Case{"a:", "a", false, ""},
        Case{":1", "", false, "1"}, Case{"", "", false, {}}, Case{"[::1]:1", "::1", true, "1"},
        Case{"[::1]", "::1", true, {}}, Case{"[a]:x", "a", true, "x"}, Case{"[]", "", true, {}},
        // What is no such form is not hidden.
        Case{"::1:9", "::1", false, "9"}, Case{"[::1:9", "[::1", false, "9"},
        Case{"[::1]x", "[::1]x", false, {}}, Case{"[::1]x:9", "[::1]x", false, "9"}}) {
    const HostPort parts = split_host_port(c.text);
    EXPECT_EQ(parts.host, c.host) << c.text;
    EXPECT_EQ(parts.bracketed, c.bracketed) << c.text;
    EXPECT_EQ(parts.port, c.port) << c.text;
  }
}

TEST(HostPort, PortsAreNumbers) {
  EXPECT_EQ(parse_port("0"), 0);
  EXPECT_EQ(parse_port("65535"), 65535);
  EXPECT_EQ(parse_port("080"), 80);
  for (const std::string_view bad : {"", "65536", "-1", "+1", " 1", "1 ", "0x1", "99999999999"}) {
    EXPECT_FALSE(parse_port(bad)) << bad;
  }
}

TEST(HostPort, IsWrittenWithBracketsWhereNeeded) {
  EXPECT_EQ(host_port("a.example.com", 80), "a.example.com:80");
  EXPECT_EQ(host_port("::1", 80), "[::1]:80");
  EXPECT_EQ(host_port("", 80), ":80");
}

TEST(Host, WhatMayHoldAPasswordIsNotRepeated) {
  for (const char* text : {"svc:hunter2@a.example.com", "hunter2@a", "svc:hunter2@[::1]"}) {
    const auto host = check_host(text);
    ASSERT_FALSE(host.has_value()) << text;
    EXPECT_EQ(host.error().message, "has a user name or password in it");
  }
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
}  // namespace sfb
