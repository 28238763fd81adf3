// The server over TLS: what it speaks, and that every limit of the plain one holds.
#include "tests/integration/http/slow_reader.hpp"
#include "tests/integration/http/tls_raw_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace sfb::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

TlsRawClient::Setup versions(int least, int most) {
  return {.context = [=](SSL_CTX* context) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, least);
    SSL_CTX_set_max_proto_version(context, most);
  }};
}

std::string spoken(const std::string& where, const TlsRawClient::Setup& setup) {
  TlsRawClient client(where, setup);
  return client.ask() == 200 ? SSL_get_version(client.ssl()) : client.error();
}

TEST(ServerTls, SpeaksTheVersionsItIsTold) {
  TestServer both(over_tls(test_tls()));
  EXPECT_EQ(spoken(both.where, {}), "TLSv1.3");
  EXPECT_EQ(spoken(both.where, versions(TLS1_2_VERSION, TLS1_2_VERSION)), "TLSv1.2");
  EXPECT_THAT(spoken(both.where, versions(TLS1_VERSION, TLS1_1_VERSION)),
              HasSubstr("protocol version"));
  auto options = tls_options();
  options.minimum = net::TlsVersion::tls1_3;
  TestServer newest(over_tls(test_tls(options)));
  EXPECT_THAT(spoken(newest.where, versions(TLS1_2_VERSION, TLS1_2_VERSION)),
              HasSubstr("protocol version"));
  options = tls_options();
  options.maximum = net::TlsVersion::tls1_2;
  TestServer older(over_tls(test_tls(options)));
  EXPECT_EQ(spoken(older.where, {}), "TLSv1.2");
}

TEST(ServerTls, SuitesAndTheirOrder) {
  auto options = tls_options();
  options.suites = {"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256"};
  const auto suite = [](const std::string& where, const std::string& offered) {
    TlsRawClient client(where, {.context = [&](SSL_CTX* context) {
                          SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
                          SSL_CTX_set_cipher_list(context, offered.c_str());
                        }});
    return client.ask() == 200 ? std::string(SSL_get_cipher(client.ssl())) : client.error();
  };
  const std::string offered =
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384";
  {
    TestServer ours(over_tls(test_tls(options)));
    EXPECT_EQ(suite(ours.where, offered), "ECDHE-ECDSA-CHACHA20-POLY1305");
    EXPECT_THAT(suite(ours.where, "ECDHE-ECDSA-AES256-GCM-SHA384"), HasSubstr("handshake failure"));
  }
  options.our_order = false;
  TestServer theirs(over_tls(test_tls(options)));
  EXPECT_EQ(suite(theirs.where, offered), "ECDHE-ECDSA-AES128-GCM-SHA256");
}

TEST(ServerTls, Curves) {
  auto options = tls_options();
  options.curves = {"P-384"};
  TestServer server(over_tls(test_tls(options)));
  const auto with = [&](const char* curves) {
    TlsRawClient client(server.where, {.context = [&](SSL_CTX* context) {
                          SSL_CTX_set1_groups_list(context, curves);
                        }});
    return client.ask();
  };
  EXPECT_EQ(with("X25519:P-384"), 200);
  EXPECT_EQ(with("X25519"), 0);
}

TEST(ServerTls, OnlyHttp11IsChosen) {
  TestServer server(over_tls(test_tls()));
  const auto chosen = [&](std::string_view offered) {
    TlsRawClient client(server.where, {.connection = [&](SSL* ssl) {
                          SSL_set_alpn_protos(
                              ssl, reinterpret_cast<const unsigned char*>(offered.data()),
                              static_cast<unsigned>(offered.size()));
                        }});
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl(), &name, &size);
    return client.open() ? std::string(reinterpret_cast<const char*>(name), size) : client.error();
  };
  EXPECT_EQ(chosen("\x02h2\x08http/1.1"), "http/1.1");
  EXPECT_THAT(chosen("\x02h2"), HasSubstr("no application protocol"));
}

TEST(ServerTls, RequestsAndLargeAnswersComeWhole) {
  TestServer server(over_tls(test_tls()));
  TlsRawClient client(server.where);
  EXPECT_EQ(client.ask(), 200);
  EXPECT_EQ(client.ask("/slow"), 200);
  ASSERT_TRUE(client.send(get_request("/big", "Connection: close\r\n")));
  const std::string answer = client.read_all();
  EXPECT_TRUE(answer.ends_with(*server.state->big));
  EXPECT_TRUE(client.ended_well()) << "cut off would look the same";
  EXPECT_EQ(server.counters().accepted, 1U);
}

