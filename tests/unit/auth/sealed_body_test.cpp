#include "agent/auth/sealed_body.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::auth {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSoap = "application/soap+xml;charset=UTF-8";
constexpr std::string_view kType =
    "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";"
    "boundary=\"Encrypted Boundary\"";

/// A body as servers vary it.
struct Form {
  std::string boundary = "--Encrypted Boundary";
  std::string tab = "\t";
  std::string type = "application/HTTP-SPNEGO-session-encrypted";
  std::string original = "type=application/soap+xml;charset=UTF-8;Length=";
  std::string length = "6";
  std::string before_data = {};
  std::string size = std::string("\x03\0\0\0", 4);
  std::string data = "SIGcipher";
  std::string end = "--Encrypted Boundary--\r\n";

  std::string text() const {
    return boundary + "\r\n" + tab + "Content-Type: " + type + "\r\n" + tab +
           "OriginalContent: " + original + length + "\r\n" + boundary + "\r\n" + tab +
           "Content-Type: application/octet-stream\r\n" + before_data + size + data + end;
  }
};

void expect_read(const Form& form, std::string_view type = kType,
                 std::string_view ciphertext = "cipher") {
  const std::string body = form.text();
  const auto part = read_sealed(type, body);
  ASSERT_TRUE(part) << describe(part.error()) << "\n" << body;
  EXPECT_EQ(part->signature, "SIG");
  EXPECT_EQ(part->ciphertext, ciphertext);
  EXPECT_EQ(part->content_type, kSoap);
}

void expect_refused(const Form& form, std::string_view what, std::string_view type = kType) {
  const std::string body = form.text();
  const auto part = read_sealed(type, body);
  ASSERT_FALSE(part) << body;
  EXPECT_EQ(part.error().reason, Reason::protocol);
  EXPECT_EQ(part.error().code, "auth.sealed_body");
  EXPECT_THAT(part.error().message, HasSubstr(what));
}

TEST(AuthSealedBody, ItIsWrittenAsWindowsWritesIt) {
  const Payload payload = write_sealed(SealedProtocol::spnego, kSoap, 6, "SIG", "cipher");
  EXPECT_EQ(payload.content_type, kType);
  EXPECT_EQ(payload.body, Form().text());
  const Payload kerberos = write_sealed(SealedProtocol::kerberos, kSoap, 6, "SIG", "cipher");
  EXPECT_THAT(kerberos.content_type, HasSubstr("application/HTTP-Kerberos-session-encrypted"));
  EXPECT_EQ(read_sealed(kerberos.content_type, kerberos.body)->protocol, SealedProtocol::kerberos);
}

TEST(AuthSealedBody, LongSignaturesKeepTheirLength) {
  for (const std::size_t size : {1U, 16U, 60U, 72U, 300U, 1024U}) {
    const std::string signature(size, 's');
    const Payload payload = write_sealed(SealedProtocol::spnego, kSoap, 3, signature, "abc");
    EXPECT_EQ(read_sealed(payload.content_type, payload.body)->signature, signature);
  }
}

TEST(AuthSealedBody, TheTypeDecidesWhatIsSealed) {
  EXPECT_TRUE(is_sealed(kType));
  EXPECT_TRUE(is_sealed("Multipart/Encrypted ; boundary=x"));
  EXPECT_FALSE(is_sealed("multipart/x-multi-encrypted;boundary=x"));
  EXPECT_FALSE(is_sealed("application/soap+xml"));
  EXPECT_FALSE(is_sealed(""));
}

TEST(AuthSealedBody, FormsOfServersAreRead) {
  expect_read({});
  expect_read({.tab = ""});
  expect_read({.tab = "   "});
  expect_read({.boundary = "-- Encrypted Boundary", .end = "-- Encrypted Boundary--\r\n"});
  expect_read({.end = "--Encrypted Boundary--"});
  expect_read({.end = "--Encrypted Boundary--\r\n\r\n"});
  expect_read({.end = "\r\n--Encrypted Boundary--\r\n"});
  expect_read({.before_data = "\r\n"});
  expect_read({.type = "application/http-spnego-session-ENCRYPTED"});
  expect_read({.original = "type=application/soap+xml;charset=UTF-8; length="});
}

TEST(AuthSealedBody, TheBoundaryIsThatOfTheType) {
  const Form form{.boundary = "--x y", .end = "--x y--"};
  expect_read(form, "multipart/encrypted; boundary=\"x y\"");
  expect_read(form, "multipart/encrypted; BOUNDARY = x y; protocol=p");
  expect_read({}, "multipart/encrypted");
  expect_refused(form, "boundary");
  expect_refused({}, "boundary", "multipart/encrypted; boundary=other");
  expect_refused({}, "boundary", "multipart/encrypted; boundary=\"\"");
  expect_refused({}, "boundary", "multipart/encrypted; boundary=\"Encrypted\"");
}

TEST(AuthSealedBody, BoundariesWithinTheDataAreData) {
  const std::string trap = "--Encrypted Boundary--\r\nxx";
  Form form{.length = std::to_string(trap.size())};
  form.data = "SIG" + trap;
  expect_read(form, kType, trap);
}

TEST(AuthSealedBody, PaddingBelongsToTheCipherText) {
  Form form;
  form.data = "SIGcipher+";
  expect_read(form, kType, "cipher+");
  form.data = "SIGcipher" + std::string(256, 'p');
  expect_read(form, kType, "cipher" + std::string(256, 'p'));
  form.data += "p";
  expect_refused(form, "does not end where its length");
}

TEST(AuthSealedBody, WhatDoesNotFitIsRefused) {
  expect_refused({.length = "7"}, "does not end where its length, 7 bytes");
  expect_refused({.length = "18446744073709551615"}, "does not end where its length");
  expect_refused({.length = "99999999999999999999999"}, "no number");
  expect_refused({.length = "-6"}, "no number");
  expect_refused({.length = ""}, "no number");
  expect_refused({.original = "type=x;NoLength="}, "does not say its length");
  expect_refused({.type = "application/x"}, "not known");
  expect_refused({.size = std::string("\0\0\0\0", 4)}, "impossible");
  expect_refused({.size = std::string("\x7F\0\0\0", 4)}, "impossible");
  expect_refused({.size = "\xFF\xFF\xFF\xFF"}, "impossible");
  expect_refused({.size = "", .data = "x", .end = ""}, "no data");
  expect_refused({.end = ""}, "does not end");
  expect_refused({.end = "--Encrypted Boundary\r\n"}, "does not end");
  expect_refused({}, "multipart", "application/soap+xml");
}

TEST(AuthSealedBody, EveryCutIsRefusedOrHarmless) {
  const std::string whole = Form().text();
  for (std::size_t cut = 0; cut < whole.size() - 2; ++cut) {
    EXPECT_FALSE(read_sealed(kType, std::string_view(whole).substr(0, cut))) << cut;
  }
}

}  // namespace
}  // namespace sfb::auth
