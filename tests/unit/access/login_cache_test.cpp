#include "agent/access/login_cache.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sfb::access {
namespace {

Secret secret(const char* text) {
  return Secret(std::string(text));
}

Digest number(unsigned char value) {
  Digest digest{};
  digest[0] = value;
  return digest;
}

TEST(LoginKeys, PartsDoNotRunTogether) {
  const LoginKeys keys;
  const std::set<Digest> all = {keys.login("ab", secret("c"), secret("d")),
                                keys.login("a", secret("bc"), secret("d")),
                                keys.login("a", secret("b"), secret("cd")),
                                keys.login("abcd", secret(""), secret("")),
                                keys.login("", secret("abcd"), secret("")),
                                keys.account("ab", secret("c")),
                                keys.account("a", secret("bc")),
                                keys.account("abc", secret(""))};
  EXPECT_EQ(all.size(), 8U);
  EXPECT_EQ(keys.account("a", secret("b")), keys.account("a", secret("b")));
}

TEST(LoginKeys, EachProcessHasItsOwn) {
  EXPECT_NE(LoginKeys().account("a", secret("b")), LoginKeys().account("a", secret("b")));
}

TEST(LoginCache, TheOneNotUsedForTheLongestGoes) {
  LoginCache cache(2);
  cache.add(number(1), number(9));
  cache.add(number(2), number(9));
  cache.add(number(2), number(9));
  EXPECT_TRUE(cache.knows(number(1)));
  cache.add(number(3), number(9));
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_TRUE(cache.knows(number(1)));
  EXPECT_FALSE(cache.knows(number(2)));
  EXPECT_TRUE(cache.knows(number(3)));
}

TEST(LoginCache, WhatDoesNotHoldIsForgotten) {
  LoginCache cache(8);
  cache.add(number(1), number(7));
  cache.add(number(2), number(8));
  cache.keep([](const Digest& account) { return account == number(8); });
  EXPECT_FALSE(cache.knows(number(1)));
  EXPECT_TRUE(cache.knows(number(2)));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(LoginCache, OfNoSizeItKnowsNothing) {
  LoginCache cache(0);
  cache.add(number(1), number(1));
  EXPECT_FALSE(cache.knows(number(1)));
}

}  // namespace
}  // namespace sfb::access
