#include "agent/gss/credentials.hpp"

#include "tests/integration/gss/realm.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

namespace sfb::gss::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class CredentialsTest : public RealmTest {
 protected:
  static Account alice() {
    return {.method = Method::kerberos, .username = "alice@LITWAREINC.COM"};
  }
  static Account svc() {
    return {.method = Method::kerberos,
            .username = "LITWAREINC\\svc",
            .realm = kRealm,
            .keytab_file = kdc().path("client.keytab")};
  }

  /// The logon fails with this code.
  static void expect_refused(const Account& account, const std::shared_ptr<const Secret>& secret,
                             Reason reason, std::string_view code, std::string_view said) {
    Credentials credentials(account);
    const auto handle = credentials.kerberos(secret, now());
    ASSERT_FALSE(handle) << code;
    EXPECT_EQ(handle.error().reason, reason) << describe(handle.error());
    EXPECT_EQ(handle.error().code, code) << describe(handle.error());
    EXPECT_THAT(handle.error().peer, HasSubstr(said));
    EXPECT_FALSE(handle.error().remedy.empty());
    EXPECT_THAT(describe(handle.error()), Not(HasSubstr("Al1ce")));
    EXPECT_FALSE(credentials.ticket_ends().has_value());
  }
};

TEST_F(CredentialsTest, APasswordGivesATicket) {
  Credentials credentials(alice());
  const auto handle = credentials.kerberos(password(), now());
  ASSERT_TRUE(handle) << describe(handle.error());
  EXPECT_EQ(fact(credentials.facts(), "principal"), "alice@LITWAREINC.COM");
  EXPECT_EQ(fact(credentials.facts(), "logon_kdcs"), kdc().address() + " tcp: answered");
  ASSERT_TRUE(credentials.ticket_ends().has_value());
  EXPECT_NEAR(to_unix_seconds(*credentials.ticket_ends()), to_unix_seconds(now() + 10h), 60);
  Facts facts;
  const Status ticket = (*handle)->get_ticket(kFrontEnd, facts);
  ASSERT_TRUE(ticket) << describe(ticket.error());
  EXPECT_EQ(fact(facts, "spn"), "HTTP/fe-001.litwareinc.com");
  EXPECT_EQ(fact(facts, "ticket"), "HTTP/fe-001.litwareinc.com@LITWAREINC.COM");
  EXPECT_THAT(fact(facts, "enctype"), StartsWith("aes256-cts-hmac-sha1-96 (session aes256"));
}

TEST_F(CredentialsTest, TheHandleStaysWhileItsTicketLasts) {
  Credentials credentials(alice());
  const auto first = credentials.kerberos(password(), now());
  EXPECT_EQ(credentials.kerberos(password(), now() + 1h).value_or(nullptr), *first);
  EXPECT_FALSE(credentials.due(now() + 1h));
  EXPECT_TRUE(credentials.due(now() + 9h + 50min));
  EXPECT_EQ(credentials.kerberos(password(), now() + 9h + 50min).value_or(nullptr), *first);
  credentials.refresh(now() + 9h + 50min);
  EXPECT_NE(credentials.kerberos(password(), now()).value_or(*first), *first);
  EXPECT_EQ(credentials.kerberos(password("other"), now()).error().code, "auth.refused");
}

TEST_F(CredentialsTest, TicketsOfShortLifeAreRenewedInTheirLastQuarter) {
  kdc().admin("addprinc -pw Al1ce-pw -maxlife \"100 seconds\" short");
  Credentials credentials({.method = Method::kerberos, .username = "short@LITWAREINC.COM"});
  const auto first = credentials.kerberos(password(), now());
  ASSERT_TRUE(first) << describe(first.error());
  EXPECT_FALSE(credentials.due(now() + 60s));
  EXPECT_TRUE(credentials.due(now() + 90s));
}

