// Which answers let us in, and what must stand in them: statuses, last tokens, a proof for each.
#include "agent/gss/scheme.hpp"
#include "tests/integration/gss/acceptor.hpp"
#include "tests/integration/gss/realm.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace sfb::gss::testing {
namespace {

using Challenges = std::vector<std::string>;

const Challenges kBare = {"Negotiate"};
constexpr const char* kSoapType = "application/soap+xml;charset=UTF-8";

class SchemeAnswerTest : public RealmTest {
 protected:
  std::unique_ptr<auth::Scheme> scheme(bool tls = true) {
    return make_scheme(credentials, {kFrontEnd, Encryption::automatic},
                       {.password = password(), .tls = tls, .channel_bindings = {}}, clock);
  }
  /// What the server sends behind this token.
  static Challenges last(const auth::Step& step) {
    Acceptor server = Acceptor::of_keytab(kdc().path("server.keytab"));
    const Accepted accepted = server.accept(token_of(step.authorization.reveal()));
    EXPECT_TRUE(accepted.complete());
    return {challenge("Negotiate", accepted.token)};
  }
  /// A connection that the server let in, and one answer on it.
  void let_in(auth::Scheme& client) {
    const auto first = client.step({});
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->begins);
    ASSERT_TRUE(client.let_in(last(*first)));
    ASSERT_TRUE(client.check_answer({}, 200));
    ASSERT_TRUE(client.unseal({kSoapType, "answer"}, 200));
  }

  SystemClock clock;
  std::shared_ptr<Credentials> credentials = std::make_shared<Credentials>(
      Account{.method = Method::kerberos, .username = "alice@LITWAREINC.COM"});
};

TEST_F(SchemeAnswerTest, A401WithoutHeaderIsARefusal) {
  const auto client = scheme();
  ASSERT_TRUE(client->step({}));
  const auto again = client->step({});
  ASSERT_TRUE(again) << "with a new ticket, as where the header is there";
  EXPECT_FALSE(again->body);
  EXPECT_EQ(client->step({}).error().code, "auth.ticket_refused");
}

TEST_F(SchemeAnswerTest, A401WithTheLastTokenLetsNobodyIn) {
  const auto client = scheme();
  const auto first = client->step({});
  ASSERT_TRUE(first);
  const auto again = client->step(last(*first));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->begins);
  EXPECT_FALSE(again->body);
}

TEST_F(SchemeAnswerTest, AnAnswerInMidSessionNeedsTheLastTokenToo) {
  for (const int status : {200, 500}) {
    const auto client = scheme();
    let_in(*client);
    EXPECT_TRUE(client->proof().mutual);
    const auto again = client->step(kBare);
    ASSERT_TRUE(again && again->body && again->begins);
    EXPECT_FALSE(client->proof().mutual) << "not by this context yet";
    EXPECT_TRUE(client->check_answer({}, 503)) << "a proxy's own answer is an error in any case";
    EXPECT_EQ(client->check_answer({}, status).error().code, "auth.no_proof");
    EXPECT_EQ(client->unseal({kSoapType, "answer"}, status).error().code, "auth.no_proof");
    EXPECT_EQ(client->check_answer(Challenges{"Negotiate AAAA"}, status).error().reason,
              Reason::protocol);
    const auto good = scheme();
    let_in(*good);
    const auto proved = good->step(kBare);
    ASSERT_TRUE(proved);
    EXPECT_TRUE(good->check_answer(last(*proved), status));
    EXPECT_TRUE(good->proof().mutual);
    EXPECT_TRUE(good->unseal({kSoapType, "answer"}, status));
  }
}

// Without SPNEGO the library's code for it is that of a refused ticket, which would cost a
// back-off.
TEST_F(SchemeAnswerTest, AWrongLastTokenRefusesNoAccount) {
  const auto client = scheme();
  ASSERT_TRUE(client->step({}));
  const auto first = client->step(Challenges{"Kerberos"});
  ASSERT_TRUE(first);
  Acceptor server = Acceptor::of_keytab(kdc().path("server.keytab"));
  std::string token = server.accept(token_of(first->authorization.reveal())).token;
  ASSERT_FALSE(token.empty());
  token.back() = static_cast<char>(~token.back());
  const auto refused = client->let_in(Challenges{challenge("Kerberos", token)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "auth.no_proof");
  EXPECT_EQ(refused.error().reason, Reason::protocol);
  EXPECT_NE(refused.error().peer, "");
}

TEST_F(SchemeAnswerTest, AServerThatAsksWithEachRequestGetsItUnasked) {
  const auto client = scheme();
  let_in(*client);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client->each_request(), i == 2) << i;
    const auto step = client->step(kBare);
    ASSERT_TRUE(step && step->body);
    ASSERT_TRUE(client->check_answer(last(*step), 200));
    ASSERT_TRUE(client->unseal({kSoapType, "answer"}, 200));
  }
  ASSERT_TRUE(client->each_request());
  for (int i = 0; i < 2; ++i) {
    const auto step = client->unasked();
    ASSERT_TRUE(step && step->body && step->once);
    ASSERT_TRUE(client->check_answer(last(*step), 200));
    ASSERT_TRUE(client->unseal({kSoapType, "answer"}, 200));
  }
  EXPECT_TRUE(client->step(kBare)) << "the ticket is not refused by that";
}

TEST_F(SchemeAnswerTest, AServerThatForgetsNowAndThenIsNotOne) {
  const auto client = scheme();
  let_in(*client);
  for (int i = 0; i < 4; ++i) {
    const auto step = client->step(kBare);
    ASSERT_TRUE(step);
    ASSERT_TRUE(client->check_answer(last(*step), 200));
    ASSERT_TRUE(client->unseal({kSoapType, "answer"}, 200));
    ASSERT_TRUE(client->unseal({kSoapType, "another"}, 200));
    EXPECT_FALSE(client->each_request());
  }
}

}  // namespace
}  // namespace sfb::gss::testing
