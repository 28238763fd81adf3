// A domain whose clock is not this machine's: libkrb5 corrects the agent's, and the acceptor in
// this process stays behind.
#include "agent/gss/scheme.hpp"
#include "tests/integration/gss/acceptor.hpp"
#include "tests/integration/gss/realm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::gss::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class SchemeClockTest : public RealmTest {
 protected:
  static void SetUpTestSuite() { set_up("+20m"); }

  static std::unique_ptr<auth::Scheme> scheme(std::shared_ptr<Credentials> credentials) {
    return make_scheme(std::move(credentials), {kFrontEnd, Encryption::automatic},
                       {password(), false, {}}, clock);
  }
  static inline SystemClock clock;
};

TEST_F(SchemeClockTest, TheServersClockIsNamedAndNotThePassword) {
  const auto credentials = std::make_shared<Credentials>(
      Account{.method = Method::kerberos, .username = "alice@LITWAREINC.COM"});
  for (const std::string_view word : {"Negotiate", "Kerberos"}) {
    const auto client = scheme(credentials);
    Acceptor server = Acceptor::of_keytab(kdc().path("server.keytab"));
    auto step = client->step({});
    ASSERT_TRUE(step) << describe(step.error());
    if (word == "Kerberos") {
      step = client->step(std::vector<std::string>{"Kerberos"});
      ASSERT_TRUE(step) << describe(step.error());
    }
    const Accepted accepted = server.accept(token_of(step->authorization.reveal()));
    EXPECT_TRUE(accepted.failed());
    step = client->step(std::vector<std::string>{challenge(word, accepted.token)});
    ASSERT_FALSE(step);
    EXPECT_EQ(step.error().code, "auth.clock") << describe(step.error());
    EXPECT_EQ(step.error().reason, Reason::protocol);
    EXPECT_THAT(step.error().message, HasSubstr("fe-001.litwareinc.com"));
    const auth::Proof proof = client->proof();
    EXPECT_THAT(fact(proof.facts, "kdc_clock"), HasSubstr("KDC 2"));
    EXPECT_THAT(fact(proof.facts, "server_clock"), HasSubstr("server 2"));
  }
}

TEST_F(SchemeClockTest, TheTicketsEndIsToldByOurClock) {
  Credentials credentials({.method = Method::kerberos, .username = "alice@LITWAREINC.COM"});
  ASSERT_TRUE(credentials.kerberos(password(), now()));
  EXPECT_NEAR(to_unix_seconds(*credentials.ticket_ends()), to_unix_seconds(now() + 10h), 60);
}

}  // namespace
}  // namespace sfb::gss::testing
