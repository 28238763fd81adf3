// Who may run the cmdlet, by the groups that are proven.
#include "agent/access/authorized.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb::access {
namespace {

using Names = std::vector<std::string>;

Caller with(Names groups) {
  return {.proof = Proof::password, .name = "alice", .group_names = std::move(groups)};
}

identity::Sid sid(const std::string& text) {
  return *identity::Sid::parse(text);
}

Caller ticket(std::vector<identity::Sid> groups) {
  return {.proof = Proof::kerberos, .name = "bob@CORP", .groups = std::move(groups)};
}

TEST(Authorized, AdmitsTheCmdletsOwnGroupAlways) {
  for (const Authorized& each : {Authorized({}), Authorized({"CSAdministrator"})}) {
    EXPECT_TRUE(each.admits(with({"RTCUniversalServerAdmins"})));
    EXPECT_TRUE(each.admits(with({"Others", "rtcuniversalSERVERadmins"})));
    EXPECT_TRUE(each.admits(with({"LITWARE\\RTCUniversalServerAdmins"})));
    EXPECT_FALSE(each.admits(with({})));
    EXPECT_FALSE(each.admits(with({""})));
    EXPECT_FALSE(each.admits(with({"RTCUniversalServerAdmin"})));
    EXPECT_FALSE(each.admits(with({"XRTCUniversalServerAdmins"})));
  }
}

TEST(Authorized, AConfiguredDomainCounts) {
  const Authorized plain({"CSAdministrator"});
  EXPECT_TRUE(plain.admits(with({"csadministrator"})));
  EXPECT_TRUE(plain.admits(with({"CORP\\CSAdministrator"})));
  EXPECT_FALSE(plain.admits(with({"CSAdministrator\\"})));
  const Authorized domain({"CORP\\CSAdministrator"});
  EXPECT_TRUE(domain.admits(with({"corp\\csadministrator"})));
  EXPECT_FALSE(domain.admits(with({"OTHER\\CSAdministrator"})));
  EXPECT_FALSE(domain.admits(with({"CSAdministrator"}))) << "of which domain is not said";
}

TEST(Authorized, SidsAreComparedByValue) {
  const Authorized groups({"S-1-5-21-1-2-3-1105"});
  EXPECT_TRUE(groups.admits(with({"s-1-5-21-1-2-3-1105"})));
  EXPECT_FALSE(groups.admits(with({"S-1-5-21-1-2-3-110"})));
  EXPECT_TRUE(groups.admits(ticket({sid("S-1-5-21-1-2-3-7"), sid("S-1-5-21-1-2-3-1105")})));
  EXPECT_FALSE(groups.admits(ticket({sid("S-1-5-21-1-2-3-7")})));
  EXPECT_FALSE(groups.admits(ticket({})));
}

TEST(Authorized, ANameAdmitsTicketsOnlyWhileItsSidIsKnown) {
  const identity::Sid admins = sid("S-1-5-21-1-2-3-500");
  const identity::Sid others = sid("S-1-5-21-1-2-3-600");
  EXPECT_FALSE(Authorized({"Readers"}).admits(ticket({admins, others})));
  const Authorized known({"Readers"}, {{"rtcuniversalserveradmins", admins}, {"Gone", others}});
  EXPECT_TRUE(known.admits(ticket({admins})));
  EXPECT_FALSE(known.admits(ticket({others}))) << "a name that is not configured grants nothing";
  EXPECT_TRUE(known.admits(with({"S-1-5-21-1-2-3-500"})));
  EXPECT_EQ(known.unresolved(), Names{"Readers"});
  EXPECT_TRUE(Authorized({"Readers"}, {{"Readers", others}}).admits(ticket({others})));
}

TEST(Authorized, NobodyIsAdmittedWithoutAProof) {
  Caller nobody = with({"RTCUniversalServerAdmins"});
  nobody.proof = Proof::none;
  EXPECT_FALSE(Authorized({}).admits(nobody));
  Caller no_pac = ticket({sid("S-1-5-21-1-2-3-1105")});
  no_pac.groups_known = false;
  EXPECT_FALSE(Authorized({"S-1-5-21-1-2-3-1105"}).admits(no_pac));
}

TEST(Authorized, SaysWhichGroupsItWants) {
  EXPECT_EQ(Authorized({}).text(), "RTCUniversalServerAdmins");
  const Authorized some({"CSAdministrator", "S-1-5-21-1-2-3-1105", "csadministrator",
                         "RTCUniversalServerAdmins", "S-1-5-21-1-2-3-1106", "S-1-5-21-1-2-3-1106"});
  EXPECT_EQ(some.text(), "RTCUniversalServerAdmins, CSAdministrator and 2 groups given by SID");
  EXPECT_EQ(some.names(), (Names{"RTCUniversalServerAdmins", "CSAdministrator"}));
  EXPECT_EQ(some.unresolved(), some.names());
  const std::string many = Authorized(Names{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k",
                                            "l", "m", "n", "o", "p", "q", "r", "s", "t", "u"})
                               .text();
  EXPECT_TRUE(many.ends_with(", s and 2 other groups")) << many;
}

TEST(Caller, ProofsHaveWords) {
  EXPECT_EQ(to_string(Proof::none), "none");
  EXPECT_EQ(to_string(Proof::password), "password");
  EXPECT_EQ(to_string(Proof::token), "token");
  EXPECT_EQ(to_string(Proof::certificate), "certificate");
  EXPECT_EQ(to_string(Proof::kerberos), "kerberos");
}

}  // namespace
}  // namespace sfb::access
