#include "tests/simulator/ntlm_tokens.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace sim {
namespace {

std::string little(std::uint32_t value, std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) {
    bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
  }
  return bytes;
}

std::string wide(const std::string& text) {
  std::string bytes;
  for (const char one : text) {
    bytes += std::string{one, '\0'};
  }
  return bytes;
}

std::string pair(std::uint32_t id, const std::string& value) {
  return little(id, 2) + little(static_cast<std::uint32_t>(value.size()), 2) + value;
}

// AUTHENTICATE_MESSAGE with a domain, a user and an NTLMv2 response.
std::string message(const std::string& pairs) {
  const std::string response = std::string(44, 'r') + pairs;
  std::string head("NTLMSSP\0\3\0\0\0", 12);
  std::string payload;
  const auto field = [&](const std::string& value) {
    const auto size = static_cast<std::uint32_t>(value.size());
    head += little(size, 2) + little(size, 2) +
            little(static_cast<std::uint32_t>(64 + payload.size()), 4);
    payload += value;
  };
  field("");
  field(response);
  field(wide("LITWAREINC"));
  field(wide("svc-sfbmon"));
  field("");
  field("");
  return head + little(1, 4) + payload;
}

TEST(NtlmTokens, SaysWhoTheClientIs) {
  const std::string all = pair(9, wide("HTTP/fe")) + pair(10, std::string(16, 'b')) + pair(0, "");
  const auto read = read_ntlm_authenticate("\x60\x10spnego" + message(all));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->domain, "LITWAREINC");
  EXPECT_EQ(read->user, "svc-sfbmon");
  EXPECT_EQ(read->target, "HTTP/fe");
  EXPECT_TRUE(read->bound);
}

TEST(NtlmTokens, ZerosBindNothing) {
  EXPECT_FALSE(
      read_ntlm_authenticate(message(pair(10, std::string(16, '\0')) + pair(0, "")))->bound);
  EXPECT_FALSE(read_ntlm_authenticate(message(pair(0, "") + pair(10, "b")))->bound);
  EXPECT_FALSE(read_ntlm_authenticate(message(""))->bound);
}

TEST(NtlmTokens, ReadsNothingOutside) {
  const std::string whole = message(pair(9, wide("HTTP/fe")) + pair(10, std::string(16, 'b')));
  EXPECT_FALSE(read_ntlm_authenticate("NTLMSSP"));
  for (std::size_t size = 12; size < whole.size(); ++size) {
    EXPECT_TRUE(read_ntlm_authenticate(whole.substr(0, size)));
  }
  for (std::size_t at = 12; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = '\xFF';
    EXPECT_TRUE(read_ntlm_authenticate(bad));
  }
}

}  // namespace
}  // namespace sim
