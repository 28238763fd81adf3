// Kerberos against a real KDC and GSSAPI's own acceptor: legs, proof, sealing, refusals.
#include "agent/auth/sealed_body.hpp"
#include "agent/gss/scheme.hpp"
#include "tests/integration/gss/acceptor.hpp"
#include "tests/integration/gss/realm.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>

namespace sfb::gss::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSoap = "application/soap+xml;charset=UTF-8";

/// As Windows seals: header and data apart.
std::string seal_in_parts(gss_ctx_id_t context, std::string text, bool count_padding) {
  std::array<gss_iov_buffer_desc, 3> iov{};
  const std::size_t size = text.size();
  iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE;
  iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
  iov[1].buffer = {text.size(), text.data()};
  iov[2].type = GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE;
  OM_uint32 minor = 0;
  EXPECT_EQ(gss_wrap_iov(&minor, context, 1, GSS_C_QOP_DEFAULT, nullptr, iov.data(), 3), 0U);
  const auto view = [](const gss_buffer_desc& buffer) {
    return std::string(static_cast<const char*>(buffer.value), buffer.length);
  };
  const std::string padding = view(iov[2].buffer);
  auto sealed = auth::write_sealed(auth::SealedProtocol::spnego, kSoap,
                                   size + (count_padding ? padding.size() : 0), view(iov[0].buffer),
                                   text + padding);
  gss_release_iov_buffer(&minor, iov.data(), 3);
  return sealed.body;
}

/// As a server that wraps plainly: the whole token, cut anywhere.
std::string seal_whole(gss_ctx_id_t context, const std::string& text, std::size_t cut) {
  gss_buffer_desc input = argument(text);
  Buffer output;
  OM_uint32 minor = 0;
  EXPECT_EQ(gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &input, nullptr, output.out()), 0U);
  return auth::write_sealed(auth::SealedProtocol::spnego, kSoap, text.size(),
                            output.view().substr(0, cut), output.view().substr(cut))
      .body;
}

std::string open(gss_ctx_id_t context, const auth::Payload& payload) {
  const auto part = auth::read_sealed(payload.content_type, payload.body);
  if (!part) {
    return describe(part.error());
  }
  const std::string token = std::string(part->signature).append(part->ciphertext);
  gss_buffer_desc input = argument(token);
  Buffer plain;
  OM_uint32 minor = 0;
  int encrypted = 0;
  const OM_uint32 major = gss_unwrap(&minor, context, &input, plain.out(), &encrypted, nullptr);
  return GSS_ERROR(major) != 0 ? status_text(major, minor, krb5_mechanism())
                               : fmt::format("{}{}", encrypted, plain.view());
}

class SchemeKerberosTest : public RealmTest {
 protected:
  struct Wish {
    Service service = kFrontEnd;
    Encryption encryption = Encryption::automatic;
    bool tls = false;
    std::string bindings = {};
    Method method = Method::kerberos;
    bool allow_ntlm = false;
    std::string secret = kPassword;
  };

  std::unique_ptr<auth::Scheme> scheme(const Wish& wish) {
    credentials = std::make_shared<Credentials>(Account{
        .method = wish.method, .allow_ntlm = wish.allow_ntlm, .username = "alice@LITWAREINC.COM"});
    return make_scheme(credentials, {wish.service, wish.encryption},
                       {password(wish.secret), wish.tls, wish.bindings}, clock);
  }
  static Acceptor acceptor() { return Acceptor::of_keytab(kdc().path("server.keytab")); }

  SystemClock clock;
  std::shared_ptr<Credentials> credentials;
};

