#include "agent/auth/scheme.hpp"

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

}  // namespace
}  // namespace sfb::auth
