// Who is let in by a client's certificate.
#include "tests/integration/http/tls_raw_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

namespace sfb::http {
namespace {

using net::ClientCertificate;
using testing::HasSubstr;

const net::Identity& clients_ca() {
  static const net::Identity made = net::make_identity({"Clients CA", "", true});
  return made;
}

net::Identity client(const std::string& alternatives = {}, const net::Identity* ca = &clients_ca(),
                     std::chrono::seconds until = std::chrono::hours(1)) {
  return net::make_identity({.name = "client",
                             .alternatives = alternatives,
                             .from = -std::chrono::hours(2),
                             .until = until},
                            ca);
}

net::TlsServerOptions asking(ClientCertificate clients) {
  auto options = tls_options();
  options.clients = clients;
  options.client_ca = clients_ca().pem();
  options.client_ca_from = "ca.crt";
  return options;
}

// In both versions, which refuse at different moments.
bool lets_in(const net::TlsServerOptions& options, const net::Identity* identity) {
  TestServer server(over_tls(test_tls(options)));
  std::optional<bool> in;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsRawClient client(server.where, {.identity = identity, .context = [&](SSL_CTX* context) {
                                         SSL_CTX_set_max_proto_version(context, version);
                                         SSL_CTX_set_min_proto_version(context, version);
                                       }});
    const bool now = client.ask() == 200;
    EXPECT_EQ(in.value_or(now), now) << "TLS 1.2 and 1.3 differ";
    EXPECT_TRUE(now || !client.error().empty()) << "the client is told in an alert";
    in = now;
  }
  return *in;
}

TEST(ServerTlsClients, EveryType) {
  const net::Identity good = client();
  const net::Identity other = net::make_identity({"other", ""});
  const net::Identity expired = client({}, &clients_ca(), -std::chrono::hours(1));
  struct Row {
    ClientCertificate clients;
    bool none;
    bool good;
    bool other;
    bool expired;
  };
  for (const Row& row : {Row{ClientCertificate::none, true, true, true, true},
                         Row{ClientCertificate::request, true, true, true, true},
                         Row{ClientCertificate::require_any, false, true, true, true},
                         Row{ClientCertificate::verify_if_given, true, true, false, false},
                         Row{ClientCertificate::require_and_verify, false, true, false, false}}) {
    const auto options = asking(row.clients);
    const int type = static_cast<int>(row.clients);
    EXPECT_EQ(lets_in(options, nullptr), row.none) << type;
    EXPECT_EQ(lets_in(options, &good), row.good) << type;
    EXPECT_EQ(lets_in(options, &other), row.other) << type;
    EXPECT_EQ(lets_in(options, &expired), row.expired) << type;
  }
}

TEST(ServerTlsClients, AnIssuingCaWithoutItsRootIsEnough) {
  const net::Identity root = net::make_identity({"Root", "", true});
  const net::Identity issuing = net::make_identity({"Issuing", "", true}, &root);
  const net::Identity good = client({}, &issuing);
  auto options = asking(ClientCertificate::require_and_verify);
  options.client_ca = issuing.pem();
  EXPECT_TRUE(lets_in(options, &good));
}

TEST(ServerTlsClients, AllowedNames) {
  auto options = asking(ClientCertificate::require_and_verify);
  options.allowed_names = {"prometheus.example.com", "scraper@example.com", "192.0.2.7",
                           "2001:db8::7", "spiffe://example.com/scraper"};
  const std::map<std::string, bool> names = {
      {"DNS:prometheus.example.com", true},
      {"DNS:other.example.com,DNS:prometheus.example.com", true},
      {"email:scraper@example.com", true},
      {"IP:192.0.2.7", true},
      {"IP:2001:db8::7", true},
      {"URI:spiffe://example.com/scraper", true},
      {"DNS:PROMETHEUS.example.com", false},
      {"DNS:*.example.com", false},
      {"IP:192.0.2.8", false},
      {"URI:spiffe://example.com/scraper2", false},
      {"RID:1.2.3.4", false},
      {"", false}};
  for (const auto& [name, allowed] : names) {
    const net::Identity identity = client(name);
    EXPECT_EQ(lets_in(options, &identity), allowed) << name;
  }
  const net::Identity stranger = client("DNS:prometheus.example.com", nullptr);
  EXPECT_FALSE(lets_in(options, &stranger)) << "the name alone is no proof";
  EXPECT_FALSE(lets_in(options, nullptr));
  options.clients = ClientCertificate::require_any;
  EXPECT_TRUE(lets_in(options, &stranger)) << "that is what this type means";
}

TEST(ServerTlsClients, TheLogSaysWhatWasWrong) {
  auto options = asking(ClientCertificate::require_and_verify);
  options.allowed_names = {"prometheus.example.com"};
  const net::Identity wrong = client("DNS:other.example.com");
  const net::Identity stranger = net::make_identity({"other", ""});
  const std::map<const net::Identity*, std::string> reasons = {
      {nullptr, "peer did not return a certificate"},
      {&wrong,
       "certificate verify failed: the client's certificate has none of "
       "client_allowed_sans"},
      {&stranger, "certificate verify failed: self-signed certificate"}};
  for (const auto& [identity, reason] : reasons) {
    TestServer server(over_tls(test_tls(options)));
    EXPECT_EQ(TlsRawClient(server.where, {.identity = identity}).ask(), 0);
    EXPECT_TRUE(server.eventually_open(0));
    ASSERT_EQ(server.log().size(), 1U);
    EXPECT_THAT(server.log().front(), HasSubstr("error=" + reason));
  }
}

// Of the handshakes in both versions, which must agree.
std::vector<std::string> names_seen(const net::TlsServerOptions& options,
                                    const net::Identity* identity) {
  TestServer server(over_tls(test_tls(options)));
  std::optional<std::vector<std::string>> seen;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsRawClient client(server.where, {.identity = identity, .context = [&](SSL_CTX* context) {
                                         SSL_CTX_set_max_proto_version(context, version);
                                         SSL_CTX_set_min_proto_version(context, version);
                                       }});
    EXPECT_EQ(client.ask(), 200) << client.error();
    const auto tls = server.last_tls();
    const auto now = tls == nullptr ? std::vector<std::string>{"(plain)"} : tls->names;
    EXPECT_EQ(seen.value_or(now), now) << "TLS 1.2 and 1.3 differ";
    seen = now;
  }
  return *seen;
}

