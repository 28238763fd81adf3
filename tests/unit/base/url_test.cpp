#include "agent/base/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

TEST(Url, ReadsHostPortAndPath) {
  struct Case {
    std::string_view text;
    bool tls;
    std::string_view host;
    std::uint16_t port;
    std::string_view path;
    std::string_view host_port;
    std::string_view back;
  };
  for (const Case& c :
       {Case{"https://fe.contoso.com:5986/wsman", true, "fe.contoso.com", 5986, "/wsman",
             "fe.contoso.com:5986", "https://fe.contoso.com:5986/wsman"},
        Case{"HTTP://FE-1.Contoso.Com", false, "fe-1.contoso.com", 80, "/", "fe-1.contoso.com",
             "http://fe-1.contoso.com/"},
        Case{"https://fe:443/OcsPowershell", true, "fe", 443, "/OcsPowershell", "fe",
             "https://fe/OcsPowershell"},
        Case{"http://fe:443/", false, "fe", 443, "/", "fe:443", "http://fe:443/"},
        Case{"https://10.0.0.1:1/a/b%20c", true, "10.0.0.1", 1, "/a/b%20c", "10.0.0.1:1",
             "https://10.0.0.1:1/a/b%20c"},
        Case{"http://[2001:DB8::1]:5985/wsman", false, "2001:db8::1", 5985, "/wsman",
             "[2001:db8::1]:5985", "http://[2001:db8::1]:5985/wsman"},
        Case{"https://[::1]", true, "::1", 443, "/", "[::1]", "https://[::1]/"},
        Case{"http://h:65535", false, "h", 65535, "/", "h:65535", "http://h:65535/"}}) {
    const auto url = parse_url(c.text);
    ASSERT_TRUE(url) << c.text << ": " << describe(url.error());
    EXPECT_EQ(url->tls, c.tls) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->host_port(), c.host_port) << c.text;
    EXPECT_EQ(url->str(), c.back) << c.text;
    EXPECT_EQ(parse_url(url->str()).value(), *url);
    EXPECT_EQ(parse_url(url->with_port()).value(), *url);
  }
}

TEST(Url, SaysWhetherItIsEncrypted) {
  EXPECT_TRUE(parse_url("https://a").value().tls);
  EXPECT_FALSE(parse_url("http://a").value().tls);
}

TEST(Url, RefusesTheRestAndSaysWhy) {
  struct Case {
    std::string_view text;
    std::string_view why;
  };
  for (const Case& c : {Case{"", "not an http or https URL"},
                        Case{"fe:5985/wsman", "not an http or https URL"},
                        Case{"ftp://fe/", "not an http or https URL"},
                        Case{"http:/fe", "not an http or https URL"},
                        Case{"http://", "not a host name"},
                        Case{"http:///wsman", "not a host name"},
                        Case{"http://f*e/", "not a host name"},
                        Case{"http://[::1", "not a host name or an IP address"},
                        Case{"http://[fe]/", "not an IPv6 address"},
                        Case{"http://[fe80::1%eth0]/", "not a host name or an IP address"},
                        Case{"http://[::1]5985/", "not a host name or an IP address"},
                        Case{"http://fe:/", "port"},
                        Case{"http://fe:0/", "port"},
                        Case{"http://fe:65536/", "port"},
                        Case{"http://fe:-1/", "port"},
                        Case{"http://fe:+1/", "port"},
                        Case{"http://fe:5985x/", "port"},
                        Case{"http://fe:1:2/", "port"},
                        Case{"http://::1/", "not a port"},
                        Case{"http://fe/?a=b", "query"},
                        Case{"http://fe/#x", "fragment"},
                        Case{"http://fe?x", "query"},
                        Case{"http://fe/a b", "not the path"},
                        Case{"http://fe/a\r\nX: y", "not the path"},
                        Case{" http://fe/", "not an http or https URL"},
                        Case{"http://fe/ ", "not the path"},
                        Case{"http://f\xC3\xA9/", "not a host name"},
                        Case{"http://fe/\x7F", "not the path"},
                        Case{std::string_view("http://f\0e/", 11), "not a host name"}}) {
    const auto url = parse_url(c.text);
    ASSERT_FALSE(url) << c.text;
    EXPECT_EQ(url.error().reason, Reason::parse) << c.text;
    EXPECT_THAT(url.error().code, AnyOf("url.invalid", "fqdn.invalid")) << c.text;
    EXPECT_THAT(url.error().message, HasSubstr(c.why)) << c.text;
    EXPECT_NE(url.error().remedy, "") << c.text;
  }
  EXPECT_FALSE(parse_url("http://" + std::string(254, 'a')));
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
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_url("https://a/" + std::string(2048, 'x')).has_value());
}

TEST(Url, ShowsNoPassword) {
  for (const std::string_view text :
       {"https://admin:s3cret@fe/", "https://admin:s3c?ret@fe/", "https://admin:s3c ret@fe/",
        "https://admin:s3c/ret@fe/", "https:/admin:s3cret@fe/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_THAT(describe(url.error()), Not(HasSubstr("s3c"))) << text;
  }
  EXPECT_THAT(parse_url("https://u@fe/").error().message, HasSubstr("user name"));
}

TEST(Url, WhatMayHoldAPasswordIsNotRepeated) {
  for (const char* text :
       {"https://svc:hunter2@a.example.com", "https//svc:hunter2@a", "svc:hunter2@a:5986",
        "https://a/wsman?token=hunter2", "a?hunter2", "https://a#hunter2"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url.has_value()) << text;
    EXPECT_EQ(url.error().message.find("hunter2"), std::string::npos) << url.error().message;
    EXPECT_EQ(url.error().remedy.find("hunter2"), std::string::npos) << url.error().remedy;
  }
}

}  // namespace
}  // namespace sfb
