#include "agent/net/address.hpp"

#include <gtest/gtest.h>

namespace sfb::net {
namespace {

TEST(ParseListenAddress, MayHaveADefaultPort) {
  EXPECT_EQ(parse_listen_address("mon", 9943).value().str(), "mon:9943");
  EXPECT_EQ(parse_listen_address("[::1]", 9943).value().str(), "[::1]:9943");
  EXPECT_EQ(parse_listen_address("mon:80", 9943).value().str(), "mon:80");
  EXPECT_FALSE(parse_listen_address("mon:", 9943));
}

struct Good {
  std::string_view text;
  ListenAddress address;
  bool loopback;
};

TEST(ParseListenAddress, ReadsEveryFormAndPrintsItBack) {
  for (const Good& c : {
           Good{"127.0.0.1:9943", {"127.0.0.1", 9943, ""}, true},
           Good{":9943", {"", 9943, ""}, false},
           Good{"[::1]:9943", {"::1", 9943, ""}, true},
           Good{"[::]:0", {"::", 0, ""}, false},
           Good{"0.0.0.0:65535", {"0.0.0.0", 65535, ""}, false},
           Good{"localhost:80", {"localhost", 80, ""}, true},
           Good{"mon-1.example.com:9943", {"mon-1.example.com", 9943, ""}, false},
           Good{"127.9.9.9:1", {"127.9.9.9", 1, ""}, true},
           Good{"unix:/run/sfb/x.sock", {"", 0, "/run/sfb/x.sock"}, true},
       }) {
    const auto address = parse_listen_address(c.text);
    ASSERT_TRUE(address) << c.text << ": " << describe(address.error());
    EXPECT_EQ(*address, c.address) << c.text;
    EXPECT_EQ(address->str(), c.text);
    EXPECT_EQ(address->is_loopback(), c.loopback) << c.text;
  }
}

TEST(ParseListenAddress, RefusesTheRestAndSaysWhy) {
  struct Bad {
    std::string_view text;
    std::string_view why;
  };
  for (const Bad& c : {
           Bad{"", "the port is missing"},
           Bad{"9943", "the port is missing"},
           Bad{"127.0.0.1", "the port is missing"},
           Bad{"127.0.0.1:", "the port is not a number"},
           Bad{"127.0.0.1:65536", "the port is not a number"},
           Bad{"127.0.0.1:+1", "the port is not a number"},
           Bad{"127.0.0.1:99x", "the port is not a number"},
           Bad{"::1:9943", "an IPv6 address needs brackets"},
           Bad{"[127.0.0.1]:1", "the text in brackets"},
           Bad{"[::1:9943", "the text in brackets"},
           Bad{"[]:1", "the text in brackets"},
           Bad{"http://x:1", "an IPv6 address needs brackets"},
           Bad{"a b:1", "the host is neither"},
           Bad{"unix:", "must be absolute"},
           Bad{"unix:x.sock", "must be absolute"},
           Bad{"unix:/run/", "must be absolute"},
           Bad{std::string_view("unix:/a\0b", 9), "NUL"},
       }) {
    const auto address = parse_listen_address(c.text);
    ASSERT_FALSE(address) << c.text;
    EXPECT_EQ(address.error().code, "address.invalid") << c.text;
    EXPECT_NE(address.error().message.find(c.why), std::string::npos)
        << c.text << ": " << address.error().message;
  }
}

TEST(IsLoopback, KnowsMappedAddresses) {
  for (const std::string_view yes : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback(yes)) << yes;
  }
  for (const std::string_view no :
       {"", "128.0.0.1", "0.0.0.0", "::", "::2", "::ffff:10.0.0.1", "localhost", "127.0.0.1 "}) {
    EXPECT_FALSE(is_loopback(no)) << no;
  }
}

}  // namespace
}  // namespace sfb::net
