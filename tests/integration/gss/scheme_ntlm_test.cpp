// NTLM against gss-ntlmssp's own acceptor.
#include "agent/auth/sealed_body.hpp"
#include "agent/gss/scheme.hpp"
#include "tests/integration/gss/acceptor.hpp"
#include "tests/integration/gss/realm.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sfb::gss::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kEnvelopeType = "application/soap+xml;charset=UTF-8";

/// Seals as a server: one token, cut behind its signature.
auth::Payload seal(gss_ctx_id_t context, const std::string& text) {
  gss_buffer_desc input = argument(text);
  Buffer output;
  OM_uint32 minor = 0;
  EXPECT_EQ(gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &input, nullptr, output.out()), 0U);
  return auth::write_sealed(auth::SealedProtocol::spnego, kEnvelopeType, text.size(),
                            output.view().substr(0, 16), output.view().substr(16));
}

std::string unsealed(gss_ctx_id_t context, const auth::Payload& payload) {
  const auto part = auth::read_sealed(payload.content_type, payload.body);
  if (!part) {
    return describe(part.error());
  }
  const std::string token = std::string(part->signature).append(part->ciphertext);
  gss_buffer_desc input = argument(token);
  Buffer plain;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_unwrap(&minor, context, &input, plain.out(), nullptr, nullptr);
  return GSS_ERROR(major) != 0 ? "refused" : std::string(plain.view());
}

class SchemeNtlmTest : public RealmTest {
 protected:
  struct Wish {
    Method method = Method::ntlm;
    bool allow_ntlm = false;
    std::string user = "LITWAREINC\\alice";
    std::string secret = kPassword;
    bool tls = false;
    std::string bindings = {};
    Service service = kFrontEnd;
  };

  std::unique_ptr<auth::Scheme> scheme(const Wish& wish) {
    return make_scheme(std::make_shared<Credentials>(Account{
                           .method = wish.method,
                           .allow_ntlm = wish.allow_ntlm,
                           .username = wish.user,
                           .realm = wish.method == Method::negotiate ? kRealm : "",
                       }),
                       {wish.service, Encryption::automatic},
                       {password(wish.secret), wish.tls, wish.bindings}, clock);
  }
  static Acceptor acceptor() {
    const std::string users = kdc().path("ntlm.users");
    std::ofstream(users) << "LITWAREINC:alice:" << kPassword << "\n";
    return Acceptor::of_ntlm(users);
  }

  SystemClock clock;
};

TEST_F(SchemeNtlmTest, ItSealsBothWays) {
  for (const Method method : {Method::ntlm, Method::negotiate}) {
    Acceptor server = acceptor();
    // No account has the name: Kerberos cannot, and NTLM is allowed.
    const auto client = scheme(
        {.method = method, .allow_ntlm = true, .service = {"HTTP", "nowhere.litwareinc.com"}});
    const Talk talk = testing::talk(*client, server);
    ASSERT_TRUE(talk.step) << describe(talk.step.error());
    EXPECT_LE(talk.legs, 3);
    EXPECT_THAT(server.client(), HasSubstr("alice"));
    for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, std::size_t{700'000}}) {
      const std::string text(size, 'x');
      const auto sealed = client->seal({kEnvelopeType, text});
      ASSERT_TRUE(sealed) << describe(sealed.error());
      EXPECT_EQ(auth::read_sealed(sealed->content_type, sealed->body)->signature.size(), 16U);
      EXPECT_THAT(sealed->body, Not(HasSubstr("xxxxxxxxx")));
      EXPECT_EQ(unsealed(server.context(), *sealed), text);
      const auto plain = client->unseal(seal(server.context(), text), 200);
      ASSERT_TRUE(plain) << describe(plain.error());
      EXPECT_EQ(plain->body, text);
    }
    const auth::Proof proof = client->proof();
    EXPECT_EQ(proof.method, "ntlm");
    EXPECT_FALSE(proof.mutual);
    EXPECT_FALSE(proof.ticket_ends.has_value());
    EXPECT_EQ(fact(proof.facts, "user"), "LITWAREINC\\alice");
    EXPECT_NE(fact(proof.facts, "target"), "none");
    if (method == Method::negotiate) {
      EXPECT_THAT(fact(proof.facts, "kerberos"), HasSubstr("HTTP/nowhere.litwareinc.com"));
    }
  }
}

TEST_F(SchemeNtlmTest, ItAsksNobodyAndBlocksNothing) {
  EXPECT_FALSE(scheme({})->blocks());
  EXPECT_TRUE(scheme({.method = Method::negotiate})->blocks());
}

