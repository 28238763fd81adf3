#include "config/web_config.hpp"

#include "tests/unit/config/memory_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sfb::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;

const std::string kHash = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";
const std::string kPair = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

WebFile load_text(const std::string& text, unsigned mode = 0600) {
  return load_web_config("web.yml", MemoryFiles({{"web.yml", text},
                                                 {"server.crt", "the certificate"},
                                                 {"server.key", "the key"},
                                                 {"ca.crt", "the CA"}},
                                                mode));
}

std::vector<std::string> texts_of(const std::vector<Problem>& problems) {
  std::vector<std::string> texts;
  texts.reserve(problems.size());
  for (const Problem& problem : problems) {
    texts.push_back(to_string(problem));
  }
  return texts;
}

// A good file's content; a bad one fails the test with what is wrong.
WebConfig config_of(const std::string& text) {
  WebFile file = load_text(text);
  if (!file.config) {
    ADD_FAILURE() << text << testing::PrintToString(texts_of(file.config.error()));
    return {};
  }
  return std::move(*file.config);
}

WebTls tls_of(const std::string& more) {
  WebConfig config = config_of(kPair + more);
  if (!config.tls) {
    ADD_FAILURE() << more;
    return {};
  }
  return std::move(*config.tls);
}

TEST(WebConfig, AnEmptyFileIsAGoodOne) {
  for (const std::string text :
       {"", "# nothing\n",
        "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n",
        "tls_server_config: {}\n", "tls_server_config: {cert_file: '', key_file: ''}\n",
        "tls_server_config: {min_version: TLS13}\n"}) {
    const WebFile file = load_text(text);
    ASSERT_TRUE(file.config) << text;
    EXPECT_FALSE(file.config->tls) << text;
    EXPECT_THAT(file.config->basic_auth_users, IsEmpty());
    EXPECT_FALSE(file.config->rate_limit);
    EXPECT_THAT(file.warnings, IsEmpty());
    EXPECT_THAT(file.files, ElementsAre("/etc/sfb/web.yml"));
  }
}

TEST(WebConfig, TheDefaultsOfTls) {
  const WebTls tls = tls_of("");
  EXPECT_EQ(tls.certificate.text, "the certificate");
  EXPECT_EQ(tls.certificate.from, "/etc/sfb/server.crt");
  EXPECT_EQ(tls.key.text.reveal(), "the key");
  EXPECT_EQ(tls.key.from, "/etc/sfb/server.key");
  EXPECT_EQ(tls.client_auth, ClientAuth::none);
  EXPECT_FALSE(tls.client_ca);
  EXPECT_FALSE(tls.client_allowed_sans);
  EXPECT_EQ(tls.min_version, WebTlsVersion::tls1_2);
  EXPECT_EQ(tls.max_version, WebTlsVersion::tls1_3);
  EXPECT_THAT(tls.cipher_suites, IsEmpty());
  EXPECT_TRUE(tls.prefer_server_cipher_suites);
  EXPECT_THAT(tls.curves, IsEmpty());
}

TEST(WebConfig, FilesThatItNamesAreToldToo) {
  const WebFile file = load_text(
      kPair + "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n");
  EXPECT_THAT(file.files, ElementsAre("/etc/sfb/web.yml", "/etc/sfb/server.crt",
                                      "/etc/sfb/server.key", "/etc/sfb/ca.crt"));
  // Also those of a bad one: they may be what is mended.
  const WebFile bad =
      load_text("tls_server_config: {cert_file: none.crt, key_file: /else/server.key}\n");
  EXPECT_FALSE(bad.config);
  EXPECT_THAT(bad.files, ElementsAre("/etc/sfb/web.yml", "/etc/sfb/none.crt", "/else/server.key"));
}

TEST(WebConfig, PemTextsMayStandInTheFile) {
  const WebConfig config = config_of(
      "tls_server_config:\n  cert: |\n    -----BEGIN\n    x\n  key: the key\n"
      "  client_ca: the CA\n  client_auth_type: VerifyClientCertIfGiven\n");
  ASSERT_TRUE(config.tls);
  EXPECT_EQ(config.tls->certificate.text, "-----BEGIN\nx\n");
  EXPECT_EQ(config.tls->certificate.from, "tls_server_config.cert");
  EXPECT_EQ(config.tls->key.text.reveal(), "the key");
  ASSERT_TRUE(config.tls->client_ca);
  EXPECT_EQ(config.tls->client_ca->from, "tls_server_config.client_ca");
}

