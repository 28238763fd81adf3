#include "agent/gss/account.hpp"

#include <gtest/gtest.h>

namespace sfb::gss {
namespace {

Principal principal(std::string user, std::string realm = {}, std::string keytab = {}) {
  const auto read = principal_of(
      {.username = std::move(user), .realm = std::move(realm), .keytab_file = std::move(keytab)});
  EXPECT_TRUE(read) << describe(read.error());
  return read.value_or(Principal());
}

void expect(const Principal& found, std::string_view name, bool enterprise, bool raised) {
  EXPECT_EQ(found.name, name);
  EXPECT_EQ(found.realm, "LITWAREINC.COM");
  EXPECT_EQ(found.enterprise, enterprise) << name;
  EXPECT_EQ(found.raised, raised) << name;
}

TEST(GssAccount, FormsOfAUserName) {
  expect(principal("svc@LITWAREINC.COM"), "svc@LITWAREINC.COM", false, false);
  expect(principal("svc@litwareinc.com"), "svc@LITWAREINC.COM", false, true);
  expect(principal("svc@LITWAREINC.COM", "LITWAREINC.COM"), "svc@LITWAREINC.COM", false, false);
  expect(principal("LITWAREINC\\svc", "LITWAREINC.COM"), "svc@LITWAREINC.COM", false, false);
  expect(principal("LITWAREINC\\fe-001$", "litwareinc.com"), "fe-001$@LITWAREINC.COM", false, true);
  expect(principal("svc", "LITWAREINC.COM"), "svc@LITWAREINC.COM", false, false);
  expect(principal("svc@corp.example", "LITWAREINC.COM"), "svc@corp.example", true, false);
  expect(principal("svc@litwareinc.com", "LITWAREINC.COM"), "svc@litwareinc.com", true, false);
  expect(principal("svc@corp.example", "LITWAREINC.COM", "/k"), "svc@LITWAREINC.COM", false, false);
}

TEST(GssAccount, WhatCannotBeReadIsRefused) {
  for (const std::string user :
       {"", "svc", "LITWAREINC\\svc", "@X", "svc@", "\\svc", "A\\B\\c", "A\\b@c", "a@b@C", "a@B\\c",
        "HTTP/fe-001@X", "a\nb@X", "a\xFF@X", "a@X/y"}) {
    const auto read = principal_of({.username = user});
    ASSERT_FALSE(read) << user;
    EXPECT_EQ(read.error().reason, Reason::auth);
    EXPECT_EQ(read.error().code, "auth.user_name");
    EXPECT_FALSE(read.error().remedy.empty()) << user;
  }
}

TEST(GssAccount, NtlmTakesTheNameAsItIs) {
  EXPECT_EQ(ntlm_name_of({.username = "LITWAREINC\\svc"}).value_or(""), "LITWAREINC\\svc");
  EXPECT_EQ(ntlm_name_of({.username = "svc@corp.example"}).value_or(""), "svc@corp.example");
  EXPECT_EQ(ntlm_name_of({.username = "svc"}).value_or(""), "svc");
  EXPECT_EQ(ntlm_name_of({.username = "\\svc"}).error().code, "auth.user_name");
}

TEST(GssAccount, TheSpnIsWrittenAsSetspnDoes) {
  EXPECT_EQ(spn_of({}), "HTTP/");
  EXPECT_EQ(spn_of({"WSMAN", "fe-001.litwareinc.com"}), "WSMAN/fe-001.litwareinc.com");
}

}  // namespace
}  // namespace sfb::gss
