// Our own door for Kerberos callers, against tickets of a real KDC.
#include "agent/gss/acceptor.hpp"

#include "agent/gss/keytab.hpp"
#include "agent/gss/scheme.hpp"
#include "tests/integration/gss/acceptor.hpp"
#include "tests/integration/gss/realm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace sfb::gss::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOurs = "tls-server-end-point:ours";

class AcceptorTest : public RealmTest {
 protected:
  /// The first token of alice for a service.
  static std::string token(const Service& service = kFrontEnd, Method method = Method::kerberos,
                           std::string bindings = {}) {
    static const SystemClock kClock;
    const auto credentials = std::make_shared<Credentials>(
        Account{.method = method, .username = "alice@LITWAREINC.COM"});
    const auto scheme = make_scheme(credentials, {service, Encryption::automatic},
                                    {password(), !bindings.empty(), std::move(bindings)}, kClock);
    const auto step = scheme->step({});
    EXPECT_TRUE(step) << describe(step.error());
    return step ? token_of(step->authorization.reveal()) : std::string();
  }
  static gss::Acceptor door(const std::string& keytab = "server.keytab") {
    return *gss::Acceptor::open(kdc().path(keytab));
  }
  static std::string refusal(const gss::Acceptor& door, std::string_view token,
                             std::string_view bindings = {}) {
    const auto accepted = door.accept(token, bindings);
    return accepted ? "accepted " + accepted->principal : accepted.error().code;
  }
};

TEST_F(AcceptorTest, ATicketNamesItsCaller) {
  for (const Method method : {Method::kerberos, Method::negotiate}) {
    const auto accepted = door().accept(token(kFrontEnd, method), {});
    ASSERT_TRUE(accepted) << describe(accepted.error());
    EXPECT_EQ(accepted->principal, "alice@LITWAREINC.COM");
    EXPECT_FALSE(accepted->bound);
    EXPECT_FALSE(accepted->reply.empty());
    // MIT's KDC knows no groups of Windows.
    EXPECT_EQ(accepted->logon_info, "");
  }
}

TEST_F(AcceptorTest, ATokenBoundToAnotherConnectionIsRefused) {
  const auto bound = door().accept(token(kFrontEnd, Method::kerberos, std::string(kOurs)), kOurs);
  ASSERT_TRUE(bound) << describe(bound.error());
  EXPECT_TRUE(bound->bound);
  EXPECT_EQ(
      refusal(door(), token(kFrontEnd, Method::kerberos, "tls-server-end-point:others"), kOurs),
      "access.bindings");
  const auto unbound = door().accept(token(), kOurs);
  ASSERT_TRUE(unbound);
  EXPECT_FALSE(unbound->bound);
}

TEST_F(AcceptorTest, ATokenIsGoodOnce) {
  ::setenv("KRB5RCACHENAME", ("file2:" + kdc().path("rcache")).c_str(), 1);
  const std::string once = token();
  EXPECT_EQ(refusal(door(), once), "accepted alice@LITWAREINC.COM");
  EXPECT_EQ(refusal(door(), once), "access.replay");
  ::setenv("KRB5RCACHENAME", "none:", 1);
}

TEST_F(AcceptorTest, NtlmIsToldWhatToDo) {
  EXPECT_EQ(refusal(door(), std::string_view("NTLMSSP\0\1\0\0\0", 12)), "access.ntlm");
  const auto accepted = door().accept(token(kFrontEnd, Method::ntlm), {});
  ASSERT_FALSE(accepted);
  EXPECT_EQ(accepted.error().code, "access.ntlm");
  EXPECT_THAT(accepted.error().remedy,
              AllOf(HasSubstr("ask for aes128.litwareinc.com or fe-001.litwareinc.com, fully"),
                    HasSubstr("setspn -S HTTP/aes128.litwareinc.com")));
}