TEST_F(SchemeKerberosTest, ServerAndClientProveThemselves) {
  Acceptor server = acceptor();
  const auto client = scheme({});
  EXPECT_TRUE(client->blocks());
  const Talk talk = testing::talk(*client, server);
  ASSERT_TRUE(talk.step) << describe(talk.step.error());
  EXPECT_TRUE(talk.step->body);
  EXPECT_TRUE(talk.step->authorization.empty());
  EXPECT_EQ(talk.legs, 1);
  EXPECT_EQ(server.client(), "alice@LITWAREINC.COM");
  const OM_uint32 wanted = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG |
                           GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
  EXPECT_EQ(server.flags() & wanted, wanted);
  EXPECT_EQ(server.flags() & GSS_C_DELEG_FLAG, 0U);
  const auth::Proof proof = client->proof();
  EXPECT_EQ(proof.method, "kerberos");
  EXPECT_TRUE(proof.mutual);
  EXPECT_TRUE(proof.ticket_ends.has_value());
  EXPECT_GT(proof.token_bytes, 500U);
  EXPECT_EQ(fact(proof.facts, "principal"), "alice@LITWAREINC.COM");
  EXPECT_EQ(fact(proof.facts, "spn"), "HTTP/fe-001.litwareinc.com");
  EXPECT_EQ(fact(proof.facts, "kdcs"), kdc().address() + " tcp: answered");
  EXPECT_EQ(fact(proof.facts, "sealed"), "yes");
}

