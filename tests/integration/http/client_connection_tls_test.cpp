// The outgoing connection with TLS: what is trusted, what is refused and how it is told.
#include "tests/integration/http/https_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <string>

namespace sfb::http {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

net::Identity leaf(const std::string& alternatives = "DNS:fe.test,IP:127.0.0.1,IP:::1",
                   std::chrono::seconds from = -1h, std::chrono::seconds until = 1h) {
  return net::make_identity({"fe.test", alternatives, false, from, until}, &root());
}

TEST(HttpsConnection, TrustsItsAuthorityByNameAndByAddress) {
  const net::Identity identity = leaf();
  const auto context = server_context(identity, {&root()});
  for (const std::string_view host : {"fe.test", "FE.Test", "fe.test.", "127.0.0.1"}) {
    const Attempt made = attempt(context, trusting(root().pem()), host);
    ASSERT_TRUE(made.opened) << host << ": " << describe(made.opened.error());
    ASSERT_TRUE(made.info);
    EXPECT_EQ(made.info->version, "TLSv1.3");
    EXPECT_THAT(made.info->cipher, HasSubstr("TLS_"));
    ASSERT_THAT(made.info->chain, SizeIs(2));
    const net::Certificate& shown = made.info->chain.front();
    EXPECT_EQ(shown.subject, "CN=fe.test");
    EXPECT_EQ(shown.issuer, "CN=Test Root");
    EXPECT_THAT(shown.names, ElementsAre("fe.test", "127.0.0.1", "::1"));
    EXPECT_THAT(shown.sha256, testing::MatchesRegex("[0-9a-f]{64}"));
    const auto now = SystemClock().now().wall;
    EXPECT_LT(shown.not_before, now);
    EXPECT_GT(shown.not_after, now);
    EXPECT_LT(shown.not_after - shown.not_before, 3h);
    EXPECT_THAT(made.times, SizeIs(3));
  }
}

TEST(HttpsConnection, SendsTheNameButNoAddress) {
  const net::Identity identity = leaf("DNS:fe.test,DNS:other.test,IP:127.0.0.1");
  const auto context = server_context(identity);
  std::promise<std::string> told;
  SSL_CTX_set_tlsext_servername_arg(context.get(), &told);
  SSL_CTX_set_tlsext_servername_callback(
      context.get(), +[](SSL* ssl, int*, void* arg) {
        const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        static_cast<std::promise<std::string>*>(arg)->set_value(name == nullptr ? "" : name);
        return SSL_TLSEXT_ERR_OK;
      });
  for (const auto& [host, server_name, sent] :
       {std::tuple{"fe.test", "", "fe.test"}, std::tuple{"127.0.0.1", "", ""},
        std::tuple{"127.0.0.1", "other.test", "other.test"},
        std::tuple{"fe.test", "127.0.0.1", ""}}) {
    told = {};
    EXPECT_TRUE(attempt(context, trusting(root().pem(), server_name), host).opened);
    EXPECT_EQ(told.get_future().get(), sent) << host;
  }
}

TEST(HttpsConnection, WorksOverIpv6) {
  const net::Identity identity = leaf();
  const auto context = server_context(identity);
  ScriptPeer peer(serve(context.get()), true);
  HttpRig rig(peer.url("https", "[::1]"), trusting(root().pem()));
  EXPECT_EQ(code_of(rig.ask()), "ok");
  EXPECT_EQ(rig.connection->peer_address(), "[::1]:" + std::to_string(peer.port));
}

// TLS 1.2 tells it in the handshake, TLS 1.3 behind it.
TEST(HttpsConnection, SaysThatItHasNoCertificateOfItsOwn) {
  const net::Identity identity = leaf();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto context = server_context(identity);
    SSL_CTX_set_max_proto_version(context.get(), version);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    ScriptPeer peer(serve(context.get()));
    HttpRig rig(peer.url("https", "fe.test"), trusting(root().pem()));
    Status ended = rig.open();
    EXPECT_EQ(ended.has_value(), version == TLS1_3_VERSION);
    if (ended) {
      const auto reply = rig.post("<x/>");
      ASSERT_FALSE(reply);
      ended = std::unexpected(reply.error());
    }
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, "tls.client_certificate") << describe(ended.error());
    EXPECT_EQ(ended.error().reason, Reason::tls);
    EXPECT_EQ(ended.error().stage, Stage::tls);
    EXPECT_THAT(ended.error().message, HasSubstr("this agent has none"));
  }
}