TEST_F(CredentialsTest, TheTicketIsForwardableAndNobodyElseSeesIt) {
  Credentials one(alice());
  Credentials two(alice());
  const auto first = one.kerberos(password(), now());
  const auto second = two.kerberos(password(), now());
  ASSERT_TRUE(first && second);
  const auto name = [](const std::shared_ptr<Handle>& handle) {
    return std::string(
        krb5_cc_get_name(handle->tickets()->krb5->get(), handle->tickets()->cache.get()));
  };
  EXPECT_NE(name(*first), name(*second));
  EXPECT_FALSE(std::filesystem::exists("/nowhere"));
  krb5_creds wanted{};
  krb5_creds found{};
  const Krb5& krb5 = *(*first)->tickets()->krb5;
  Krb5Principal server(krb5);
  Krb5Principal client(krb5);
  ASSERT_EQ(krb5_parse_name(krb5.get(), "krbtgt/LITWAREINC.COM@LITWAREINC.COM", server.out()), 0);
  ASSERT_EQ(krb5_parse_name(krb5.get(), "alice@LITWAREINC.COM", client.out()), 0);
  wanted.server = server.get();
  wanted.client = client.get();
  ASSERT_EQ(krb5_cc_retrieve_cred(krb5.get(), (*first)->tickets()->cache.get(), 0, &wanted, &found),
            0);
  EXPECT_NE(found.ticket_flags & TKT_FLG_FORWARDABLE, 0);
  krb5_free_cred_contents(krb5.get(), &found);
}

TEST_F(CredentialsTest, WhatTheKdcRefusesIsToldApart) {
  expect_refused(alice(), password("wrong"), Reason::auth, "auth.refused",
                 "Preauthentication failed (-1765328360)");
  expect_refused({.method = Method::kerberos, .username = "nobody@LITWAREINC.COM"}, password(),
                 Reason::auth, "auth.account_unknown", "not found in Kerberos database");
  expect_refused({.method = Method::kerberos, .username = "disabled@LITWAREINC.COM"}, password(),
                 Reason::auth, "auth.account_locked", "revoked");
  expect_refused({.method = Method::kerberos, .username = "expired@LITWAREINC.COM"}, password(),
                 Reason::auth, "auth.account_expired", "expired");
  expect_refused({.method = Method::kerberos, .username = "must-change@LITWAREINC.COM"}, password(),
                 Reason::auth, "auth.password_expired", "Password has expired");
}

TEST_F(CredentialsTest, ThreadsThatWaitForARefusalDoNotTryAgain) {
  kdc().admin("addpol -maxfailure 5 -failurecountinterval 0 -lockoutduration 0 locking");
  kdc().admin("addprinc -pw Al1ce-pw -policy locking +requires_preauth counted");
  Credentials credentials({.method = Method::kerberos, .username = "counted@LITWAREINC.COM"});
  std::vector<std::jthread> threads;
  std::atomic<int> begun = 0;
  std::atomic<int> refused = 0;
  kdc().pause();
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      ++begun;
      const auto handle = credentials.kerberos(password("wrong"), now());
      refused += !handle && handle.error().code == "auth.refused" ? 1 : 0;
    });
  }
  while (begun < 16) {
    std::this_thread::sleep_for(1ms);
  }
  std::this_thread::sleep_for(200ms);  // to the lock, which tells nobody that it is waited for
  kdc().resume();
  threads.clear();
  EXPECT_EQ(refused, 16);
  const auto handle = credentials.kerberos(password(), now());
  EXPECT_TRUE(handle) << "not locked: " << describe(handle.error());
}

TEST_F(CredentialsTest, ATicketThatLastsIsUsedWhileItIsRenewed) {
  Credentials credentials(alice());
  const auto handle = credentials.kerberos(password(), now());
  ASSERT_TRUE(handle);
  Facts first;
  ASSERT_TRUE(credentials.ticket(**handle, kFrontEnd, false, now(), first));
  const WallTime late = now() + 9h + 55min;
  std::atomic<bool> finished = false;
  kdc().pause();
  std::jthread waits([&] {
    credentials.refresh(late);
    finished = true;
  });
  const auto asks = [&] { return fact(credentials.progress(), "logon_kdcs"); };
  for (int i = 0; i < 3000 && asks() != kdc().address() + " tcp: no answer"; ++i) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(asks(), kdc().address() + " tcp: no answer");
  EXPECT_EQ(fact(credentials.progress(), "principal"), "alice@LITWAREINC.COM");
  EXPECT_EQ(credentials.kerberos(password(), late).value_or(nullptr), *handle);
  Facts facts;
  EXPECT_TRUE(credentials.ticket(**handle, kFrontEnd, false, late, facts));
  EXPECT_FALSE(finished) << "it would have waited for it";
  kdc().resume();
  waits.join();
  EXPECT_NE(credentials.kerberos(password(), late).value_or(*handle), *handle);
}

