// The configuration in memory, as libkrb5 reads it.
#include "agent/gss/krb5_conf.hpp"

#include "agent/gss/credentials.hpp"
#include "tests/integration/gss/realm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace sfb::gss::testing {
namespace {

using namespace std::chrono_literals;

class Krb5ConfTest : public RealmTest {
 protected:
  static std::string outcome() {
    const auto handle =
        Credentials({.method = Method::kerberos, .username = "alice@LITWAREINC.COM"})
            .kerberos(password(), now());
    return handle ? "ticket" : handle.error().code;
  }
  /// Asks until the outcome is this one: libkrb5 looks for changes once a second.
  static std::string becomes(const std::string& wanted) {
    for (int i = 0; i < 100 && outcome() != wanted; ++i) {
      std::this_thread::sleep_for(50ms);
    }
    return outcome();
  }
};

TEST_F(Krb5ConfTest, ItWorksWithoutTheMachinesFileAndIsReadAnew) {
  EXPECT_EQ(becomes("ticket"), "ticket");
  const std::string path = std::getenv("KRB5_CONFIG");
  EXPECT_THAT(path, ::testing::StartsWith("/proc/self/fd/"));
  std::vector<Realm> other = kdc().realms();
  other.front().kdcs = {"127.0.0.1:" + std::to_string(free_port())};
  ASSERT_TRUE(use_krb5_conf(krb5_conf(other)));
  EXPECT_EQ(becomes("auth.kdc_unreachable"), "auth.kdc_unreachable");
  ASSERT_TRUE(use_krb5_conf(krb5_conf(kdc().realms())));
  EXPECT_EQ(becomes("ticket"), "ticket");
  EXPECT_EQ(std::getenv("KRB5_CONFIG"), path) << "set once, before there are threads";
}

TEST_F(Krb5ConfTest, ATicketNamesItsRealmWhereNoRealmIsGivenForTheHost) {
  std::vector<Realm> no_hosts = kdc().realms();
  no_hosts.front().hosts.clear();
  ASSERT_TRUE(use_krb5_conf(krb5_conf(no_hosts)));
  std::this_thread::sleep_for(1100ms);
  Credentials credentials({.method = Method::kerberos, .username = "alice@LITWAREINC.COM"});
  const auto handle = credentials.kerberos(password(), now());
  ASSERT_TRUE(handle) << describe(handle.error());
  for (const char* const from : {"KDC", "cache"}) {
    Facts facts;
    const Status ticket = (*handle)->get_ticket(kFrontEnd, facts);
    ASSERT_TRUE(ticket) << describe(ticket.error());
    EXPECT_EQ(fact(facts, "ticket"), "HTTP/fe-001.litwareinc.com@LITWAREINC.COM") << from;
  }
  configure("");
}

TEST_F(Krb5ConfTest, ADeadKdcGivesWayToTheNext) {
  std::vector<Realm> two = kdc().realms();
  two.front().kdcs.insert(two.front().kdcs.begin(), "127.0.0.1:" + std::to_string(free_port()));
  ASSERT_TRUE(use_krb5_conf(krb5_conf(two)));
  EXPECT_EQ(becomes("ticket"), "ticket");
  configure("");
}

}  // namespace
}  // namespace sfb::gss::testing
