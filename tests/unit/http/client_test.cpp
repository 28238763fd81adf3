#include "agent/http/client.hpp"

#include <gtest/gtest.h>

namespace sfb::http {
namespace {

TEST(ParseClientTarget, ReadsUrlsAndSockets) {
  struct Good {
    std::string_view text;
    std::string_view printed;
    std::string_view host;
    int port;
    std::string_view base;
  };
  for (const Good& c : {
           Good{"http://127.0.0.1:9000", "http://127.0.0.1:9000", "127.0.0.1", 9000, ""},
           Good{"HTTP://mon/", "http://mon:9943", "mon", 9943, ""},
           Good{"http://[::1]/a/b//", "http://[::1]:9943/a/b", "::1", 9943, "/a/b"},
           Good{"http://[::1]:1/", "http://[::1]:1", "::1", 1, ""},
           Good{"mon.example.com:80", "http://mon.example.com:80", "mon.example.com", 80, ""},
           Good{"https://mon.example.com/a", "https://mon.example.com:9943/a", "mon.example.com",
                9943, "/a"},
           Good{"HTTPS://[::1]:443", "https://[::1]:443", "::1", 443, ""},
           Good{"unix:/run/x.sock", "unix:/run/x.sock", "", 9943, ""},
       }) {
    const auto to = parse_client_target(c.text);
    ASSERT_TRUE(to) << c.text << ": " << describe(to.error());
    EXPECT_EQ(to->str(), c.printed) << c.text;
    EXPECT_EQ(to->host, c.host) << c.text;
    EXPECT_EQ(to->port, c.port) << c.text;
    EXPECT_EQ(to->base_path, c.base) << c.text;
  }
}

TEST(ParseClientTarget, RefusesTheRest) {
  for (const std::string_view bad :
       {"", "http://", "http://:80", "http://a:0", "http://a:x", "http://a b", "ftp://a", "unix:x",
        "http://a/b?c", "http://a/b#c", "http://user@a/", "http://::1/", "https://",
        "https://unix:/run/x.sock", "https://a:0", "https:/a", "https://a?b"}) {
    const auto to = parse_client_target(bad);
    ASSERT_FALSE(to) << bad;
    EXPECT_EQ(to.error().code, "client.url") << bad;
  }
}

}  // namespace
}  // namespace sfb::http