TEST_F(CredentialsTest, ThreadsShareOneTicket) {
  Credentials credentials(alice());
  std::vector<std::jthread> threads;
  std::mutex mutex;
  std::set<std::shared_ptr<Handle>> handles;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto handle = credentials.kerberos(password(), now());
      Facts facts;
      EXPECT_TRUE(handle);
      EXPECT_TRUE((*handle)->get_ticket(kFrontEnd, facts));
      const std::scoped_lock here(mutex);
      handles.insert(*handle);
    });
  }
  threads.clear();
  EXPECT_EQ(handles.size(), 1U);
}

TEST_F(CredentialsTest, AUserPrincipalNameIsAskedAsOne) {
  Credentials credentials(
      {.method = Method::kerberos, .username = "alice@corp.example", .realm = kRealm});
  const auto handle = credentials.kerberos(password(), now());
  ASSERT_TRUE(handle) << describe(handle.error());
  EXPECT_EQ(fact(credentials.facts(), "canonical"), "alice\\@corp.example@LITWAREINC.COM");
  Facts facts;
  EXPECT_TRUE((*handle)->get_ticket(kFrontEnd, facts));
}

TEST_F(CredentialsTest, AKeytabNeedsNoPassword) {
  Credentials credentials(svc());
  const auto handle = credentials.kerberos(nullptr, now());
  ASSERT_TRUE(handle) << describe(handle.error());
  EXPECT_THAT(fact(credentials.facts(), "keytab"), HasSubstr("kvno 2 aes256-cts-hmac-sha1-96"));
  EXPECT_EQ(credentials.kerberos(nullptr, now()).value_or(nullptr), *handle);
  // Written anew, it is another one.
  std::filesystem::copy_file(svc().keytab_file, kdc().path("new.keytab"));
  std::filesystem::rename(kdc().path("new.keytab"), svc().keytab_file);
  EXPECT_NE(credentials.kerberos(nullptr, now()).value_or(*handle), *handle);
}

TEST_F(CredentialsTest, KeytabsThatDoNotFit) {
  kdc().admin("addprinc -randkey +requires_preauth rolled");
  kdc().admin(fmt::format("ktadd -k {} rolled", kdc().path("rolled.keytab")));
  Account account = svc();
  account.username = "rolled";
  account.keytab_file = kdc().path("rolled.keytab");
  kdc().admin("cpw -randkey rolled");
  expect_refused(account, nullptr, Reason::auth, "auth.keytab_refused", "Preauthentication failed");
  Credentials rolled(account);
  EXPECT_FALSE(rolled.kerberos(nullptr, now()));
  EXPECT_THAT(fact(rolled.facts(), "keytab"), HasSubstr("kvno 2"));
  EXPECT_EQ(fact(rolled.facts(), "kdc_salt"), "LITWAREINC.COMrolled");
  account.keytab_file = svc().keytab_file;
  expect_refused(account, nullptr, Reason::process, "auth.keytab", "-1765328203");
  account.keytab_file = kdc().path("absent.keytab");
  expect_refused(account, nullptr, Reason::process, "auth.keytab", "");
  account.keytab_file = kdc().path("kdc.conf");
  expect_refused(account, nullptr, Reason::process, "auth.keytab", "");
}

TEST_F(CredentialsTest, AGivenCacheIsReadAndNotWritten) {
  const std::string path = kdc().path("given");
  kdc().client({"/usr/bin/kinit", "-k", "-t", svc().keytab_file, "-c", "FILE:" + path, "svc"});
  const std::string before = content(path);
  Account account{.method = Method::kerberos, .username = "", .ccache = "FILE:" + path};
  Credentials credentials(account);
  const auto handle = credentials.kerberos(nullptr, now());
  ASSERT_TRUE(handle) << describe(handle.error());
  EXPECT_EQ(fact(credentials.facts(), "principal"), "svc@LITWAREINC.COM");
  Facts facts;
  ASSERT_TRUE((*handle)->get_ticket(kFrontEnd, facts));
  EXPECT_EQ(content(path), before);
  EXPECT_EQ(credentials.kerberos(nullptr, now()).value_or(nullptr), *handle);
  kdc().client({"/usr/bin/kinit", "-k", "-t", svc().keytab_file, "-c", "FILE:" + path, "svc"});
  EXPECT_NE(credentials.kerberos(nullptr, now()).value_or(*handle), *handle) << "filled anew";
  EXPECT_EQ(credentials.kerberos(nullptr, now() + 11h).error().code, "auth.ccache") << "ended";

  account.username = "Svc@LITWAREINC.COM";
  expect_refused(account, nullptr, Reason::process, "auth.ccache", "svc@LITWAREINC.COM");
  account.ccache = "FILE:" + kdc().path("absent");
  expect_refused(account, nullptr, Reason::process, "auth.ccache", "No credentials cache found");
  account.ccache = "NONSENSE:x";
  expect_refused(account, nullptr, Reason::process, "auth.ccache", "Unknown credential cache type");
}

