#include "agent/serve/pushers.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sfb::serve {
namespace {

using access::Proof;

const Pushers kPushers{.tokens = {"atlanta"},
                       .users = {"alice"},
                       .certificates = {"fe.x.com"},
                       .principals = {"FE-1$@X.COM"}};

bool admits(Proof proof, std::string name, const http::Peer& peer = {}) {
  return kPushers.admits({.proof = proof, .name = std::move(name)}, peer);
}

http::Peer with_certificate(std::string name) {
  http::Peer peer;
  http::TlsPeer tls;
  tls.names = {"other.x.com", std::move(name)};
  peer.tls = std::make_shared<const http::TlsPeer>(std::move(tls));
  return peer;
}

TEST(Pushers, ANameCountsForItsOwnProofAlone) {
  EXPECT_TRUE(admits(Proof::token, "atlanta"));
  EXPECT_TRUE(admits(Proof::password, "alice"));
  EXPECT_TRUE(admits(Proof::kerberos, "fe-1$@x.com")) << "in any case";
  for (const Proof proof : {Proof::none, Proof::certificate}) {
    for (const char* const name : {"atlanta", "alice", "fe.x.com", "FE-1$@X.COM", ""}) {
      EXPECT_FALSE(admits(proof, name)) << name;
    }
  }
  EXPECT_FALSE(
      kPushers.admits({.proof = Proof::kerberos, .name = "FE-1$@X.COM", .groups_known = false}, {}))
      << "a ticket without a PAC";
  EXPECT_FALSE(admits(Proof::token, "Atlanta"));
  EXPECT_FALSE(admits(Proof::token, "alice"));
  EXPECT_FALSE(admits(Proof::password, "atlanta"));
  EXPECT_FALSE(admits(Proof::password, "Alice"));
  EXPECT_FALSE(admits(Proof::kerberos, "FE-1$@Y.COM"));
  EXPECT_FALSE(admits(Proof::kerberos, "alice"));
}

TEST(Pushers, ASidCountsAsTheAccountsOrAGroups) {
  const auto sid = [](const char* text) { return identity::Sid::parse(text).value(); };
  const Pushers pushers{.sids = {sid("S-1-5-21-1-2-3-1105")}};
  access::Caller caller{.proof = Proof::kerberos, .name = "FE-1$@X.COM"};
  EXPECT_FALSE(pushers.admits(caller, {}));
  caller.groups = {sid("S-1-5-21-1-2-3-515"), sid("S-1-5-21-1-2-3-1105")};
  EXPECT_TRUE(pushers.admits(caller, {}));
  caller.groups = {sid("S-1-5-21-1-2-3-515")};
  caller.account = sid("S-1-5-21-1-2-3-1105");
  EXPECT_TRUE(pushers.admits(caller, {}));
  caller.groups_known = false;
  EXPECT_FALSE(pushers.admits(caller, {}));
  caller.account = sid("S-1-5-21-1-2-3-1106");
  EXPECT_FALSE(pushers.admits(caller, {}));
}

TEST(Pushers, ACertificateCountsByAnyOfItsNames) {
  EXPECT_TRUE(admits(Proof::none, "", with_certificate("FE.x.com")));
  EXPECT_TRUE(admits(Proof::certificate, "other.x.com", with_certificate("fe.x.com")));
  EXPECT_FALSE(admits(Proof::none, "", with_certificate("no.x.com")));
  EXPECT_FALSE(admits(Proof::token, "no", with_certificate("fe.x.com")))
      << "who shows a token is asked about the token";
}

TEST(Pushers, SomebodyIsWhoProvesSomething) {
  EXPECT_FALSE(is_somebody({}, {}));
  EXPECT_TRUE(is_somebody({.proof = Proof::token}, {}));
  EXPECT_TRUE(is_somebody({}, with_certificate("a.x.com")));
}

TEST(Pushers, NobodyIsAdmittedWhereNobodyIsNamed) {
  EXPECT_FALSE(Pushers{}.admits({.proof = Proof::token, .name = ""}, {}));
  EXPECT_FALSE(Pushers{}.admits({}, with_certificate("")));
}

}  // namespace
}  // namespace sfb::serve
