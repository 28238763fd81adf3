#include "agent/auth/challenge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb::auth {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> offered(const std::vector<std::string>& challenges) {
  return offered_schemes(challenges);
}

TEST(AuthOffered, OneHeaderEach) {
  EXPECT_THAT(offered({"Negotiate", "Kerberos", "Basic realm=\"WSMAN\""}),
              ElementsAre("Negotiate", "Kerberos", "Basic"));
}

TEST(AuthOffered, OneCommaList) {
  EXPECT_THAT(offered({R"(Basic realm="a, Digest b", charset="UTF-8", Negotiate, NTLM)"}),
              ElementsAre("Basic", "Negotiate", "NTLM"));
  EXPECT_THAT(offered({R"(Digest qop = "auth" , nonce="x\", Fake y", algorithm=MD5 ,Bearer)"}),
              ElementsAre("Digest", "Bearer"));
  EXPECT_THAT(offered({R"(Basic realm="x", charset = "UTF-8", title= "y")"}), ElementsAre("Basic"))
      << "blanks around the sign make no scheme of a parameter";
}

TEST(AuthOffered, TokensAreNoSchemes) {
  EXPECT_THAT(offered({"Negotiate YIIFoo+/=="}), ElementsAre("Negotiate"));
  EXPECT_THAT(offered({"Negotiate TlRM==, Basic realm=x"}), ElementsAre("Negotiate", "Basic"));
  EXPECT_THAT(offered({"Kerberos\tabc"}), ElementsAre("Kerberos"));
}

TEST(AuthOffered, EachIsNamedOnce) {
  EXPECT_THAT(offered({"NEGOTIATE", "Negotiate, Basic", "basic realm=\"b\""}),
              ElementsAre("NEGOTIATE", "Basic"));
}

TEST(AuthOffered, NonsenseIsNothing) {
  EXPECT_THAT(offered({}), IsEmpty());
  EXPECT_THAT(offered({"", ",", " , ,", "=", "a=b", "\"Basic\"", "(x) y", "Bas\x01ic"}), IsEmpty());
  EXPECT_THAT(offered({R"("unfinished, Basic)"}), IsEmpty());
  EXPECT_THAT(offered({R"("\)"}), IsEmpty());
  EXPECT_THAT(offered({std::string(65, 'x')}), IsEmpty());
  EXPECT_THAT(offered({",,Basic,,"}), ElementsAre("Basic"));
}

TEST(AuthOffered, TheNumberIsCapped) {
  std::string list;
  for (int i = 0; i < 1000; ++i) {
    list += "Scheme" + std::to_string(i) + ",";
  }
  EXPECT_EQ(offered({list}).size(), 16U);
}

using Values = std::vector<std::string>;

TEST(AuthChallenge, TheTokenIsWhatStandsBehindTheScheme) {
  EXPECT_EQ(find_challenge(Values{"Negotiate YIIFoo+/=="}, "negotiate")->token, "YIIFoo+/==");
  EXPECT_EQ(find_challenge(Values{"Kerberos\toRQ=  "}, "Kerberos")->token, "oRQ=");
  EXPECT_EQ(find_challenge(Values{"Negotiate TlRM==, Basic realm=x"}, "Negotiate")->token,
            "TlRM==");
  EXPECT_EQ(find_challenge(Values{"Basic realm=\"x\"", "Negotiate ab-._~+/cd"}, "Negotiate")->token,
            "ab-._~+/cd");
}

TEST(AuthChallenge, ParametersAreNoToken) {
  for (const std::string text : {"Basic realm=\"WSMAN\"", "Basic realm=x", "Basic", "Basic a b",
                                 "Basic \"TlRM==\"", "Basic a=b, c=d"}) {
    EXPECT_EQ(find_challenge(Values{text}, "Basic")->token, "") << text;
  }
}

TEST(AuthChallenge, TheFirstOfASchemeCounts) {
  const Values values{"Basic realm=\"Negotiate no\"", "Negotiate one, Negotiate two", "Negotiate"};
  EXPECT_EQ(find_challenge(values, "Negotiate")->token, "one");
  EXPECT_EQ(challenges_of(values).size(), 4U);
  EXPECT_FALSE(find_challenge(values, "Kerberos").has_value());
  EXPECT_FALSE(find_challenge(Values{}, "Negotiate").has_value());
}

TEST(AuthOffered, WhatAServerOffersInsteadIsSaid) {
  const auto other = [](const std::vector<std::string>& values) {
    return std::string(other_logon(values));
  };
  EXPECT_TRUE(other({"Basic realm=\"x\", Negotiate"}).contains("method: kerberos"));
  EXPECT_TRUE(other({"kerberos"}).contains("method: kerberos"));
  EXPECT_TRUE(other({"Basic", "NTLM"}).contains("method: ntlm"));
  EXPECT_TRUE(other({"basic realm=\"x\""}).contains("method: basic"));
  for (const auto& values :
       {std::vector<std::string>{"Digest qop=\"auth\"", "CredSSP"}, std::vector<std::string>{}}) {
    EXPECT_TRUE(other(values).contains("transport ssh")) << other(values);
    EXPECT_FALSE(other(values).contains("method:")) << other(values);
  }
}

}  // namespace
}  // namespace sfb::auth
