// Vectors of other implementations: libcrypt by way of Python's crypt, and one of Go's in public
// code.
#include "agent/access/bcrypt.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::access {
namespace {

bool matches(const std::string& password, const std::string& hash) {
  return bcrypt_matches(Secret(std::string(password)), Secret(std::string(hash)));
}

const std::string kSalt = "$2b$04$abcdefghijklmnopqrstuu";

TEST(Bcrypt, KnowsEachOfItsForms) {
  EXPECT_TRUE(matches("secret", kSalt + "2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"));
  EXPECT_TRUE(matches("secret", "$2y$04$ABCDEFGHIJKLMNOPQRSTUux/yVoHLb2P5.QxxfIdIyVUJvRQqUe5S"));
  EXPECT_TRUE(matches("secret", "$2a$05$0123456789abcdefghijkOD0.24BzrAqePywaguupDOkNSuuDPCe2"));
  EXPECT_TRUE(
      matches("fakepassword", "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"));
  EXPECT_TRUE(matches("", kSalt + "byCG3zY1GIXMyxfivm.ClDiInHzxjiq"));
  EXPECT_TRUE(matches("p\xC3\xA4ss:w\xC3\xB6rd", kSalt + "kt5gEdxhyYU8q7nPVxOXoWsXfLuYbs6"));
}

TEST(Bcrypt, AWrongPasswordIsNone) {
  for (const std::string& wrong : {std::string(), std::string("Secret"), std::string("secret "),
                                   std::string("secre"), std::string(2000, 'x')}) {
    EXPECT_FALSE(matches(wrong, kSalt + "2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW")) << wrong;
  }
}

TEST(Bcrypt, SeventyTwoBytesCount) {
  const std::string hash = kSalt + "bzadhGtS2zEF.gu0yd0opP6cVzb.e0i";
  EXPECT_TRUE(matches(std::string(72, 'x'), hash));
  EXPECT_TRUE(matches(std::string(73, 'x') + "other", hash));
  EXPECT_TRUE(matches(std::string(4000, 'x'), hash)) << "libcrypt alone refuses more than 511";
  EXPECT_FALSE(matches(std::string(71, 'x'), hash));
}

TEST(Bcrypt, WhatStandsBeforeANulIsNotThePassword) {
  const std::string hash = kSalt + "Ci15uRb1eH7NAlJ/TgeJertyknQpYn2";
  EXPECT_TRUE(matches("abc", hash));
  EXPECT_FALSE(matches(std::string("abc\0", 4), hash));
  EXPECT_FALSE(matches(std::string("abc\0def", 7), hash));
}

TEST(Bcrypt, ASaltMayHaveBitsThatDoNotCount) {
  EXPECT_TRUE(matches("secret", "$2b$04$abcdefghijklmnopqrstuv2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"))
      << "Go takes it too";
}

TEST(Bcrypt, OtherHashesMatchNothing) {
  for (const std::string hash : {"", "secret", "$6$salt$secret",
                                 "$2x$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
                                 "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIr",
                                 "$2b$99$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
                                 "$2b$04$abcdefghijklmnopqr*tuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"}) {
    EXPECT_FALSE(matches("secret", hash)) << hash;
    EXPECT_FALSE(matches("", hash)) << hash;
  }
}

TEST(Bcrypt, ADummyIsAHashThatLibcryptWorksOn) {
  const Secret dummy = dummy_hash(4);
  EXPECT_EQ(dummy.reveal().size(), 60U);
  EXPECT_TRUE(dummy.reveal().starts_with("$2b$04$"));
  EXPECT_TRUE(dummy_hash(31).reveal().starts_with("$2b$31$"));
  EXPECT_FALSE(bcrypt_matches(Secret(std::string("x")), dummy));
}

}  // namespace
}  // namespace sfb::access