TEST_F(AcceptorTest, AnythingElseIsNoLogon) {
  const std::string good = token();
  for (const std::string_view bytes :
       {std::string_view(), std::string_view("\x60"), std::string_view("\x60\x03\x06\x01\x2a"),
        std::string_view(good).substr(0, good.size() / 2), std::string_view(good).substr(1)}) {
    EXPECT_THAT(refusal(door(), bytes), Not(HasSubstr("accepted"))) << bytes.size();
  }
  for (std::size_t at = 0; at < good.size(); at += 37) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    // A damaged token may still name its caller only where the damage lies outside of what counts.
    const std::string what = refusal(door(), damaged);
    EXPECT_TRUE(what.starts_with("access.") || what == "accepted alice@LITWAREINC.COM") << what;
  }
}

TEST_F(AcceptorTest, ATicketForAnotherKeyIsRefused) {
  EXPECT_EQ(refusal(door("client.keytab"), token()), "access.keytab_old");
  kdc().admin("addprinc -randkey HTTP/renewed.litwareinc.com");
  kdc().admin("ktadd -norandkey -k " + kdc().path("renewed.keytab") +
              " HTTP/renewed.litwareinc.com");
  const gss::Acceptor renewed = door("renewed.keytab");
  const Service service{"HTTP", "renewed.litwareinc.com"};
  EXPECT_EQ(refusal(renewed, token(service)), "accepted alice@LITWAREINC.COM");
  kdc().admin("cpw -randkey HTTP/renewed.litwareinc.com");
  const std::string newer = token(service);
  EXPECT_EQ(refusal(renewed, newer), "access.keytab_old");
  // The new key is taken up from the file as it is.
  kdc().admin("ktadd -norandkey -k " + kdc().path("renewed.keytab") +
              " HTTP/renewed.litwareinc.com");
  EXPECT_EQ(refusal(renewed, newer), "accepted alice@LITWAREINC.COM");
}

TEST_F(AcceptorTest, WhatTheAgentLacksIsNotTheCallersFault) {
  const std::string keytab = kdc().path("lost.keytab");
  std::filesystem::copy_file(kdc().path("server.keytab"), keytab);
  const gss::Acceptor lost = door("lost.keytab");
  std::filesystem::remove(keytab);
  const auto without = lost.accept(token(), {});
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, "access.keytab");
  EXPECT_EQ(without.error().reason, Reason::process);
  EXPECT_THAT(without.error().message, HasSubstr("lost.keytab"));
  for (const std::string cache : {"file2:/nowhere/rcache", "file2:/proc/version"}) {
    ::setenv("KRB5RCACHENAME", cache.c_str(), 1);
    const auto unwritten = door().accept(token(), {});
    ::setenv("KRB5RCACHENAME", "none:", 1);
    ASSERT_FALSE(unwritten);
    EXPECT_EQ(unwritten.error().code, "access.replay_cache") << cache;
    EXPECT_EQ(unwritten.error().reason, Reason::process);
  }
}

TEST_F(AcceptorTest, AKeyOfTheMachineIsEnough) {
  kdc().admin("addprinc -randkey -e aes256-cts-hmac-sha1-96:normal host/machine.litwareinc.com");
  kdc().admin("ktadd -norandkey -k " + kdc().path("machine.keytab") +
              " host/machine.litwareinc.com");
  const auto keys = read_service_keys(kdc().path("machine.keytab"));
  ASSERT_TRUE(keys);
  EXPECT_EQ(hosts_text(*keys), "machine.litwareinc.com");
  EXPECT_FALSE(keys->weak);
  EXPECT_EQ(refusal(door("machine.keytab"), token({"host", "machine.litwareinc.com"})),
            "accepted alice@LITWAREINC.COM");
  EXPECT_TRUE(read_service_keys(kdc().path("server.keytab"))->weak) << "one is of RC4";
}

TEST_F(AcceptorTest, AKeytabThatIsNoneIsRefused) {
  const auto none = gss::Acceptor::open(kdc().path("none.keytab"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "access.keytab");
  EXPECT_THAT(none.error().message, HasSubstr("none.keytab"));
  EXPECT_FALSE(gss::Acceptor::open(kdc().path("accounts")));
}

}  // namespace
}  // namespace sfb::gss::testing