TEST_F(SchemeNtlmTest, ACredentialIsMadeOnceForAPassword) {
  Credentials credentials({.method = Method::ntlm, .username = "LITWAREINC\\alice"});
  const auto first = credentials.ntlm(password(), false);
  ASSERT_TRUE(first) << describe(first.error());
  EXPECT_EQ(credentials.ntlm(password(), false).value_or(nullptr), *first);
  EXPECT_NE(credentials.ntlm(password(), true).value_or(*first), *first);
  EXPECT_NE(credentials.ntlm(password("other"), false).value_or(*first), *first);
  EXPECT_EQ(credentials.ntlm(nullptr, false).error().code, "auth.password");
}

TEST_F(SchemeNtlmTest, NegotiateWithoutLeaveStaysWithKerberos) {
  const auto client =
      scheme({.method = Method::negotiate, .service = {"HTTP", "nowhere.litwareinc.com"}});
  const auto step = client->step({});
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, "auth.spn_unknown");
  EXPECT_EQ(client->proof().method, "kerberos");
}

TEST_F(SchemeNtlmTest, WithoutAPasswordTheFaultOfKerberosIsTold) {
  const auto client = make_scheme(
      std::make_shared<Credentials>(Account{.method = Method::negotiate,
                                            .allow_ntlm = true,
                                            .username = "svc",
                                            .realm = kRealm,
                                            .keytab_file = kdc().path("absent.keytab")}),
      {kFrontEnd, Encryption::automatic}, {nullptr, false, {}}, clock);
  const auto step = client->step({});
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, "auth.keytab");
}

TEST_F(SchemeNtlmTest, ARefusedPasswordIsNotTriedAgainWithNtlm) {
  const auto client = scheme({.method = Method::negotiate, .allow_ntlm = true, .secret = "wrong"});
  const auto step = client->step({});
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, "auth.refused");
  EXPECT_EQ(client->proof().method, "kerberos");
}

TEST_F(SchemeNtlmTest, ADeadKdcLeavesNtlm) {
  kdc().stop();
  Acceptor server = acceptor();
  const auto client = scheme({.method = Method::negotiate, .allow_ntlm = true});
  const Talk talk = testing::talk(*client, server);
  kdc().start();
  ASSERT_TRUE(talk.step) << describe(talk.step.error());
  EXPECT_EQ(client->proof().method, "ntlm");
}

TEST_F(SchemeNtlmTest, AServerThatTakesNtlmAloneGetsItWhereItIsAllowed) {
  const std::vector<std::string> alone{"NTLM", "Basic realm=\"x\""};
  const auto client = scheme({.method = Method::negotiate, .allow_ntlm = true});
  auto step = client->step({});
  ASSERT_TRUE(step) << describe(step.error());
  EXPECT_EQ(client->proof().method, "kerberos");
  step = client->step(alone);
  ASSERT_TRUE(step) << describe(step.error());
  EXPECT_TRUE(step->authorization.reveal().starts_with("NTLM "));
  EXPECT_EQ(client->proof().method, "ntlm");
  const auto forbidden = scheme({.method = Method::negotiate});
  ASSERT_TRUE(forbidden->step({}));
  step = forbidden->step(alone);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, "auth.not_offered");
}

// It would hide the owner of the SPN, the clock or the bindings.
TEST_F(SchemeNtlmTest, ARefusedTicketDoesNotLeadToNtlm) {
  const std::vector<std::string> both{"Negotiate", "NTLM"};
  const auto client = scheme({.method = Method::negotiate, .allow_ntlm = true});
  ASSERT_TRUE(client->step({}));
  ASSERT_TRUE(client->step(both)) << "the first refusal is answered with a new ticket";
  const auto step = client->step(both);
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, "auth.ticket_refused");
  EXPECT_EQ(client->proof().method, "kerberos");
}

TEST_F(SchemeNtlmTest, TheTicketIsForTheHostOfTheUrl) {
  for (const auto& [configured, asked] :
       {std::pair{"", "HTTP/fe-2.litwareinc.com"},
        std::pair{"fe-001.litwareinc.com", "HTTP/fe-001.litwareinc.com"}}) {
    const auto client = make_scheme(std::make_shared<Credentials>(Account{
                                        .method = Method::ntlm, .username = "LITWAREINC\\alice"}),
                                    {{"HTTP", configured}, Encryption::automatic},
                                    {password(), false, {}, "fe-2.litwareinc.com"}, clock);
    ASSERT_TRUE(client->step({}));
    EXPECT_EQ(fact(client->proof().facts, "spn"), asked);
  }
}

