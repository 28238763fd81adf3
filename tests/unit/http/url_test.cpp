#include "agent/http/client_connection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::http {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(HttpUrl, ReadsHostPortAndPath) {
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
        Case{"HTTP://FE_1.Contoso.Com", false, "fe_1.contoso.com", 80, "/", "fe_1.contoso.com",
             "http://fe_1.contoso.com/"},
        Case{"https://fe:443/OcsPowershell", true, "fe", 443, "/OcsPowershell", "fe",
             "https://fe/OcsPowershell"},
        Case{"http://fe:443/", false, "fe", 443, "/", "fe:443", "http://fe:443/"},
        Case{"https://10.0.0.1:1/a/b%20c", true, "10.0.0.1", 1, "/a/b%20c", "10.0.0.1:1",
             "https://10.0.0.1:1/a/b%20c"},
        Case{"http://[2001:DB8::1]:5985/wsman", false, "2001:db8::1", 5985, "/wsman",
             "[2001:db8::1]:5985", "http://[2001:db8::1]:5985/wsman"},
        Case{"https://[::1]", true, "::1", 443, "/", "[::1]", "https://[::1]/"},
        Case{"http://h:65535", false, "h", 65535, "/", "h:65535", "http://h:65535/"}}) {
    const auto url = parse_http_url(c.text);
    ASSERT_TRUE(url) << c.text << ": " << describe(url.error());
    EXPECT_EQ(url->tls, c.tls) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->host_port(), c.host_port) << c.text;
    EXPECT_EQ(url->str(), c.back) << c.text;
    EXPECT_EQ(parse_http_url(url->str()).value().str(), url->str());
  }
}

TEST(HttpUrl, RefusesTheRestAndSaysWhy) {
  struct Case {
    std::string_view text;
    std::string_view why;
  };
  for (const Case& c : {Case{"", "neither http"},
                        Case{"fe:5985/wsman", "neither http"},
                        Case{"ftp://fe/", "neither http"},
                        Case{"http:/fe", "neither http"},
                        Case{"http://", "no host name"},
                        Case{"http:///wsman", "no host name"},
                        Case{"http://f*e/", "no host name"},
                        Case{"http://[::1", "not closed"},
                        Case{"http://[fe]/", "no IPv6"},
                        Case{"http://[fe80::1%eth0]/", "no IPv6"},
                        Case{"http://[::1]5985/", "port"},
                        Case{"http://fe:/", "port"},
                        Case{"http://fe:0/", "port"},
                        Case{"http://fe:65536/", "port"},
                        Case{"http://fe:-1/", "port"},
                        Case{"http://fe:+1/", "port"},
                        Case{"http://fe:5985x/", "port"},
                        Case{"http://fe:1:2/", "port"},
                        Case{"http://::1/", "no host name"},
                        Case{"http://fe/?a=b", "query"},
                        Case{"http://fe/#x", "fragment"},
                        Case{"http://fe?x", "query"},
                        Case{"http://fe/a b", "blanks"},
                        Case{"http://fe/a\r\nX: y", "blanks"},
                        Case{" http://fe/", "neither http"},
                        Case{"http://fe/ ", "blanks"},
                        Case{"http://f\xC3\xA9/", "ASCII"},
                        Case{"http://fe/\x7F", "blanks"},
                        Case{std::string_view("http://f\0e/", 11), "blanks"}}) {
    const auto url = parse_http_url(c.text);
    ASSERT_FALSE(url) << c.text;
    EXPECT_EQ(url.error().reason, Reason::parse) << c.text;
    EXPECT_EQ(url.error().code, "url.invalid") << c.text;
    EXPECT_THAT(url.error().message, HasSubstr(c.why)) << c.text;
    EXPECT_NE(url.error().remedy, "") << c.text;
  }
  EXPECT_FALSE(parse_http_url("http://" + std::string(254, 'a')));
}

TEST(HttpUrl, ShowsNoPassword) {
  for (const std::string_view text :
       {"https://admin:s3cret@fe/", "https://admin:s3c?ret@fe/", "https://admin:s3c ret@fe/",
        "https://admin:s3c/ret@fe/", "https:/admin:s3cret@fe/"}) {
    const auto url = parse_http_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_THAT(describe(url.error()), Not(HasSubstr("s3c"))) << text;
  }
  EXPECT_THAT(parse_http_url("https://u@fe/").error().message, HasSubstr("user name"));
}

}  // namespace
}  // namespace sfb::http
