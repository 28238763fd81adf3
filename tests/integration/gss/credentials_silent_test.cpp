// What a KDC that does not answer leaves behind: tickets that last, errors said at once, ways
// round.
#include "agent/gss/credentials.hpp"
#include "agent/gss/scheme.hpp"
#include "tests/integration/gss/realm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace sfb::gss::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A stopped KDC stands for a silent one: here every failure counts as slow.
class SilentKdcTest : public RealmTest {
 protected:
  void TearDown() override {
    kdc().stop();
    kdc().start();
  }

  static Account account(bool allow_ntlm) {
    return {.method = allow_ntlm ? Method::negotiate : Method::kerberos,
            .allow_ntlm = allow_ntlm,
            .username = "alice@LITWAREINC.COM"};
  }
  static std::string code(Credentials& credentials, WallTime now) {
    const auto handle = credentials.kerberos(password(), now);
    return handle ? "a ticket" : handle.error().code;
  }
  static std::string asked(const Credentials& credentials) {
    return fact(credentials.facts(), "logon_kdcs");
  }
};

TEST_F(SilentKdcTest, ItIsNotWaitedForAgainForAMinute) {
  Credentials credentials(account(false), 0s);
  kdc().stop();
  EXPECT_EQ(code(credentials, now()), "auth.kdc_unreachable");
  kdc().start();
  const auto again = credentials.kerberos(password(), now() + 50s);
  ASSERT_FALSE(again) << "nobody asked";
  EXPECT_EQ(again.error().code, "auth.kdc_unreachable");
  EXPECT_THAT(again.error().message, HasSubstr("s ago"));
  EXPECT_FALSE(credentials.due(now() + 2min)) << "the next who wants a ticket asks";
  EXPECT_EQ(code(credentials, now() + 2min), "a ticket");
  EXPECT_EQ(code(credentials, now()), "a ticket");
}

TEST_F(SilentKdcTest, AnotherPasswordIsTriedAtOnce) {
  Credentials credentials(account(false), 0s);
  kdc().stop();
  EXPECT_EQ(credentials.kerberos(password("wrong"), now()).error().code, "auth.kdc_unreachable");
  kdc().start();
  EXPECT_EQ(code(credentials, now()), "a ticket");
}

TEST_F(SilentKdcTest, OneThatRefusesAtOnceIsAskedAtOnceAgain) {
  Credentials credentials(account(false), 1h);
  kdc().stop();
  EXPECT_EQ(code(credentials, now()), "auth.kdc_unreachable");
  kdc().start();
  EXPECT_EQ(code(credentials, now()), "a ticket");
}

TEST_F(SilentKdcTest, WhereNtlmMayFollowOnlyRefreshAsksAgain) {
  Credentials credentials(account(true), 0s);
  kdc().stop();
  EXPECT_EQ(code(credentials, now()), "auth.kdc_unreachable");
  EXPECT_FALSE(credentials.due(now() + 30s));
  kdc().start();
  EXPECT_EQ(code(credentials, now() + 1h), "auth.kdc_unreachable");
  EXPECT_TRUE(credentials.due(now() + 2min));
  credentials.refresh(now() + 2min);
  EXPECT_EQ(code(credentials, now()), "a ticket");
  EXPECT_FALSE(credentials.due(now() + 2min));
}

TEST_F(SilentKdcTest, NtlmHasItsTurn) {
  const auto credentials = std::make_shared<Credentials>(account(true), 0s);
  SystemClock clock;
  kdc().stop();
  for (int i = 0; i < 2; ++i) {
    const auto scheme = make_scheme(credentials, {kFrontEnd, Encryption::automatic},
                                    {.password = password(), .channel_bindings = {}}, clock);
    EXPECT_TRUE(scheme->step({}));
    EXPECT_EQ(scheme->proof().method, "ntlm");
    EXPECT_FALSE(scheme->chore());
  }
}

