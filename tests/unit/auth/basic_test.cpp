#include "agent/auth/basic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace sfb::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Challenges = std::vector<std::string>;

std::unique_ptr<Scheme> basic(std::string user, std::string password) {
  return make_basic(std::move(user), std::make_shared<const Secret>(std::move(password)));
}

/// No part of an error may carry the password, plain or in base64.
void expect_no_secret(const Error& error) {
  for (const std::string& text : {error.message, error.remedy, error.peer, error.code}) {
    EXPECT_THAT(text, Not(HasSubstr("c4nary")));
    EXPECT_THAT(text, Not(HasSubstr("YzRuYXJ5")));
    EXPECT_THAT(text, Not(HasSubstr("dTpjNG5hcnk")));
  }
}

TEST(AuthBasic, TheFirstRequestCarriesUserAndPassword) {
  const auto scheme = basic("Aladdin", "open sesame");
  const auto step = scheme->step({});
  ASSERT_TRUE(step.has_value());
  EXPECT_EQ(step->authorization.reveal(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_TRUE(step->body);
}

TEST(AuthBasic, TextIsUtf8AndColonsOfThePasswordStay) {
  EXPECT_EQ(basic("test", "123\xC2\xA3")->step({})->authorization.reveal(),
            "Basic dGVzdDoxMjPCow==");
  EXPECT_EQ(basic("CONTOSO\\a", ":b:")->step({})->authorization.reveal(),
            "Basic Q09OVE9TT1xhOjpiOg==");
  EXPECT_EQ(basic("u", "")->step({})->authorization.reveal(), "Basic dTo=");
}

TEST(AuthBasic, ARefusalIsFinal) {
  const auto scheme = basic("u", "c4nary");
  ASSERT_TRUE(scheme->step({}).has_value());
  for (const Challenges& challenges : {Challenges{"Basic realm=\"WSMAN\""},
                                       Challenges{"Negotiate, basic realm=x"}, Challenges{}}) {
    const auto again = scheme->step(challenges);
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().reason, Reason::auth);
    EXPECT_EQ(again.error().code, "auth.refused");
    expect_no_secret(again.error());
  }
}

TEST(AuthBasic, AServerThatDoesNotTakeItIsNamedAsSuch) {
  for (const bool first : {true, false}) {
    const auto scheme = basic("u", "c4nary");
    if (!first) {
      ASSERT_TRUE(scheme->step({}).has_value());
    }
    const auto step = scheme->step(Challenges{"Negotiate", "Kerberos"});
    ASSERT_FALSE(step.has_value());
    EXPECT_EQ(step.error().reason, Reason::auth);
    EXPECT_EQ(step.error().code, "auth.not_offered");
    EXPECT_EQ(step.error().peer, "Negotiate, Kerberos");
    EXPECT_THAT(step.error().remedy, HasSubstr("write method: kerberos"));
    EXPECT_THAT(step.error().message, Not(HasSubstr("Kerberos")));
    expect_no_secret(step.error());
  }
}

TEST(AuthBasic, WhatCannotBeSentIsRefusedBeforeItIsSent) {
  struct Case {
    std::string user;
    std::string password;
    std::string code;
  };
  for (const Case& c :
       {Case{"a:b", "c4nary", "auth.user_name"}, Case{"a\nb", "c4nary", "auth.user_name"},
        Case{"a\x7F", "c4nary", "auth.user_name"}, Case{"\xFF", "c4nary", "auth.user_name"},
        Case{"u", "c4nary\n", "auth.password"},
        Case{"u", std::string("c4nary\0", 7), "auth.password"},
        Case{"u", "c4nary\xE9", "auth.password"}}) {
    const auto scheme = basic(c.user, c.password);
    const auto step = scheme->step({});
    ASSERT_FALSE(step.has_value()) << c.user;
    EXPECT_EQ(step.error().reason, Reason::auth);
    EXPECT_EQ(step.error().code, c.code);
    expect_no_secret(step.error());
  }
  EXPECT_EQ(make_basic("u", nullptr)->step({}).error().reason, Reason::internal);
}

TEST(AuthBasic, BodiesGoAsTheyAre) {
  const auto scheme = basic("u", "p");
  const auto sealed = scheme->seal({.content_type = "t", .body = "b"});
  ASSERT_TRUE(sealed.has_value());
  EXPECT_EQ(sealed->content_type, "t");
  EXPECT_EQ(sealed->body, "b");
  const auto plain = scheme->unseal({.content_type = "T", .body = "B"}, 200);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->content_type, "T");
  EXPECT_EQ(plain->body, "B");
}

TEST(AuthBasic, ItProvesTheClientOnly) {
  const Proof proof = basic("u", "p")->proof();
  EXPECT_EQ(proof.method, "basic");
  EXPECT_FALSE(proof.mutual);
  EXPECT_FALSE(proof.ticket_ends.has_value());
}

TEST(AuthBasic, WhatAPeerRepeatsIsHidden) {
  Redactor redact;
  const auto scheme = basic("svc-sfbmon", "c4nary-bird");
  const auto step = scheme->step({});
  scheme->tell_secrets(redact);
  EXPECT_EQ(redact("Authorization: " + std::string(step->authorization.reveal()) + "\r\n"),
            "Authorization: Basic ***==\r\n");
  EXPECT_EQ(redact("user svc-sfbmon:c4nary-bird, password c4nary-bird"), "user ***, password ***");
  EXPECT_EQ(redact(step->authorization.reveal().substr(0, 24)), "Basic ***") << "cut in the middle";
  EXPECT_EQ(redact("svc-sfbmon: no access"), "svc-sfbmon: no access");
}

TEST(AuthBasic, WithoutAPasswordNothingIsHidden) {
  Redactor redact;
  basic("svc-sfbmon", "")->tell_secrets(redact);
  EXPECT_EQ(redact("c3ZjLXNmYm1vbjo= svc-sfbmon:"), "c3ZjLXNmYm1vbjo= svc-sfbmon:");
}

}  // namespace
}  // namespace sfb::auth
