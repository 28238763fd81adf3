// Who may ask, from the configuration to the doors.
#include "agent/app/callers.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::app {
namespace {

using Lines = std::vector<std::string>;

const Lines kHere = {"127.0.0.1:9943", "[::1]:9943", "unix:/run/x.sock", "localhost:1"};
const Lines kEverywhere = {"127.0.0.1:9943", ":9943"};

config::Settings of(config::Authorization authorization) {
  config::Settings settings;
  settings.authorization = std::move(authorization);
  return settings;
}

config::Authorization all() {
  config::Authorization authorization;
  authorization.authorized_universal_groups = {"CORP\\Readers"};
  authorization.users = {{"alice", {"RTCUniversalServerAdmins"}}};
  authorization.certificates = {{"grafana.example.com", {"corp\\readers"}}};
  authorization.tokens = {{"nagios", "/t", {"S-1-5-21-1-2-3-4", "RTCUniversalServerAdmins"}},
                          {"pusher", "/p", {}}};
  return authorization;
}

config::WebConfig web() {
  config::WebConfig made;
  made.tls.emplace();
  made.tls->client_auth = config::ClientAuth::verify_if_given;
  made.basic_auth_users = {{.name = "alice", .hash = {}, .cost = 10}};
  return made;
}

TEST(Callers, TheOptionsOfTheGate) {
  const serve::Identities made = identities_of(all());
  EXPECT_EQ(made.users.at("alice"), Lines{"RTCUniversalServerAdmins"});
  EXPECT_EQ(made.certificates.at("grafana.example.com"), Lines{"corp\\readers"});
  ASSERT_EQ(made.tokens.size(), 2U);
  EXPECT_EQ(made.tokens[0].name + made.tokens[0].path, "nagios/t");
  EXPECT_TRUE(made.can_be_asked());
  EXPECT_FALSE(identities_of({}).can_be_asked());
}

TEST(Callers, WhatFitsIsNotDoubted) {
  EXPECT_EQ(caller_doubts(of(all()), web(), kHere), Lines{});
  EXPECT_EQ(caller_doubts({}, {}, kEverywhere), Lines{});
}

TEST(Callers, WhatOpensNothingIsDoubted) {
  EXPECT_EQ(caller_doubts(of(all()), {}, kHere),
            (Lines{"authorization.users.alice: basic_auth_users of the web configuration has no "
                   "such user, so nobody logs in as it",
                   "authorization.certificates: the web configuration verifies no client "
                   "certificate, so none counts; set client_auth_type to VerifyClientCertIfGiven "
                   "or RequireAndVerifyClientCert"}));
  config::WebConfig asks = web();
  asks.tls->client_auth = config::ClientAuth::require_any;
  EXPECT_EQ(caller_doubts(of(all()), asks, kHere).size(), 1U) << "nothing is verified";
  config::Authorization others = all();
  others.authorized_universal_groups = {"Others"};
  EXPECT_EQ(caller_doubts(of(others), web(), kHere),
            Lines{"authorization.certificates.grafana.example.com: none of its groups may run the "
                  "cmdlet: RTCUniversalServerAdmins, Others"});
}

TEST(Callers, WhoIsNamedToPushAndCannotProveItIsDoubted) {
  config::Settings settings;
  settings.endpoints = {
      {.name = "inbox",
       .transport = config::Push{.from = {.users = {"alice", "bob"},
                                          .certificates = {"fe.example.com"},
                                          .principals = {"FE$@EXAMPLE.COM", "S-1-5-21-1"}}}},
      {.name = "drop", .transport = config::File{}}};
  EXPECT_EQ(caller_doubts(settings, web(), kHere),
            (Lines{"endpoints.inbox.from.users: basic_auth_users of the web configuration has no "
                   "user bob, so nobody pushes as it",
                   "endpoints.inbox.from.principals: without authorization.negotiate no ticket is "
                   "looked at, so none of them can push; give it a keytab_file"}));
  EXPECT_EQ(caller_doubts(settings, {}, kHere).size(), 4U) << "both users, certificates, tickets";
  settings.authorization.keytab_file = "/k";
  config::WebConfig both = web();
  both.basic_auth_users.push_back({.name = "bob", .hash = {}, .cost = 10});
  EXPECT_EQ(caller_doubts(settings, both, kHere), Lines{});
  both.tls->client_auth = config::ClientAuth::request;
  EXPECT_EQ(caller_doubts(settings, both, kHere),
            Lines{"endpoints.inbox.from.certificates: the web configuration verifies no client "
                  "certificate, so none counts; set client_auth_type to VerifyClientCertIfGiven or "
                  "RequireAndVerifyClientCert"});
}

TEST(Callers, WhatStrangersCanReadIsDoubted) {
  config::Authorization authorization;
  authorization.tokens = {{"nagios", "/t", {"RTCUniversalServerAdmins"}}};
  authorization.keytab_file = "/k";
  const std::string remedy =
      " on its way to :9943; write tls_server_config into a web configuration file, or listen on "
      "loopback alone";
  EXPECT_EQ(
      caller_doubts(of(authorization), {}, kEverywhere),
      (Lines{"authorization.tokens: without TLS whoever reads a token can use it" + remedy,
             "authorization.negotiate: without TLS whoever reads the answer to a Kerberos ticket "
             "learns what it says" +
                 remedy}));
  EXPECT_EQ(caller_doubts(of(authorization), {}, kHere), Lines{});
  EXPECT_EQ(caller_doubts(of(authorization), {}, {"unix:"}), Lines{})
      << "systemd's, without a file";
  EXPECT_EQ(caller_doubts(of(authorization), web(), kEverywhere), Lines{});
}

class Warnings final : public LogSink {
 public:
  void write(LogLevel /*level*/, std::string_view /*source*/, std::string_view /*event*/,
             std::span<const LogField> fields) override {
    for (const LogField& field : fields) {
      lines.emplace_back(field.value);
    }
  }
  std::size_t take() { return std::exchange(lines, {}).size(); }

  Lines lines;
};

TEST(Callers, EachDoubtIsToldOnceUntilAReload) {
  const auto log = std::make_shared<Warnings>();
  CallerDoubts doubts(Logger(log, LogLevel::info, "agent"), kHere);
  doubts.tell(of(all()), {});
  doubts.tell(of(all()), {});
  EXPECT_EQ(log->take(), 2U);
  doubts.hold();
  EXPECT_EQ(doubts.release(of(all()), {}).size(), 2U);
  EXPECT_EQ(log->take(), 2U) << "a reload tells again what is still so";
}

TEST(Callers, NothingIsSaidOfOneFilesOldAndTheOthersNewContent) {
  const auto log = std::make_shared<Warnings>();
  CallerDoubts doubts(Logger(log, LogLevel::info, "agent"), kHere);
  config::Authorization bob;
  bob.users = {{"bob", {"RTCUniversalServerAdmins"}}};
  config::WebConfig knows_bob = web();
  knows_bob.basic_auth_users.front().name = "bob";
  doubts.tell(of(all()), web());
  doubts.hold();
  doubts.tell(of(all()), knows_bob);
  EXPECT_EQ(doubts.release(of(bob), knows_bob), Lines{});
  EXPECT_EQ(log->take(), 0U);
  doubts.tell(of(bob), web());
  EXPECT_EQ(log->take(), 1U) << "a change of the web configuration alone is told at once";
}

}  // namespace
}  // namespace sfb::app