TEST_F(SchemeKerberosTest, MessagesAreSealedBothWaysWithEveryEncryptionType) {
  struct Type {
    std::string host;
    std::string enctype;
    std::size_t header;
    std::size_t padding;
  };
  for (const Type& type : {Type{"fe-001", "aes256-cts", 60, 0}, Type{"aes128", "aes128-cts", 60, 0},
                           Type{"sha2", "aes256-cts-hmac-sha384-192", 72, 0},
                           Type{"sha128", "aes128-cts-hmac-sha256-128", 64, 0},
                           Type{"rc4", "arcfour-hmac aes256-cts", 45, 1}}) {
    // With more than one to choose from, MIT's acceptor makes it AES256 again (RFC 4537).
    configure("\tpermitted_enctypes = " + type.enctype + "\n");
    Acceptor server = acceptor();
    const auto client = scheme({.service = {"HTTP", type.host + ".litwareinc.com"}});
    const Talk talk = testing::talk(*client, server);
    ASSERT_TRUE(talk.step) << type.host << describe(talk.step.error());
    for (const std::size_t size : {std::size_t{1}, std::size_t{1000}, std::size_t{700'000}}) {
      const std::string text(size, 'x');
      const auto sealed = client->seal({kSoap, text});
      ASSERT_TRUE(sealed) << describe(sealed.error());
      const auto part = auth::read_sealed(sealed->content_type, sealed->body);
      ASSERT_TRUE(part) << describe(part.error());
      EXPECT_GE(part->signature.size(), type.header) << type.host;
      // That of RC4 grows with the length of the message.
      EXPECT_LE(part->signature.size(), type.header + 3 * type.padding) << type.host;
      EXPECT_EQ(part->length, size + type.padding) << type.host;
      EXPECT_THAT(sealed->body, Not(HasSubstr("xxxxxxxx"))) << type.host;
      EXPECT_EQ(open(server.context(), *sealed), "1" + text) << type.host;

      const auto answer = [&](std::string body) {
        const auto plain = client->unseal({sealed->content_type, std::move(body)}, 200);
        return plain ? plain->body : describe(plain.error());
      };
      EXPECT_EQ(answer(seal_in_parts(server.context(), text, true)), text) << type.host;
      EXPECT_EQ(answer(seal_in_parts(server.context(), text, false)), text) << type.host;
      EXPECT_EQ(answer(seal_whole(server.context(), text, 16)), text) << type.host;
      EXPECT_EQ(answer(seal_whole(server.context(), text, type.header)), text) << type.host;
    }
  }
  configure("");
}

TEST_F(SchemeKerberosTest, WhatWasChangedOnItsWayIsRefused) {
  Acceptor server = acceptor();
  const auto client = scheme({});
  ASSERT_TRUE(testing::talk(*client, server).step);
  const auto sealed = client->seal({kSoap, "question"});
  ASSERT_TRUE(sealed);
  const auto refused = [&](std::string body) {
    const auto plain = client->unseal({sealed->content_type, std::move(body)}, 200);
    return plain ? "read: " + plain->body : plain.error().code;
  };
  std::string tampered = seal_in_parts(server.context(), "answer", false);
  tampered[tampered.find("octet-stream\r\n") + 14 + 4 + 60 + 2] ^= 1;
  EXPECT_EQ(refused(tampered), "auth.seal");
  std::string wrong = seal_in_parts(server.context(), "answer", false);
  wrong.replace(wrong.find("Length=6"), 8, "Length=5");
  EXPECT_EQ(refused(wrong), "auth.seal");
  wrong.replace(wrong.find("Length=5"), 8, "Length=9");
  EXPECT_EQ(refused(wrong), "auth.sealed_body");
  seal_in_parts(server.context(), "lost", false);
  EXPECT_EQ(refused(seal_in_parts(server.context(), "answer", false)), "auth.seal")
      << "one before it never arrived";
}

TEST_F(SchemeKerberosTest, AMessageThatWasSeenBeforeIsRefused) {
  Acceptor server = acceptor();
  const auto client = scheme({});
  ASSERT_TRUE(testing::talk(*client, server).step);
  const auth::Payload answer{"multipart/encrypted;boundary=\"Encrypted Boundary\"",
                             seal_in_parts(server.context(), "answer", false)};
  EXPECT_EQ(client->unseal(answer, 200)->body, "answer");
  const auto again = client->unseal(answer, 200);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, "auth.seal");
  EXPECT_EQ(again.error().reason, Reason::protocol);
}

TEST_F(SchemeKerberosTest, APlainAnswerIsRefusedUnlessItIsHttpsOwnError) {
  Acceptor server = acceptor();
  const auto client = scheme({});
  ASSERT_TRUE(testing::talk(*client, server).step);
  const auth::Payload plain{kSoap, "<good/>"};
  EXPECT_EQ(client->unseal(plain, 200).error().code, "auth.not_sealed");
  EXPECT_EQ(client->unseal(plain, 500)->body, "<good/>");
  EXPECT_EQ(client->unseal(plain, 404)->body, "<good/>");
  EXPECT_EQ(client->unseal({"", ""}, 200)->body, "");
  const auth::Payload fault{"multipart/encrypted", seal_in_parts(server.context(), "fault", false)};
  EXPECT_EQ(client->unseal(fault, 500)->body, "fault");
}

TEST_F(SchemeKerberosTest, EncryptionFollowsItsSetting) {
  const auto seals = [&](Encryption encryption, bool tls) {
    Acceptor server = acceptor();
    const auto client = scheme({.encryption = encryption, .tls = tls});
    EXPECT_TRUE(testing::talk(*client, server).step);
    return client->seal({kSoap, "text"})->content_type != kSoap;
  };
  EXPECT_TRUE(seals(Encryption::automatic, false));
  EXPECT_FALSE(seals(Encryption::automatic, true));
  EXPECT_TRUE(seals(Encryption::always, true));
  EXPECT_FALSE(seals(Encryption::never, false));
}

TEST_F(SchemeKerberosTest, WithoutTheLastTokenTheServerIsNotTrusted) {
  Acceptor server = acceptor();
  const auto client = scheme({});
  const Talk talk = testing::talk(*client, server, {.keep_last_token = true});
  ASSERT_FALSE(talk.step);
  EXPECT_EQ(talk.step.error().code, "auth.no_proof");
  EXPECT_EQ(talk.step.error().reason, Reason::protocol);
  EXPECT_FALSE(client->proof().mutual);
}

TEST_F(SchemeKerberosTest, KerberosAloneIsItsOwnWord) {
  Acceptor server = acceptor();
  const auto client = scheme({});
  auto step = client->step({});
  ASSERT_TRUE(step);
  EXPECT_TRUE(step->authorization.reveal().starts_with("Negotiate "));
  step = client->step(std::vector<std::string>{"Kerberos"});
  ASSERT_TRUE(step) << describe(step.error());
  ASSERT_TRUE(step->authorization.reveal().starts_with("Kerberos "));
  const Accepted accepted = server.accept(token_of(step->authorization.reveal()));
  EXPECT_TRUE(accepted.complete());
  step = client->let_in(std::vector<std::string>{challenge("Kerberos", accepted.token)});
  ASSERT_TRUE(step) << describe(step.error());
  EXPECT_TRUE(step->body);
  EXPECT_THAT(client->seal({kSoap, "text"})->content_type,
              HasSubstr("application/HTTP-Kerberos-session-encrypted"));
}

TEST_F(SchemeKerberosTest, TheFirst401IsAnsweredOnceAndTheNextIsNeverThePassword) {
  const std::vector<std::string> bare = {"Negotiate", "Kerberos"};
  const auto client = scheme({.tls = true, .bindings = "tls-server-end-point:hash"});
  ASSERT_TRUE(client->step({}));
  const auto second = client->step(bare);
  ASSERT_TRUE(second) << describe(second.error());
  EXPECT_FALSE(second->body);
  const auto third = client->step(bare);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, "auth.ticket_refused");
  EXPECT_THAT(third.error().remedy, HasSubstr("setspn -Q HTTP/fe-001.litwareinc.com"));
  EXPECT_THAT(third.error().remedy, HasSubstr("channel bindings were sent"));
  EXPECT_THAT(third.error().remedy, HasSubstr("clock"));
  EXPECT_EQ(third.error().peer, "Negotiate, Kerberos");
}