TEST(WebConfig, AllTypesOfClientAuth) {
  const std::map<std::string, ClientAuth> names = {
      {"NoClientCert", ClientAuth::none},
      {"''", ClientAuth::none},
      {"RequestClientCert", ClientAuth::request},
      {"RequireAnyClientCert", ClientAuth::require_any},
      {"RequireClientCert", ClientAuth::require_any},
      {"VerifyClientCertIfGiven", ClientAuth::verify_if_given},
      {"RequireAndVerifyClientCert", ClientAuth::require_and_verify}};
  for (const auto& [name, auth] : names) {
    EXPECT_EQ(tls_of("  client_auth_type: " + name + "\n").client_auth, auth) << name;
  }
}

TEST(WebConfig, AllowedNames) {
  const WebTls tls = tls_of(
      "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
      "  client_allowed_sans: [prometheus.example.com, 192.0.2.1, 'spiffe://a/b']\n");
  ASSERT_TRUE(tls.client_allowed_sans);
  EXPECT_THAT(*tls.client_allowed_sans,
              ElementsAre("prometheus.example.com", "192.0.2.1", "spiffe://a/b"));
}

TEST(WebConfig, VersionsSuitesAndCurves) {
  const WebTls tls = tls_of(
      "  min_version: TLS13\n  max_version: TLS13\n  prefer_server_cipher_suites: no\n"
      "  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "
      "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]\n"
      "  curve_preferences: [CurveP521, X25519, CurveP256, CurveP384]\n");
  EXPECT_EQ(tls.min_version, WebTlsVersion::tls1_3);
  EXPECT_EQ(tls.max_version, WebTlsVersion::tls1_3);
  EXPECT_FALSE(tls.prefer_server_cipher_suites);
  EXPECT_THAT(tls.cipher_suites,
              ElementsAre("ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES256-GCM-SHA384"));
  EXPECT_THAT(tls.curves, ElementsAre("P-521", "X25519", "P-256", "P-384"));
}

TEST(WebConfig, OnlySuitesOfTls13LeaveTls12None) {
  const WebFile file = load_text(kPair + "  cipher_suites: [TLS_AES_256_GCM_SHA384]\n");
  ASSERT_TRUE(file.config);
  EXPECT_EQ(file.config->tls->min_version, WebTlsVersion::tls1_3);
  EXPECT_THAT(texts_of(file.warnings),
              ElementsAre("web.yml:4:18: tls_server_config.cipher_suites: has none of TLS 1.2, so "
                          "only TLS 1.3 is spoken, add one, or write min_version: TLS13"));
  EXPECT_THAT(tls_of("  cipher_suites: []\n").cipher_suites, IsEmpty());
  EXPECT_EQ(tls_of("  cipher_suites: []\n").min_version, WebTlsVersion::tls1_2);
}

TEST(WebConfig, HeadersOfTheToolkitsList) {
  const WebConfig config = config_of(
      "http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=31536000\n"
      "    X-Frame-Options: sameorigin\n    X-Content-Type-Options: nosniff\n"
      "    X-XSS-Protection: ''\n    Content-Security-Policy: \"default-src 'self'\"\n");
  std::map<std::string, std::string> headers;
  for (const WebHeader& header : config.headers) {
    headers[header.name] = header.value;
  }
  EXPECT_EQ(headers, (std::map<std::string, std::string>{
                         {"Strict-Transport-Security", "max-age=31536000"},
                         {"X-Frame-Options", "sameorigin"},
                         {"X-Content-Type-Options", "nosniff"},
                         {"Content-Security-Policy", "default-src 'self'"}}));
}

TEST(WebConfig, Http2IsReadAndTold) {
  for (const std::string word : {"true", "false", "yes", "Off"}) {
    const WebFile file = load_text("http_server_config:\n  http2: " + word + "\n");
    ASSERT_TRUE(file.config) << word;
    EXPECT_THAT(texts_of(file.warnings),
                ElementsAre("web.yml:2:10: http_server_config.http2: has no effect: this server "
                            "speaks HTTP/1.1 alone, leave it for other exporters, or remove it"));
  }
}

TEST(WebConfig, Users) {
  const WebConfig config =
      config_of(kPair + "basic_auth_users:\n  zoe: " + kHash + "\n  '': '" + kHash + "'\n");
  ASSERT_EQ(config.basic_auth_users.size(), 2U);
  EXPECT_EQ(config.basic_auth_users[0].name, "zoe");
  EXPECT_EQ(config.basic_auth_users[0].hash.reveal(), kHash);
  EXPECT_EQ(config.basic_auth_users[0].cost, 10);
  EXPECT_EQ(config.basic_auth_users[1].name, "");
}

