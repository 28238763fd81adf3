#include "tests/simulator/sealing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sim {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::string_view kType =
    R"(multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary")";

// As [MS-WSMV] 2.2.9.1 has it; a boundary stands within the sealed bytes, as it may.
std::string body() {
  return std::string(
             "--Encrypted Boundary\r\n"
             "\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
             "\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=29\r\n"
             "--Encrypted Boundary\r\n"
             "\tContent-Type: application/octet-stream\r\n") +
         std::string("\3\0\0\0", 4) + "sig" + "x--Encrypted Boundary--\r\n\r\nyz" +
         "--Encrypted Boundary--\r\n";
}

std::string with(const std::string& before, const std::string& after) {
  std::string text = body();
  text.replace(text.find(before), before.size(), after);
  return text;
}

std::string error_of(const std::string& text, std::string_view type = kType) {
  const auto read = read_sealed("Negotiate", type, text);
  return read ? "good" : read.error();
}

TEST(Sealing, ReadsWhatAClientWrites) {
  const auto read = read_sealed("Negotiate", kType, body());
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->content_type, "application/soap+xml;charset=UTF-8");
  EXPECT_EQ(read->length, 29U);
  EXPECT_EQ(read->sealed.signature, "sig");
  EXPECT_EQ(read->sealed.text, "x--Encrypted Boundary--\r\n\r\nyz");
  EXPECT_THAT(read->violations, IsEmpty());
}

TEST(Sealing, NotesWhatNoClientOfWindowsWrites) {
  const auto tab = read_sealed("Negotiate", kType, with("\tOriginal", "Original"));
  ASSERT_TRUE(tab);
  EXPECT_THAT(tab->violations, ElementsAre(HasSubstr("TAB")));
  const auto scheme = read_sealed("Kerberos", kType, body());
  ASSERT_TRUE(scheme);
  EXPECT_THAT(scheme->violations,
              ElementsAre(HasSubstr("HTTP-Kerberos-session"), HasSubstr("first part")));
}

TEST(Sealing, RefusesWhatCannotBeRead) {
  EXPECT_THAT(error_of(body(), "multipart/encrypted"), HasSubstr("begin with its boundary"));
  EXPECT_THAT(error_of("-" + body()), HasSubstr("begin with its boundary"));
  EXPECT_THAT(error_of(with(";Length=29", "")), HasSubstr("Length"));
  EXPECT_THAT(error_of(with("Length=29", "Length=2x")), HasSubstr("Length"));
  EXPECT_THAT(error_of(with("octet-stream", "octets")), HasSubstr("octet-stream"));
  EXPECT_THAT(error_of(body() + "\r\n"), HasSubstr("closing boundary"));
  EXPECT_THAT(error_of(with(std::string("\3\0\0\0", 4), std::string("\3\0\0\1", 4))),
              HasSubstr("16777219 bytes"));
  EXPECT_THAT(error_of(with(std::string("\3\0\0\0", 4), std::string(4, '\0'))),
              HasSubstr("0 bytes"));
  const std::string whole = with("x--Encrypted", "x..Encrypted");  // else it ends there, too
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(error_of(whole.substr(0, size)), "good") << size;
  }
}

SealedReply written(const SealingForm& form, const SealFault& fault) {
  return write_sealed("Negotiate", form, fault, "application/soap+xml;charset=UTF-8", 29,
                      {"sig", "x--Encrypted Boundary--\r\n\r\nyz"});
}

TEST(Sealing, WritesThatFormAndOthers) {
  EXPECT_EQ(written({}, {}).body, body());
  EXPECT_EQ(written({}, {}).content_type, kType);
  EXPECT_THAT(written({.blank = true}, {}).body, StartsWith("-- Encrypted Boundary\r\n\tContent"));
  EXPECT_THAT(written({.tab = false}, {}).body, StartsWith("--Encrypted Boundary\r\nContent"));
  EXPECT_THAT(written({.crlf = true}, {}).body, EndsWith("Boundary--\r\n\r\n"));
  EXPECT_THAT(write_sealed("kerberos", {}, {}, "t", 1, {"s", "c"}).content_type,
              HasSubstr("HTTP-Kerberos-session-encrypted"));
}

TEST(Sealing, SpoilsWhatItIsTold) {
  EXPECT_THAT(written({}, {"seal_boundary", 0}).body, StartsWith("--Other Boundary\r\n"));
  EXPECT_THAT(written({}, {"seal_length", 10}).body, HasSubstr("Length=39\r\n"));
  EXPECT_THAT(written({}, {"seal_signature", 0x01020304}).body, HasSubstr("\4\3\2\1sig"));
  EXPECT_THAT(written({}, {"seal_tampered", 0}).body, HasSubstr("y{--Encrypted"));
}

}  // namespace
}  // namespace sim