TEST_F(SchemeKerberosTest, A401InMidSessionBeginsANewContext) {
  for (const bool tls : {false, true}) {
    Acceptor server = acceptor();
    const auto client = scheme({.tls = tls});
    ASSERT_TRUE(testing::talk(*client, server).step);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(client->seal({kSoap, "text"}));
      ASSERT_TRUE(
          client->unseal(tls ? auth::Payload{kSoap, "answer"}
                             : auth::Payload{"multipart/encrypted",
                                             seal_in_parts(server.context(), "answer", false)},
                         200));
      server.forget();
      auto step = client->step(std::vector<std::string>{"Negotiate"});
      ASSERT_TRUE(step) << describe(step.error());
      EXPECT_EQ(step->body, tls) << "sealing needs the key before the body";
      const Accepted accepted = server.accept(token_of(step->authorization.reveal()));
      EXPECT_TRUE(accepted.complete());
      const std::vector<std::string> last = {challenge("Negotiate", accepted.token)};
      ASSERT_TRUE(tls ? client->check_answer(last, 200).has_value() : client->let_in(last)->body);
    }
    EXPECT_TRUE(client->step(std::vector<std::string>{"Negotiate"})) << "with a new ticket";
    EXPECT_EQ(client->step(std::vector<std::string>{"Negotiate"}).error().code,
              "auth.ticket_refused");
  }
}

TEST_F(SchemeKerberosTest, ChannelBindingsAreSentAndCompared) {
  const auto accepted = [&](const std::string& ours, const std::string& theirs) {
    Acceptor server = acceptor();
    server.bindings = theirs;
    const auto client = scheme({.tls = true, .bindings = ours});
    const Talk talk = testing::talk(*client, server);
    EXPECT_EQ(fact(client->proof().facts, "channel_bindings"), ours.empty() ? "not sent" : "sent");
    const bool bound = (server.flags() & GSS_C_CHANNEL_BOUND_FLAG) != 0;
    return talk.step ? std::string(bound ? "bound" : "let in") : talk.step.error().code;
  };
  EXPECT_EQ(accepted("tls-server-end-point:abc", "tls-server-end-point:abc"), "bound");
  EXPECT_EQ(accepted("tls-server-end-point:abc", ""), "let in");
  EXPECT_EQ(accepted("", "tls-server-end-point:abc"), "let in");
  EXPECT_EQ(accepted("tls-server-end-point:abc", "tls-server-end-point:other"),
            "auth.ticket_refused");
}