TEST(ServerTlsClients, OnlyAVerifiedCertificateGivesNames) {
  const net::Identity good = client(
      "DNS:grafana.litwareinc.com,email:alice@litwareinc.com,IP:192.0.2.7,IP:2001:db8::7,"
      "URI:spiffe://litwareinc.com/grafana,RID:1.2.3.4");
  const net::Identity stranger = net::make_identity({"other", "DNS:grafana.litwareinc.com"});
  const std::vector<std::string> all = {"grafana.litwareinc.com", "alice@litwareinc.com",
                                        "192.0.2.7", "2001:db8::7",
                                        "spiffe://litwareinc.com/grafana"};
  const std::vector<std::string> nobody;
  for (const auto type :
       {ClientCertificate::verify_if_given, ClientCertificate::require_and_verify}) {
    EXPECT_EQ(names_seen(asking(type), &good), all);
  }
  EXPECT_EQ(names_seen(asking(ClientCertificate::verify_if_given), nullptr), nobody);
  // These types prove nothing: neither of a stranger's certificate nor of a good one.
  for (const auto type :
       {ClientCertificate::none, ClientCertificate::request, ClientCertificate::require_any}) {
    EXPECT_EQ(names_seen(asking(type), &stranger), nobody);
    EXPECT_EQ(names_seen(asking(type), &good), nobody);
  }
}

TEST(ServerTlsClients, NamesAreBoundedAndPrintable) {
  const auto options = asking(ClientCertificate::require_and_verify);
  std::string many = "DNS:0.test";
  for (int i = 1; i < 100; ++i) {
    many += fmt::format(",DNS:{}.test", i);
  }
  const net::Identity crowd = client(many);
  const auto names = names_seen(options, &crowd);
  ASSERT_EQ(names.size(), 64U);
  EXPECT_EQ(names.back(), "63.test");
  const net::Identity odd = client(fmt::format("DNS:{},DNS:a\tb.test,DNS:caf\xc3\xa9.test,DNS:{}",
                                               std::string(513, 'x'), std::string(512, 'y')));
  EXPECT_EQ(names_seen(options, &odd), std::vector<std::string>{std::string(512, 'y')});
}

TEST(ServerTlsClients, TheBindingsAreOfOurCertificate) {
  TestServer server(over_tls(test_tls()));
  TlsRawClient client(server.where);
  ASSERT_EQ(client.ask(), 200);
  const auto tls = server.last_tls();
  ASSERT_NE(tls, nullptr);
  EXPECT_EQ(tls->bindings.size(), std::string("tls-server-end-point:").size() + 32);
  EXPECT_EQ(tls->bindings, net::server_end_point(server_identity().certificate.get()));
  TestServer plain;
  RawClient other(plain.where);
  other.send(get_request("/"));
  EXPECT_EQ(other.read().status, 200);
  EXPECT_EQ(plain.last_tls(), nullptr);
}

std::string refusal(const net::TlsServerOptions& options) {
  const auto made = net::TlsServer::create(options);
  return made ? "made" : made.error().code + " " + made.error().message;
}

TEST(ServerTlsClients, WhatCannotBeUsedIsNamed) {
  auto options = tls_options();
  EXPECT_EQ(refusal(options), "made");
  options.certificate = "";
  EXPECT_EQ(refusal(options), "tls.server_certificate server.crt: no certificate can be read");
  options.certificate = server_identity().pem() + "-----BEGIN CERTIFICATE-----\nMAA=\n";
  EXPECT_EQ(refusal(options),
            "tls.server_certificate server.crt: what follows the first certificate cannot be read");
  options = tls_options();
  options.key = Secret("hunter2");
  EXPECT_EQ(refusal(options), "tls.server_key server.key: no key can be read");
  options.key = Secret(clients_ca().key_pem());
  EXPECT_EQ(refusal(options),
            "tls.server_key server.key: the key does not belong to the certificate of server.crt");
  options = asking(ClientCertificate::require_and_verify);
  options.client_ca = "nothing";
  EXPECT_EQ(refusal(options), "tls.client_ca ca.crt: no certificate can be read");
  options = tls_options();
  options.curves = {"P-256", "P-255"};
  EXPECT_THAT(refusal(options), HasSubstr("tls.server_options"));
}

}  // namespace
}  // namespace sfb::http
