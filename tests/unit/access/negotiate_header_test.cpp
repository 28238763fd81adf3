#include "agent/access/negotiate_header.hpp"

#include "agent/base/base64.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::access {
namespace {

using namespace std::string_literals;

// DER of one element.
std::string der(char tag, const std::string& content) {
  std::string size;
  if (content.size() < 128) {
    size = static_cast<char>(content.size());
  } else {
    size = "\x82"s + static_cast<char>(content.size() >> 8U) +
           static_cast<char>(content.size() & 0xffU);
  }
  return tag + size + content;
}

const std::string kSpnego = "\x06\x06\x2b\x06\x01\x05\x05\x02"s;
const std::string kKerberos = "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"s;
const std::string kKerberosOfWindows = "\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"s;
const std::string kNtlm = "NTLMSSP\0\1\0\0\0"s;

TEST(NegotiateHeader, TellsWhatACallerBeginsWith) {
  for (const std::string& mechanism : {kSpnego, kKerberos, kKerberosOfWindows}) {
    for (const std::size_t size : {1U, 100U, 5000U}) {
      EXPECT_EQ(look_at_token(der('\x60', mechanism + std::string(size, 'x'))),
                FirstToken::kerberos);
    }
  }
  EXPECT_EQ(look_at_token(kNtlm), FirstToken::ntlm);
  EXPECT_EQ(look_at_token(der('\x60', kSpnego + "..." + kNtlm)), FirstToken::ntlm);
}

TEST(NegotiateHeader, NothingElseIsABeginning) {
  const std::string good = der('\x60', kSpnego + "token");
  for (const std::string& bytes :
       {""s, "\x60"s, "\x60\x80"s, "\x60\x84\xff\xff\xff\xff"s, "\x60\x85\1\1\1\1\1"s, good + "x",
        good.substr(0, good.size() - 1), good.substr(1), der('\x61', kSpnego),
        der('\x60', "\x06\x06\x2b\x06\x01\x05\x05\x03"s), der('\x60', ""), "NTLMSSP"s}) {
    EXPECT_EQ(look_at_token(bytes), FirstToken::other) << bytes.size();
  }
}

TEST(NegotiateHeader, ReadsBase64OfItsScheme) {
  const auto read = read_negotiate("nEGOTIATE  " + base64_encode(kNtlm) + " ");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, FirstToken::ntlm);
  EXPECT_EQ(read->bytes.reveal(), kNtlm);
  for (const std::string& value :
       {""s, "Negotiate"s, "Negotiate "s, "Negotiate !"s, "Basic YTpi"s, "NegotiateYTpi"s,

        "Negotiate " + base64_encode(std::string(kMostTicketToken + 1, 'x'))}) {
    EXPECT_FALSE(read_negotiate(value)) << value.substr(0, 40);
  }
  EXPECT_TRUE(read_negotiate("Negotiate " + base64_encode(std::string(kMostTicketToken, 'x'))));
}

}  // namespace
}  // namespace sfb::access