TEST_F(CredentialsTest, AGivenCollectionIsNotMadeWhereItIsMissing) {
  const std::string folder = kdc().path("collection");
  Account account{.method = Method::kerberos, .username = "", .ccache = "DIR:" + folder};
  expect_refused(account, nullptr, Reason::process, "auth.ccache", "No credentials cache found");
  EXPECT_FALSE(std::filesystem::exists(folder));
  account.ccache = "DIR::" + folder + "/tkt";
  expect_refused(account, nullptr, Reason::process, "auth.ccache", "No credentials cache found");
  EXPECT_FALSE(std::filesystem::exists(folder));
  std::filesystem::create_directory(folder);
  account.ccache = "DIR:" + folder;
  expect_refused(account, nullptr, Reason::process, "auth.ccache", "No credentials cache found");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  kdc().client({"/usr/bin/kinit", "-k", "-t", svc().keytab_file, "-c", account.ccache, "svc"});
  Credentials credentials(account);
  const auto handle = credentials.kerberos(nullptr, now());
  ASSERT_TRUE(handle) << describe(handle.error());
  EXPECT_EQ(fact(credentials.facts(), "principal"), "svc@LITWAREINC.COM");
}

TEST_F(CredentialsTest, ANameWithoutAccountIsNoRefusalOfThePassword) {
  Credentials credentials(alice());
  const auto handle = credentials.kerberos(password(), now());
  ASSERT_TRUE(handle);
  for (const Service& service :
       {Service{"HTTP", "nowhere.litwareinc.com"}, Service{"HTTP", "10.0.0.1"},
        Service{"WSMAN", "fe-001.litwareinc.com"}, Service{"HTTP", "fe-001"}}) {
    Facts facts;
    const Status ticket = (*handle)->get_ticket(service, facts);
    ASSERT_FALSE(ticket) << spn_of(service);
    EXPECT_EQ(ticket.error().reason, Reason::not_found) << describe(ticket.error());
    EXPECT_EQ(ticket.error().code, "auth.spn_unknown");
    EXPECT_THAT(ticket.error().message, HasSubstr(spn_of(service)));
    EXPECT_EQ(fact(facts, "spn"), spn_of(service));
  }
}

TEST_F(CredentialsTest, ADeadKdcIsNoRefusalAndHealsInPlace) {
  Credentials old(alice());
  const auto handle = old.kerberos(password(), now());
  ASSERT_TRUE(handle);
  kdc().stop();
  Credentials credentials(alice());
  const auto dead = credentials.kerberos(password(), now());
  ASSERT_FALSE(dead);
  EXPECT_EQ(dead.error().reason, Reason::connect);
  EXPECT_EQ(dead.error().code, "auth.kdc_unreachable");
  EXPECT_THAT(dead.error().message, HasSubstr(kdc().address() + " tcp: refused or closed"));
  EXPECT_THAT(fact(credentials.facts(), "logon_kdcs"), HasSubstr(" udp: no answer"));
  EXPECT_EQ(old.kerberos(password(), now()).value_or(nullptr), *handle);
  old.refresh(now() + 9h + 55min);
  EXPECT_EQ(old.kerberos(password(), now() + 9h + 55min).value_or(nullptr), *handle)
      << "the ticket that still lasts is used on";
  EXPECT_FALSE(old.due(now() + 9h + 55min + 59s));
  EXPECT_TRUE(old.due(now() + 9h + 55min + 60s));
  Facts facts;
  EXPECT_EQ((*handle)->get_ticket(kFrontEnd, facts).error().code, "auth.kdc_unreachable");
  kdc().start();
  EXPECT_TRUE(credentials.kerberos(password(), now()));
  EXPECT_TRUE((*handle)->get_ticket(kFrontEnd, facts));
}

}  // namespace
}  // namespace sfb::gss::testing