// Who only asks may be content without one.
TEST(HttpsConnection, AnOptionalCertificateIsNoHindrance) {
  const net::Identity identity = leaf();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto context = server_context(identity);
    SSL_CTX_set_max_proto_version(context.get(), version);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    const Attempt made = attempt(context, trusting(root().pem()));
    EXPECT_TRUE(made.opened);
    EXPECT_TRUE(made.info->wants_certificate);
  }
}

TEST(HttpsConnection, RefusesAnotherName) {
  const net::Identity identity = leaf("DNS:other.test,DNS:*.wild.test");
  const auto context = server_context(identity);
  for (const auto& [host, server_name] :
       {std::pair{"fe.test", ""}, std::pair{"127.0.0.1", ""}, std::pair{"fe.test", "wild.test"},
        std::pair{"fe.test", "a.b.wild.test"}, std::pair{"fe.test", "10.0.0.1"}}) {
    const Attempt made = attempt(context, trusting(root().pem(), server_name), host);
    ASSERT_FALSE(made.opened) << host << server_name;
    EXPECT_EQ(made.opened.error().code, "tls.wrong_name");
    EXPECT_EQ(made.opened.error().peer, "other.test, *.wild.test");
    EXPECT_THAT(made.opened.error().message, Not(HasSubstr("other.test")));
    ASSERT_TRUE(made.info);
    EXPECT_THAT(made.info->chain, SizeIs(1)) << "shown although refused";
    EXPECT_THAT(made.times, SizeIs(3));
  }
  EXPECT_TRUE(attempt(context, trusting(root().pem(), "x.wild.test")).opened);
}

TEST(HttpsConnection, RefusesWhatIsNotValidNow) {
  const net::Identity old = leaf("DNS:fe.test", -48h, -24h);
  const Attempt expired = attempt(server_context(old), trusting(root().pem()));
  EXPECT_EQ(code_of(expired.opened), "tls.expired");
  EXPECT_THAT(expired.opened.error().message,
              HasSubstr(format_iso8601(expired.info->chain.front().not_after)));
  const net::Identity early = leaf("DNS:fe.test", 24h, 48h);
  EXPECT_EQ(code_of(attempt(server_context(early), trusting(root().pem())).opened),
            "tls.not_yet_valid");
  // The fault lies with the issuer that the server sent, and its time is the one to tell.
  const net::Identity dead = net::make_identity({"Dead", "", true, -48h, -24h}, &root());
  const net::Identity under = net::make_identity({"fe.test", "DNS:fe.test"}, &dead);
  const Attempt by_issuer = attempt(server_context(under, {&dead}), trusting(root().pem()));
  EXPECT_EQ(code_of(by_issuer.opened), "tls.expired");
  EXPECT_EQ(by_issuer.opened.error().peer, "CN=Dead");
  EXPECT_THAT(by_issuer.opened.error().remedy, HasSubstr("on the server"));
}