TEST_F(SchemeKerberosTest, AServerWithAnotherKeySaysSo) {
  // The name belongs to another account: the ticket is for a key that the server does not have.
  kdc().admin("addprinc -randkey HTTP/stolen.litwareinc.com");
  Acceptor server = acceptor();
  const auto client = scheme({.service = {"HTTP", "stolen.litwareinc.com"}});
  const Talk talk = testing::talk(*client, server);
  ASSERT_FALSE(talk.step);
  EXPECT_EQ(talk.step.error().code, "auth.ticket_refused");
  EXPECT_EQ(talk.step.error().reason, Reason::auth);
}

TEST_F(SchemeKerberosTest, AKeyThatChangedWhileWeRunIsHealedInPlace) {
  const std::string keytab = kdc().path("changing.keytab");
  const Service service{"HTTP", "changing.litwareinc.com"};
  kdc().admin("addprinc -randkey HTTP/changing.litwareinc.com");
  kdc().admin(fmt::format("ktadd -k {} HTTP/changing.litwareinc.com", keytab));
  const auto first = scheme({.service = service});
  Acceptor server = Acceptor::of_keytab(keytab);
  ASSERT_TRUE(testing::talk(*first, server).step);
  std::filesystem::remove(keytab);
  kdc().admin(fmt::format("ktadd -k {} HTTP/changing.litwareinc.com", keytab));
  for (const int expected : {2, 1}) {
    Acceptor changed = Acceptor::of_keytab(keytab);
    const auto client =
        make_scheme(credentials, {service, Encryption::automatic}, {password(), false, {}}, clock);
    const Talk talk = testing::talk(*client, changed);
    ASSERT_TRUE(talk.step) << describe(talk.step.error());
    EXPECT_EQ(talk.legs, expected) << "once with the old ticket";
  }
}

TEST_F(SchemeKerberosTest, AServerThatDoesNotTakeItIsNamed) {
  const auto client = scheme({});
  ASSERT_TRUE(client->step({}));
  const auto step = client->step(std::vector<std::string>{"Basic realm=\"x\"", "NTLM"});
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, "auth.not_offered");
  EXPECT_EQ(step.error().peer, "Basic, NTLM");
  EXPECT_TRUE(step.error().remedy.contains("write method: ntlm")) << step.error().remedy;
}

TEST_F(SchemeKerberosTest, NonsenseFromAServerIsRefused) {
  for (const std::string text :
       {"Negotiate TlRMTVNTUAACAAAA", "Negotiate oYGCMIGA", "Negotiate x", "Negotiate AAAA"}) {
    const auto client = scheme({});
    ASSERT_TRUE(client->step({}));
    const auto step = client->step(std::vector<std::string>{text});
    ASSERT_FALSE(step) << text;
    EXPECT_EQ(step.error().reason, Reason::protocol) << describe(step.error());
  }
}

TEST_F(SchemeKerberosTest, SecretsAreHidden) {
  Acceptor server = acceptor();
  const auto client = scheme({});
  const auto step = client->step({});
  ASSERT_TRUE(step);
  Redactor redact;
  client->tell_secrets(redact);
  EXPECT_EQ(redact("Al1ce-pw"), "***");
  EXPECT_LT(redact(std::string(step->authorization.reveal())).size(), 100U);
  const Talk refused = testing::talk(*scheme({.secret = "c4nary-pw"}), server);
  ASSERT_FALSE(refused.step);
  EXPECT_THAT(describe(refused.step.error()), Not(HasSubstr("c4nary")));
}

TEST_F(SchemeKerberosTest, AThousandContextsLeaveNoDescriptors) {
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  Acceptor server = acceptor();
  ASSERT_TRUE(testing::talk(*scheme({}), server).step);
  const auto before = descriptors();
  for (int i = 0; i < 1000; ++i) {
    Acceptor other = acceptor();
    const auto client = make_scheme(credentials, {kFrontEnd, Encryption::automatic},
                                    {password(), false, {}}, clock);
    ASSERT_TRUE(testing::talk(*client, other).step);
    if (i % 100 == 0) {
      ASSERT_TRUE(Credentials({.username = "alice@LITWAREINC.COM"}).kerberos(password(), now()));
    }
  }
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace sfb::gss::testing