TEST(ServerTls, PipelinedRequestsAndARefusal) {
  TestServer server(over_tls(test_tls()));
  TlsRawClient client(server.where);
  client.send(get_request("/a") + get_request("/b") + "nonsense\r\n\r\n");
  const std::string answers = client.read_all();
  EXPECT_THAT(answers, HasSubstr("GET /a?"));
  EXPECT_THAT(answers, HasSubstr("GET /b?"));
  EXPECT_THAT(answers, HasSubstr("HTTP/1.1 400"));
  EXPECT_TRUE(client.ended_well());
}

TEST(ServerTls, ARequestWithoutTlsIsToldSo) {
  TestServer server(over_tls(test_tls()));
  RawClient client(server.where);
  client.send(get_request("/"));
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "this address speaks HTTPS: ask with https://\n");
  EXPECT_TRUE(client.is_closed());
  EXPECT_THAT(server.answers_of_its_own(), ElementsAre(400));
  EXPECT_EQ(server.state->started, 0);
}

TEST(ServerTls, UnixSocketsStayPlain) {
  const std::string path = testing::TempDir() + "/sfb-tls.sock";
  TestServer server(over_tls(test_tls()), "unix:" + path);
  RawClient client(server.where);
  client.send(get_request("/"));
  EXPECT_EQ(client.read().status, 200);
}

TEST(ServerTls, TheNextConnectionHasTheNewCertificate) {
  const auto tls = test_tls();
  TestServer server(over_tls(tls));
  TlsRawClient before(server.where);
  const net::Identity renewed = net::make_identity({"renewed.test", ""});
  const auto made = net::TlsServer::create(tls_options(renewed)).value();
  server.loop.call([&] { tls->set(made); });
  TlsRawClient after(server.where);
  EXPECT_EQ(before.ask(), 200) << "it goes on with the one it began with";
  EXPECT_EQ(after.ask(), 200);
  X509* const shown = SSL_get0_peer_certificate(after.ssl());
  ASSERT_NE(shown, nullptr);
  EXPECT_EQ(X509_cmp(shown, renewed.certificate.get()), 0);
  server.loop.call([&] { tls->set(nullptr); });
  RawClient plain(server.where);
  plain.send(get_request("/"));
  EXPECT_EQ(plain.read().status, 200) << "without TLS it is plain HTTP";
}

TEST(ServerTls, NothingIsNegotiatedAgain) {
  TestServer server(over_tls(test_tls()));
  TlsRawClient client(server.where, versions(TLS1_2_VERSION, TLS1_2_VERSION));
  ASSERT_EQ(client.ask(), 200);
  SSL_renegotiate(client.ssl());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
  EXPECT_EQ(client.ask(), 0);
}

// Whether a second connection comes back with the ticket of the first.
bool comes_back(const std::string& where, const net::Identity* identity) {
  SSL_SESSION* session = nullptr;
  {
    TlsRawClient first(where, {.identity = identity});
    EXPECT_EQ(first.ask(), 200);
    session = SSL_get1_session(first.ssl());
  }
  TlsRawClient second(where, {.identity = identity,
                              .connection = [&](SSL* ssl) { SSL_set_session(ssl, session); }});
  SSL_SESSION_free(session);
  EXPECT_EQ(second.ask(), 200);
  return SSL_session_reused(second.ssl()) == 1;
}

TEST(ServerTls, TicketsAreForThoseWithoutACertificate) {
  TestServer server(over_tls(test_tls()));
  EXPECT_TRUE(comes_back(server.where, nullptr));
  auto options = tls_options();
  options.clients = net::ClientCertificate::require_any;
  TestServer asking(over_tls(test_tls(options)));
  EXPECT_FALSE(comes_back(asking.where, &server_identity()));
}

TEST(ServerTls, AHandshakeThatDoesNotEndIsEnded) {
  ServerOptions options;
  options.handshake_timeout = 200ms;
  options.idle_timeout = 1h;
  TestServer server(over_tls(test_tls(), options));
  RawClient silent(server.where);
  RawClient half(server.where);
  half.send("\x16\x03\x01\x02");  // a ClientHello of 512 bytes begins
  RawClient dripping(server.where);
  dripping.send(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9));
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested() && dripping.send("x")) {
      std::this_thread::sleep_for(10ms);
    }
  });
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(half.is_closed());
  EXPECT_TRUE(dripping.is_closed()) << "bytes that trickle move no deadline";
  EXPECT_TRUE(server.eventually_open(0));
  EXPECT_EQ(server.state->started, 0);
}