TEST(HttpsConnection, RefusesUnknownIssuers) {
  const net::Identity middle = net::make_identity({"Middle", "", true}, &root());
  const net::Identity identity = net::make_identity({"fe.test", "DNS:fe.test"}, &middle);
  const net::Identity stranger = net::make_identity({"Stranger", "", true});
  const auto alone = server_context(identity);
  const auto with_middle = server_context(identity, {&middle});
  const auto with_all = server_context(identity, {&middle, &root()});

  EXPECT_TRUE(attempt(with_middle, trusting(root().pem())).opened);
  EXPECT_TRUE(attempt(alone, trusting(middle.pem())).opened) << "an issuing CA without its root";
  EXPECT_TRUE(attempt(alone, trusting(identity.pem())).opened) << "the certificate itself";
  EXPECT_TRUE(attempt(alone, trusting(stranger.pem() + middle.pem() + root().pem())).opened)
      << "several in one file";

  const Attempt unknown = attempt(alone, trusting(root().pem()));
  EXPECT_EQ(code_of(unknown.opened), "tls.unknown_issuer");
  EXPECT_EQ(unknown.opened.error().peer, "CN=Middle");
  EXPECT_EQ(code_of(attempt(with_middle, trusting(stranger.pem())).opened), "tls.unknown_issuer");
  const Attempt whole = attempt(with_all, trusting(stranger.pem()));
  EXPECT_EQ(code_of(whole.opened), "tls.untrusted_root");
  EXPECT_EQ(whole.opened.error().peer, "CN=Test Root");
  EXPECT_THAT(whole.info->chain, SizeIs(3));
}

TEST(HttpsConnection, RefusesSelfSigned) {
  const net::Identity self = net::make_identity({"fe.test", "DNS:fe.test"});
  const auto context = server_context(self);
  EXPECT_EQ(code_of(attempt(context, trusting(root().pem())).opened), "tls.untrusted_root");
  EXPECT_TRUE(attempt(context, trusting(self.pem())).opened);
}

TEST(HttpsConnection, TakesTheNameOfAnOldCertificate) {
  const net::Identity plain = net::make_identity({"fe.test", ""});
  EXPECT_TRUE(attempt(server_context(plain), trusting(plain.pem())).opened);
  const Attempt wrong = attempt(server_context(plain), trusting(plain.pem(), "else.test"));
  EXPECT_EQ(code_of(wrong.opened), "tls.wrong_name");
  EXPECT_EQ(wrong.opened.error().peer, "CN=fe.test");
}

TEST(HttpsConnection, AFileReplacesTheSystemsStore) {
  const auto by_system = trusting_system(root().pem());
  const net::Identity stranger = net::make_identity({"Stranger", "", true});
  const auto by_file = trusting(stranger.pem());
  const net::Identity identity = leaf();
  EXPECT_TRUE(attempt(server_context(identity), by_system).opened);
  EXPECT_EQ(code_of(attempt(server_context(identity), by_file).opened), "tls.unknown_issuer");
}

TEST(HttpsConnection, NeedsItsFile) {
  const net::TempFile empty("");
  const net::TempFile garbage("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
  const net::TempFile words("no certificate\n");
  for (const std::string& path :
       {empty.path, garbage.path, words.path, std::string("/nonexistent/ca.pem"),
        std::filesystem::temp_directory_path().string()}) {
    const auto made = net::TlsClient::create({path, "", net::TlsVersion::tls1_2});
    ASSERT_FALSE(made) << path;
    EXPECT_EQ(made.error().code, "tls.ca_file");
    EXPECT_EQ(made.error().reason, Reason::tls);
    EXPECT_THAT(made.error().message, HasSubstr(path));
  }
}

TEST(HttpsConnection, RefusesOldVersions) {
  const net::Identity identity = leaf();
  const auto only_1_1 = server_context(identity, {}, TLS1_VERSION, TLS1_1_VERSION);
  const auto old = attempt(only_1_1, trusting(root().pem()));
  ASSERT_EQ(code_of(old.opened), "tls.too_old");
  EXPECT_THAT(old.opened.error().message, HasSubstr("TLS 1.2 or newer"));
  EXPECT_THAT(old.opened.error().remedy, Not(HasSubstr("lower")));
  const auto only_1_2 = server_context(identity, {}, TLS1_2_VERSION, TLS1_2_VERSION);
  const Attempt made = attempt(only_1_2, trusting(root().pem()));
  EXPECT_TRUE(made.opened);
  EXPECT_EQ(made.info->version, "TLSv1.2");
  const auto newer = attempt(only_1_2, trusting(root().pem(), "", net::TlsVersion::tls1_3));
  ASSERT_EQ(code_of(newer.opened), "tls.too_old");
  EXPECT_THAT(newer.opened.error().remedy, HasSubstr("lower tls.min_version to 1.2"));
}

TEST(HttpsConnection, TellsThatAPortDoesNotSpeakTls) {
  for (const std::string_view bytes : {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
                                       "SSH-2.0-OpenSSH_9.2\r\n", "220 smtp ready\r\n"}) {
    ScriptPeer peer([bytes](Wire& wire) {
      wire.read_some();
      wire.send(bytes);
      wire.wait_closed();
    });
    HttpRig rig(peer.url("https"), trusting(root().pem()));
    EXPECT_EQ(code_of(rig.open()), "tls.not_tls") << bytes;
  }
}

TEST(HttpsConnection, EndsAHandshakeThatDoesNotEnd) {
  ScriptPeer hangs([](Wire& wire) { wire.wait_closed(); });
  HttpRig rig(hangs.url("https"), trusting(root().pem()));
  rig.options.tls_cap = 100ms;
  const auto opened = rig.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "tls.timeout");
  EXPECT_EQ(opened.error().reason, Reason::timeout);
  EXPECT_EQ(opened.error().stage, Stage::tls);
  EXPECT_THAT(rig.times, SizeIs(3));
  EXPECT_EQ(rig.connection->peer_address(), "127.0.0.1:" + std::to_string(hangs.port));

  ScriptPeer closes([](Wire& wire) { wire.read_some(10); });
  HttpRig other(closes.url("https"), trusting(root().pem()));
  EXPECT_EQ(code_of(other.open()), "tls.handshake");
}

