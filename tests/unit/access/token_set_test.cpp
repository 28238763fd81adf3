// Tokens of machines, and the header that carries one.
#include "agent/access/token_set.hpp"

#include "agent/access/bearer_header.hpp"
#include "agent/base/bearer_token.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb::access {
namespace {

using Names = std::vector<std::string>;

Secret token(std::string text) {
  return Secret(std::move(text));
}

TEST(TokenSet, KnowsWhoseATokenIs) {
  TokenSet tokens;
  EXPECT_FALSE(tokens.find(token("0123456789abcdef")));
  EXPECT_TRUE(tokens.add("grafana", {"Readers"}, token("0123456789abcdef")));
  EXPECT_TRUE(tokens.add("nagios", {}, token("0123456789abcdeF")));
  const auto grafana = tokens.find(token("0123456789abcdef"));
  ASSERT_TRUE(grafana);
  EXPECT_EQ(grafana->proof, Proof::token);
  EXPECT_EQ(grafana->name, "grafana");
  EXPECT_EQ(grafana->group_names, Names{"Readers"});
  EXPECT_EQ(tokens.find(token("0123456789abcdeF"))->name, "nagios");
  for (const char* const wrong : {"", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF"}) {
    EXPECT_FALSE(tokens.find(token(wrong))) << wrong;
  }
}

TEST(TokenSet, ATokenOfTwoIsNobodys) {
  TokenSet tokens;
  EXPECT_TRUE(tokens.add("a", {"Readers"}, token("0123456789abcdef")));
  EXPECT_FALSE(tokens.add("b", {"Admins"}, token("0123456789abcdef")));
  EXPECT_FALSE(tokens.add("c", {"Admins"}, token("0123456789abcdef")));
  EXPECT_FALSE(tokens.find(token("0123456789abcdef")));
}

std::string bearer(const std::string& value) {
  const auto token = read_bearer(value);
  return token ? std::string(token->reveal()) : "nothing";
}

TEST(BearerHeader, IsReadStrictly) {
  EXPECT_EQ(bearer("Bearer abc"), "abc");
  EXPECT_EQ(bearer("bEARER   abc.-_~+/9== "), "abc.-_~+/9==");
  for (const char* const wrong : {"", "Bearer", "Bearer ", "Bearer   ", "Bearer\tabc", "Bearerabc",
                                  "Basic abc", "Bearer a b", "Bearer a,b", "Bearer =", "Bearer a=b",
                                  "Bearer \"abc\"", "Bearer a\x01", "Bearer \xC3\xA4"}) {
    EXPECT_EQ(bearer(wrong), "nothing") << wrong;
  }
  EXPECT_EQ(bearer(std::string("Bearer a\0b", 10)), "nothing");
}

TEST(BearerToken, MustNotBeGuessable) {
  EXPECT_TRUE(check_token("0123456789abcdef"));
  const auto wrong = [](std::string_view token) {
    const Status good = check_token(token);
    return good ? std::string() : good.error().message;
  };
  EXPECT_EQ(wrong("canary-89abcdef"), "holds fewer than 16 characters, which can be guessed");
  EXPECT_TRUE(wrong("canary canary canary").starts_with("holds characters that no Bearer token"));
  EXPECT_TRUE(wrong("").starts_with("holds characters"));
  EXPECT_FALSE(wrong("canary canary canary").contains("canary"));
}

}  // namespace
}  // namespace sfb::access