TEST_F(SilentKdcTest, TheServicesTicketIsNotWaitedForEither) {
  Credentials credentials(account(true), 0s);
  const auto handle = credentials.kerberos(password(), now());
  ASSERT_TRUE(handle);
  const Service other{"HTTP", "aes128.litwareinc.com"};
  const auto get = [&](const Service& service, bool anew, WallTime when) {
    Facts facts;
    const Status got = credentials.ticket(**handle, service, anew, when, facts);
    EXPECT_EQ(fact(facts, "spn"), spn_of(service));
    return got ? fact(facts, "ticket") : got.error().code;
  };
  EXPECT_EQ(get(kFrontEnd, false, now()), "HTTP/fe-001.litwareinc.com@LITWAREINC.COM");
  kdc().stop();
  EXPECT_EQ(get(other, false, now()), "auth.kdc_unreachable");
  kdc().start();
  EXPECT_EQ(get(other, false, now() + 1h), "auth.kdc_unreachable") << "nobody asked";
  EXPECT_EQ(get(kFrontEnd, true, now() + 1h), "HTTP/fe-001.litwareinc.com@LITWAREINC.COM");
  EXPECT_TRUE(credentials.due(now() + 2min));
  credentials.refresh(now() + 2min);
  EXPECT_EQ(get(other, false, now()), "HTTP/aes128.litwareinc.com@LITWAREINC.COM");
}

TEST_F(SilentKdcTest, AServersRefusalDoesNotThrowTheTicketAway) {
  const auto credentials = std::make_shared<Credentials>(account(false), 1h);
  SystemClock clock;
  const auto scheme = make_scheme(credentials, {kFrontEnd, Encryption::automatic},
                                  {.password = password(), .channel_bindings = {}}, clock);
  ASSERT_TRUE(scheme->step({}));
  kdc().stop();
  const auto again = scheme->step(std::vector<std::string>{"Negotiate"});
  EXPECT_TRUE(again) << describe(again.error());
  const auto later = make_scheme(credentials, {kFrontEnd, Encryption::automatic},
                                 {.password = password(), .channel_bindings = {}}, clock);
  EXPECT_TRUE(later->step({})) << "nor is it missed by the next connection";
}

TEST_F(SilentKdcTest, ARefusalOfTheRenewalIsToldBeforeTheAccountIsTriedAgain) {
  kdc().admin("addprinc -pw Al1ce-pw +requires_preauth changing");
  Credentials credentials({.method = Method::kerberos, .username = "changing@LITWAREINC.COM"});
  const WallTime late = now() + 9h + 55min;
  ASSERT_TRUE(credentials.kerberos(password(), now()));
  kdc().admin("cpw -pw other changing");
  credentials.refresh(late);
  EXPECT_FALSE(credentials.due(late + 1h));
  kdc().admin("cpw -pw Al1ce-pw changing");
  EXPECT_EQ(code(credentials, now() + 1h), "auth.refused") << "nobody asked";
  EXPECT_EQ(code(credentials, now() + 1h + 30s), "auth.refused");
  EXPECT_EQ(code(credentials, now() + 1h + 2min), "a ticket");
}

TEST_F(SilentKdcTest, AnotherServicesTicketIsGivenWhileOneIsWaitedFor) {
  Credentials credentials(account(false), 1h);
  const auto handle = credentials.kerberos(password(), now());
  ASSERT_TRUE(handle);
  Facts facts;
  ASSERT_TRUE(credentials.ticket(**handle, kFrontEnd, false, now(), facts));
  kdc().pause();
  std::jthread waits([&] {
    Facts other;
    EXPECT_TRUE(
        credentials.ticket(**handle, {"HTTP", "aes128.litwareinc.com"}, false, now(), other));
  });
  const auto asks = [&] { return fact(credentials.progress(), "kdcs"); };
  for (int i = 0; i < 3000 && asks() != kdc().address() + " tcp: no answer"; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(fact(credentials.progress(), "spn"), "HTTP/aes128.litwareinc.com");
  EXPECT_TRUE(credentials.ticket(**handle, kFrontEnd, false, now(), facts));
  kdc().resume();
}

}  // namespace
}  // namespace sfb::gss::testing
