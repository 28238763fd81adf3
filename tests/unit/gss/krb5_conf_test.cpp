#include "agent/gss/krb5_conf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::gss {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(GssKrb5Conf, ItSaysWhatTheConfigurationSays) {
  const std::vector<Realm> realms = {
      {.name = "LITWAREINC.COM",
       .kdcs = {"dc1.litwareinc.com", "10.0.0.1:88", "[::1]:88"},
       .hosts = {".Litwareinc.com"}},
      {.name = "CORP.EXAMPLE", .kdcs = {}, .hosts = {"fe.corp.example"}}};
  EXPECT_EQ(krb5_conf(realms),
            "[libdefaults]\n"
            "\trdns = false\n"
            "\tdns_canonicalize_hostname = false\n"
            "\tqualify_shortname = \"\"\n"
            "\tudp_preference_limit = 1\n"
            "\tforwardable = true\n"
            "\tdefault_realm = LITWAREINC.COM\n"
            "[realms]\n"
            "\tLITWAREINC.COM = {\n"
            "\t\tkdc = dc1.litwareinc.com\n"
            "\t\tprimary_kdc = dc1.litwareinc.com\n"
            "\t\tkdc = 10.0.0.1:88\n"
            "\t\tprimary_kdc = 10.0.0.1:88\n"
            "\t\tkdc = [::1]:88\n"
            "\t\tprimary_kdc = [::1]:88\n"
            "\t}*\n"
            "[domain_realm]\n"
            "\t.litwareinc.com = LITWAREINC.COM\n"
            "\tfe.corp.example = CORP.EXAMPLE\n");
}

TEST(GssKrb5Conf, WithoutRealmsTheMachineSaysWhichIsTheDefaultOne) {
  EXPECT_THAT(krb5_conf({}), Not(HasSubstr("default_realm")));
}

TEST(GssKrb5Conf, NothingEndsItsLine) {
  const std::vector<Realm> realms = {{.name = "A\n[x]", .kdcs = {"k"}, .hosts = {"h"}},
                                     {.name = "B", .kdcs = {"k }", "good"}, .hosts = {"h = x"}}};
  const std::string text = krb5_conf(realms);
  EXPECT_THAT(text, Not(HasSubstr("[x]")));
  EXPECT_THAT(text, Not(HasSubstr("k }")));
  EXPECT_THAT(text, Not(HasSubstr("h =")));
  EXPECT_THAT(text, HasSubstr("kdc = good\n"));
}

}  // namespace
}  // namespace sfb::gss