TEST(WebConfig, ADearHashIsTakenAndTold) {
  const std::string digest = kHash.substr(7);
  for (const auto& [cost, time] : {std::pair("14", ""), std::pair("15", "2s"),
                                   std::pair("18", "13s"), std::pair("31", "1d5h")}) {
    const WebFile file =
        load_text(kPair + "basic_auth_users:\n  zoe: $2y$" + cost + "$" + digest + "\n");
    ASSERT_TRUE(file.config) << cost;
    if (std::string_view(time).empty()) {
      EXPECT_THAT(file.warnings, IsEmpty());
      continue;
    }
    EXPECT_THAT(texts_of(file.warnings),
                ElementsAre(AllOf(
                    HasSubstr("basic_auth_users.zoe: the hash's cost " + std::string(cost) +
                              " makes each login of this user, and each guess at an unknown name, "
                              "take some " +
                              time),
                    HasSubstr("make one of cost 10 to 12"), Not(HasSubstr(digest)))));
  }
}

TEST(WebConfig, TheCostOfAHash) {
  EXPECT_EQ(bcrypt_cost(kHash), 10);
  for (const std::string form : {"$2a$04$", "$2b$31$", "$2y$12$"}) {
    EXPECT_EQ(bcrypt_cost(form + kHash.substr(7)), std::stoi(form.substr(4))) << form;
  }
  for (const std::string form :
       {"$2x$10$", "$2$10$a", "$2y$03$", "$2y$32$", "$2y$1$$", "$2y$10."}) {
    EXPECT_EQ(bcrypt_cost(form + kHash.substr(7)), std::nullopt) << form;
  }
  EXPECT_EQ(bcrypt_cost(""), std::nullopt);
  EXPECT_EQ(bcrypt_cost(kHash + "\n"), std::nullopt);
  EXPECT_EQ(bcrypt_cost(kHash.substr(1)), std::nullopt);
}

TEST(WebConfig, Rate) {
  const std::map<std::string, std::chrono::nanoseconds> times = {
      {"1s", 1s},     {"1m30s", 90s},        {"1.5h", 90min},  {"250ms", 250ms},
      {"10us", 10us}, {"10\xC2\xB5s", 10us}, {"100ns", 100ns}, {".5s", 500ms},
      {"24h", 24h},   {"1s1s", 2s}};
  for (const auto& [text, time] : times) {
    const WebConfig config = config_of("rate_limit: {interval: " + text + ", burst: 7}\n");
    ASSERT_TRUE(config.rate_limit) << text;
    EXPECT_EQ(config.rate_limit->interval, time) << text;
    EXPECT_EQ(config.rate_limit->burst, 7U);
  }
  for (const std::string off : {"{interval: 0, burst: 7}", "{interval: 0s}", "{burst: 7}", "{}",
                                "{burst: 0}", "{interval: }"}) {
    EXPECT_FALSE(config_of("rate_limit: " + off + "\n").rate_limit) << off;
  }
}

TEST(WebConfig, WhatIsDoubtfulIsWarnedOf) {
  const auto warned = [](const std::string& text, unsigned mode = 0600) {
    const WebFile file = load_text(text, mode);
    EXPECT_TRUE(file.config) << text;
    return texts_of(file.warnings);
  };
  EXPECT_THAT(warned(kPair + "  client_auth_type: RequireAndVerifyClientCert\n"),
              ElementsAre("web.yml:4:21: tls_server_config.client_auth_type: without a client CA "
                          "every CA that this system trusts may let clients in, write "
                          "client_ca_file"));
  EXPECT_THAT(warned(kPair + "  client_auth_type: RequestClientCert\n"),
              ElementsAre("web.yml:4:21: tls_server_config.client_auth_type: clients may send any "
                          "certificate, which proves nothing, write RequireAndVerifyClientCert"));
  EXPECT_THAT(warned(kPair, 0644),
              ElementsAre("web.yml:3:13: tls_server_config.key_file: \"/etc/sfb/server.key\" has "
                          "mode 0644: others may read or change the key, chmod 600, or 640 with a "
                          "group of the agent's own"));
  EXPECT_THAT(warned("basic_auth_users: {a: '" + kHash + "'}\n"),
              ElementsAre("web.yml:1:19: basic_auth_users: without TLS passwords can be read on "
                          "their way, write tls_server_config, or listen on loopback alone"));
  EXPECT_THAT(warned(kPair, 0640), IsEmpty());
}

}  // namespace
}  // namespace sfb::config
