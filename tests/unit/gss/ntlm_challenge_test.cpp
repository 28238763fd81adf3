#include "agent/gss/ntlm_challenge.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::gss {
namespace {

using namespace std::string_literals;

std::string wide(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    out += '\0';
  }
  return out;
}

std::string number(std::size_t value, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    out += static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
  return out;
}

std::string field(std::size_t size, std::size_t offset) {
  return number(size, 2) + number(size, 2) + number(offset, 4);
}

std::string info(std::size_t id, const std::string& value) {
  return number(id, 2) + number(value.size(), 2) + value;
}

std::string message(const std::string& target, const std::string& pairs, std::size_t flags = 1) {
  return "NTLMSSP\0\x02\0\0\0"s + field(target.size(), 56) + number(flags, 4) + "12345678"s +
         number(0, 8) + field(pairs.size(), 56 + target.size()) + number(0, 8) + target + pairs;
}

TEST(GssNtlmChallenge, ItsNamesAreRead) {
  const std::string token =
      message(wide("LITWAREINC"), info(2, wide("LITWAREINC")) + info(3, wide("fe.litwareinc.com")) +
                                      info(4, wide("litwareinc.com")) + info(0, ""));
  for (const std::string& before : {""s, "\xA1\x10\xA2"s}) {
    const auto read = read_ntlm_challenge(before + token);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->target, "LITWAREINC");
    EXPECT_EQ(read->computer, "fe.litwareinc.com");
    EXPECT_EQ(read->domain, "litwareinc.com");
  }
  EXPECT_EQ(read_ntlm_challenge(message("OLD", "", 2))->target, "OLD");
}

TEST(GssNtlmChallenge, EveryCutIsHarmless) {
  const std::string token = message(wide("LITWAREINC"), info(3, wide("fe")) + info(0, ""));
  for (std::size_t size = 0; size < token.size(); ++size) {
    const auto read = read_ntlm_challenge(std::string_view(token).substr(0, size));
    EXPECT_EQ(read.has_value(), size >= 12) << size;
  }
  EXPECT_FALSE(read_ntlm_challenge("NTLMSSP\0\x03\0\0\0"s));
  std::string wrong = token;
  wrong.replace(12, 8, field(0xFFFF, 0xFFFFFFFF));
  wrong.replace(40, 8, field(0xFFFF, 0));
  EXPECT_EQ(read_ntlm_challenge(wrong)->target, "");
}

}  // namespace
}  // namespace sfb::gss