TEST(HttpsConnection, RefusesABadServerName) {
  const net::Identity identity = leaf();
  EXPECT_EQ(
      code_of(
          attempt(server_context(identity), trusting(root().pem(), std::string(300, 'x'))).opened),
      "tls.server_name");
}

TEST(HttpsConnection, IsNoWorseForSessionTickets) {
  const net::Identity identity = leaf();
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const auto context = server_context(identity, {}, 0, newest);
    SSL_CTX_set_num_tickets(context.get(), 8);
    std::promise<void> accepted;
    std::promise<void> go;
    ScriptPeer peer([&](Wire& wire) {
      wire.accept_tls(context.get());
      accepted.set_value();
      wire.read_request();
      wire.send(answer_of("x"));
      go.get_future().wait();
      wire.say_goodbye();
      wire.wait_closed();
    });
    HttpRig rig(peer.url("https", "fe.test"), trusting(root().pem()));
    ASSERT_EQ(code_of(rig.open()), "ok");
    accepted.get_future().wait();  // the tickets are on their way, or here
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(rig.usable());
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(code_of(rig.post("<x/>")), "ok");
    EXPECT_TRUE(rig.usable());
    go.set_value();
    EXPECT_TRUE(net::eventually([&] { return !rig.usable(); })) << "TLS's farewell";
  }
}

TEST(HttpsConnection, SeesAnAnswerToNobody) {
  const net::Identity identity = leaf();
  const auto context = server_context(identity);
  ScriptPeer peer([&](Wire& wire) {
    wire.accept_tls(context.get());
    wire.read_request();
    wire.send(answer_of("x"));
    wire.send(answer_of("y"));
    wire.wait_closed();
  });
  HttpRig rig(peer.url("https", "fe.test"), trusting(root().pem()));
  ASSERT_EQ(code_of(rig.ask()), "ok");
  EXPECT_TRUE(net::eventually([&] { return !rig.usable(); }));
}

TEST(HttpsConnection, ABodyWithoutLengthNeedsTheFarewell) {
  const net::Identity identity = leaf();
  const auto context = server_context(identity);
  for (const bool polite : {true, false}) {
    ScriptPeer peer([&](Wire& wire) {
      wire.accept_tls(context.get());
      wire.read_request();
      wire.send("HTTP/1.1 200 OK\r\n\r\nabc");
      if (polite) {
        wire.say_goodbye();
      }
    });
    HttpRig rig(peer.url("https", "fe.test"), trusting(root().pem()));
    EXPECT_EQ(code_of(rig.ask()), polite ? "ok" : "http.cut");
  }
}

}  // namespace
}  // namespace sfb::http