TEST_F(SchemeNtlmTest, ARefusalIsFinalAndNamesBoth) {
  Acceptor server = acceptor();
  const auto client = scheme({.secret = "wr0ng-c4nary"});
  const Talk talk = testing::talk(*client, server);
  ASSERT_FALSE(talk.step);
  EXPECT_EQ(talk.legs, 2);
  EXPECT_EQ(talk.step.error().reason, Reason::auth);
  EXPECT_EQ(talk.step.error().code, "auth.refused");
  EXPECT_THAT(describe(talk.step.error()), Not(HasSubstr("c4nary")));
  const auto bound = scheme({.tls = true, .bindings = "tls-server-end-point:x"});
  server.bindings = "tls-server-end-point:y";
  const Talk unequal = testing::talk(*bound, server);
  ASSERT_FALSE(unequal.step);
  EXPECT_EQ(unequal.step.error().code, "auth.refused");
  EXPECT_THAT(unequal.step.error().message, HasSubstr("channel bindings"));
  EXPECT_THAT(unequal.step.error().remedy, HasSubstr("channel_binding: off"));
}

TEST_F(SchemeNtlmTest, EqualBindingsAreTaken) {
  for (const std::string ours : {"tls-server-end-point:x", ""}) {
    Acceptor server = acceptor();
    server.bindings = ours;
    const auto client = scheme({.tls = true, .bindings = ours});
    const Talk talk = testing::talk(*client, server);
    ASSERT_TRUE(talk.step) << describe(talk.step.error());
  }
}

TEST_F(SchemeNtlmTest, ItsOwnWordIsTakenWhereThereIsNoOther) {
  Acceptor server = acceptor();
  const auto client = scheme({.tls = true});
  ASSERT_TRUE(client->step({}));
  auto step = client->step(std::vector<std::string>{"NTLM"});
  ASSERT_TRUE(step) << describe(step.error());
  EXPECT_TRUE(step->authorization.reveal().starts_with("NTLM "));
  const Accepted first = server.accept(token_of(step->authorization.reveal()));
  step = client->step(std::vector<std::string>{challenge("NTLM", first.token)});
  ASSERT_TRUE(step) << describe(step.error());
  EXPECT_TRUE(server.accept(token_of(step->authorization.reveal())).complete());
  step = client->let_in({});
  ASSERT_TRUE(step && step->body);
}

TEST_F(SchemeNtlmTest, ARefusalWithoutHeaderIsOneToo) {
  Acceptor server = acceptor();
  const auto client = scheme({.secret = "wrong"});
  auto step = client->step({});
  ASSERT_TRUE(step);
  const Accepted first = server.accept(token_of(step->authorization.reveal()));
  step = client->step(std::vector<std::string>{challenge("Negotiate", first.token)});
  ASSERT_TRUE(step) << describe(step.error());
  EXPECT_FALSE(step->begins);
  step = client->step({});  // a proxy took it out
  ASSERT_FALSE(step) << "each further try brings a lock-out nearer";
  EXPECT_EQ(step.error().code, "auth.refused");
  EXPECT_EQ(step.error().reason, Reason::auth);
}

TEST_F(SchemeNtlmTest, ChangedAndRepeatedMessagesAreRefused) {
  Acceptor server = acceptor();
  const auto client = scheme({});
  ASSERT_TRUE(testing::talk(*client, server).step);
  auth::Payload tampered = seal(server.context(), "answer");
  tampered.body[tampered.body.find("octet-stream\r\n") + 14 + 4 + 16 + 2] ^= 1;
  EXPECT_EQ(client->unseal(tampered, 200).error().code, "auth.seal");

  Acceptor other = acceptor();
  const auto again = scheme({});
  ASSERT_TRUE(testing::talk(*again, other).step);
  const auth::Payload once = seal(other.context(), "answer");
  EXPECT_EQ(again->unseal(once, 200)->body, "answer");
  EXPECT_FALSE(again->unseal(once, 200));
}

TEST_F(SchemeNtlmTest, A401InMidSessionBeginsANewContextOnce) {
  Acceptor server = acceptor();
  const auto client = scheme({.tls = true});
  ASSERT_TRUE(testing::talk(*client, server).step);
  ASSERT_TRUE(client->unseal({kEnvelopeType, "answer"}, 200));
  server.forget();
  auto step = client->step(std::vector<std::string>{"Negotiate"});
  ASSERT_TRUE(step) << describe(step.error());
  EXPECT_FALSE(step->body);
  EXPECT_EQ(client->step(std::vector<std::string>{"Negotiate"}).error().code, "auth.refused");
}

TEST_F(SchemeNtlmTest, AThousandContextsLeaveNoDescriptors) {
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto credentials = std::make_shared<Credentials>(
      Account{.method = Method::ntlm, .username = "LITWAREINC\\alice"});
  const auto before = descriptors();
  for (int i = 0; i < 1000; ++i) {
    Acceptor server = acceptor();
    const auto client = make_scheme(credentials, {kFrontEnd, Encryption::automatic},
                                    {password(), false, {}}, clock);
    ASSERT_TRUE(testing::talk(*client, server).step);
  }
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace sfb::gss::testing