TEST(ServerTls, AHandshakeInCrumbsIsEnded) {
  TestServer server(over_tls(test_tls()));
  RawClient client(server.where);
  // Records of one byte, of a ClientHello that never ends.
  const std::string hello = std::string("\x01\x00\x01\xfc", 4) + std::string(200, 'x');
  for (const char byte : hello) {
    client.send(std::string("\x16\x03\x01\x00\x01", 5) + byte);
  }
  client.read_all();
  EXPECT_TRUE(server.eventually_open(0));
  EXPECT_THAT(server.log(), ElementsAre("TLS handshakes failed, the last of them here failed=1 "
                                        "peer=127.0.0.1 error=it has too many records"));
}

std::atomic<std::thread::id> shaker;

TEST(ServerTls, HandshakesAreComputedBesideTheLoop) {
  const auto tls = test_tls();
  SSL_CTX_set_info_callback(tls->known()->context().native_handle(),
                            [](const SSL* ssl, int /*where*/, int /*value*/) {
                              if (SSL_in_init(ssl) == 1) {
                                shaker = std::this_thread::get_id();
                              }
                            });
  TestServer server(over_tls(tls));
  EXPECT_EQ(TlsRawClient(server.where).ask(), 200);
  EXPECT_NE(shaker.load(), std::thread::id());
  EXPECT_NE(shaker.load(), server.loop.call([] { return std::this_thread::get_id(); }));
}

TEST(ServerTls, HalfAHandshakeHoldsNoPlace) {
  ServerOptions options;
  options.max_connections = 2;
  options.young = 0ms;
  TestServer server(over_tls(test_tls(), options));
  RawClient silent(server.where);
  RawClient half(server.where);
  half.send("\x16\x03\x01\x02");
  ASSERT_TRUE(server.eventually_open(2));
  TlsRawClient scraper(server.where);
  EXPECT_EQ(scraper.ask(), 200);
  EXPECT_TRUE(silent.is_closed());
  EXPECT_THAT(server.ends(), ElementsAre(Ended::slow));
}

TEST(ServerTls, ManyWhoSayNothingDoNotBlindIt) {
  ServerOptions options;
  options.max_connections = 16;
  TestServer server(over_tls(test_tls(), options));
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 200; ++i) {
    silent.push_back(std::make_unique<RawClient>(server.where));
    if (i % 50 == 0) {
      EXPECT_EQ(TlsRawClient(server.where).ask(), 200) << i;
    }
  }
  EXPECT_TRUE(net::eventually([&] { return server.counters().open <= 16U; }));
}

TEST(ServerTls, WhereNobodyCanGoTheConnectionIsClosed) {
  ServerOptions options;
  options.max_connections = 1;
  TestServer server(over_tls(test_tls(), options));
  TlsRawClient inside(server.where);
  inside.send(get_request("/hang"));
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 1; }));
  TlsRawClient outside(server.where);
  EXPECT_FALSE(outside.open());
  EXPECT_EQ(server.counters().refused, 1U);
  EXPECT_THAT(server.answers_of_its_own(), IsEmpty()) << "nobody was told anything";
}

TEST(ServerTls, ADrainWaitsForNoHandshake) {
  TestServer server(over_tls(test_tls()));
  RawClient silent(server.where);
  ASSERT_TRUE(server.eventually_open(1));
  EXPECT_TRUE(server.loop.start(server.server->drain(net::mono_now() + 20s)).get());
  EXPECT_TRUE(silent.is_closed());
}

TEST(ServerTls, FailedHandshakesAreLoggedAsASum) {
  TestServer server(over_tls(test_tls()));
  for (int i = 0; i < 5; ++i) {
    EXPECT_NE(spoken(server.where, versions(TLS1_VERSION, TLS1_1_VERSION)), "TLSv1.1");
  }
  {
    RawClient probe(server.where);  // a check whether the port is open
  }
  EXPECT_TRUE(server.eventually_open(0));
  EXPECT_THAT(server.log(),
              ElementsAre("TLS handshakes failed, the last of them here failed=1 peer=127.0.0.1 "
                          "error=unsupported protocol"));
}

}  // namespace
}  // namespace sfb::http
