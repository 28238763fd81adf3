// From settings to the options of the rooms.
#include "agent/app/setup.hpp"

#include "config/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace sfb::app {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;

config::Settings settings_of(std::chrono::milliseconds interval,
                             std::chrono::milliseconds max_age) {
  config::Settings settings;
  settings.global.stale_after = 1h;
  settings.global.min_live_interval = 7s;
  settings.global.evaluation_timeout = 33s;
  settings.global.max_concurrent_evaluations = 5;
  settings.limits.modules_per_pool = 3;
  settings.endpoints.push_back(
      {.name = "dropbox",
       .transport = config::File{.path = "/srv/sfb/{pool}.clixml", .max_age = max_age},
       .max_concurrent = 2});
  settings.pools.push_back({.fqdn = *Fqdn::parse("atl.example.com"),
                            .endpoint = "dropbox",
                            .paired_pool = *Fqdn::parse("chi.example.com"),
                            .site = "Atlanta",
                            .deployment = "corp",
                            .cms_master = true,
                            .expect_rgs = false,
                            .evaluation_interval = interval,
                            .evaluation_timeout = 44s});
  return settings;
}

config::File& file_of(config::Settings& settings) {
  return std::get<config::File>(settings.endpoints[0].transport);
}

config::Winrm& winrm_of(config::Settings& settings) {
  return std::get<config::Winrm>(settings.endpoints[1].transport);
}

TEST(Setup, APoolsIdentity) {
  const config::Settings settings = settings_of(2min, 10min);
  const auto identity = pool_identity(settings.pools[0], settings.endpoints[0], settings);
  EXPECT_EQ(identity.fqdn.str(), "atl.example.com");
  EXPECT_EQ(identity.paired_pool, "chi.example.com");
  EXPECT_EQ(identity.site, "Atlanta");
  EXPECT_EQ(identity.deployment, "corp");
  EXPECT_EQ(identity.endpoint, "dropbox");
  EXPECT_EQ(identity.transport, "file");
  EXPECT_TRUE(identity.expectation.cms_master);
  EXPECT_FALSE(identity.expectation.expect_rgs);
  EXPECT_EQ(identity.stale_after, 1h);
}

// evaluation_interval_seconds of `file`: nothing new comes between two exports.
TEST(Setup, TheIntervalOfFilesIsAtLeastAFifthOfMaxAge) {
  struct Case {
    std::chrono::milliseconds interval;
    std::chrono::milliseconds max_age;
    std::chrono::milliseconds expected;
  };
  for (const Case& c : {Case{2min, 10min, 2min}, Case{2min, 30min, 6min}, Case{10min, 10min, 10min},
                        Case{10s, 1min, 12s}}) {
    const config::Settings settings = settings_of(c.interval, c.max_age);
    EXPECT_EQ(pool_identity(settings.pools[0], settings.endpoints[0], settings).interval,
              c.expected)
        << c.interval.count() << " ms, max_age " << c.max_age.count() << " ms";
  }
}

TEST(Setup, TheEnginesOptions) {
  boost::asio::io_context loop(1);
  const SystemClock clock;
  config::Settings settings = settings_of(2min, 30min);
  const auto options = engine_options(settings, loop.get_executor(), clock, Logger());
  EXPECT_EQ(options.min_live_interval, 7s);
  EXPECT_EQ(options.max_concurrent_evaluations, 5U);
  EXPECT_EQ(options.limits, settings.limits);
  ASSERT_EQ(options.endpoints.size(), 1U);
  EXPECT_EQ(options.endpoints[0].name, "dropbox");
  EXPECT_EQ(options.endpoints[0].max_concurrent, 2U);
  ASSERT_NE(options.endpoints[0].transport, nullptr);
  EXPECT_FALSE(options.endpoints[0].transport->uses_backoff());
  ASSERT_EQ(options.pools.size(), 1U);
  EXPECT_EQ(options.pools[0].identity.fqdn.str(), "atl.example.com");
  EXPECT_EQ(options.pools[0].evaluation_interval, 2min) << "files are looked at as often as asked";
  EXPECT_EQ(options.pools[0].evaluation_timeout, 44s);

  // Another path is another source of answers; another max_age is not.
  file_of(settings).max_age = 1h;
  EXPECT_EQ(engine_options(settings, loop.get_executor(), clock, Logger()).endpoints[0].identity,
            options.endpoints[0].identity);
  file_of(settings).path = "/srv/other/{pool}.clixml";
  EXPECT_NE(engine_options(settings, loop.get_executor(), clock, Logger()).endpoints[0].identity,
            options.endpoints[0].identity);
}

TEST(Setup, TheServicesOptions) {
  config::Settings settings = settings_of(2min, 10min);
  const std::vector<std::string> hosts = {"localhost", "agent.example.com"};
  using config::AllowAnonymous;
  struct Case {
    AllowAnonymous configured;
    serve::Anonymous expected;
  };
  for (const Case& c : {Case{AllowAnonymous::none, serve::Anonymous::none},
                        Case{AllowAnonymous::loopback, serve::Anonymous::loopback},
                        Case{AllowAnonymous::any, serve::Anonymous::any}}) {
    settings.authorization.allow_anonymous = c.configured;
    const auto options = service_options(settings, hosts);
    EXPECT_EQ(options.access.allow_anonymous, c.expected) << to_string(c.configured);
    EXPECT_EQ(options.access.hosts, hosts);
    EXPECT_EQ(options.query_timeout, 44s) << "the most patient pool's";
    EXPECT_THAT(options.config_yaml, testing::HasSubstr("atl.example.com"));
  }
}

TEST(Setup, TheNamesThisMachineAnswersTo) {
  const auto hosts = own_hosts(
      {"192.0.2.7:9943", "Agent.Example.COM:1", "[2001:db8::1]:9943", "unix:/run/x.sock", ":9943"},
      {"Proxy.Example.com", "localhost"});
  EXPECT_THAT(hosts, IsSupersetOf({"localhost", "127.0.0.1", "::1", "192.0.2.7",
                                   "agent.example.com", "2001:db8::1", "proxy.example.com"}));
  EXPECT_THAT(hosts, AllOf(Not(Contains("")), Not(Contains("/run/x.sock"))));
  for (const std::string& host : hosts) {
    EXPECT_EQ(std::ranges::count(hosts, host), 1) << host;
  }
  std::array<char, 256> name{};
  ASSERT_EQ(::gethostname(name.data(), name.size() - 1), 0);
  std::string own = name.data();
  std::ranges::transform(own, own.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  EXPECT_THAT(hosts, Contains(own));
  EXPECT_THAT(own_hosts({}, {}), Not(Contains("192.0.2.7")));
}

// A second endpoint and pool over transport winrm.
config::Settings with_winrm() {
  config::Settings settings = settings_of(2min, 30min);
  settings.credentials.push_back({.name = "monitoring",
                                  .method = "basic",
                                  .username = "svc",
                                  .password_file = "/etc/sfb/monitoring.password"});
  config::Winrm winrm;
  winrm.url = "https://atl-fe-001.example.com:5986/wsman";
  winrm.configuration_name = "Sfb";
  winrm.language = config::Language::constrained;
  winrm.import_module = "SkypeForBusiness";
  winrm.credentials = "monitoring";
  winrm.tls = {
      .ca_file = "/etc/sfb/ca.pem", .server_name = "pool.example.com", .min_version = "1.3"};
  winrm.session = {.reuse = false, .max_age = 5min, .max_pipelines = 7};
  settings.endpoints.push_back(
      {.name = "atlanta", .transport = std::move(winrm), .max_concurrent = 3});
  settings.pools[0].endpoint = "atlanta";
  return settings;
}

TEST(Setup, TheOptionsOfAWinrmEndpoint) {
  const config::Settings settings = with_winrm();
  const auto budget = std::make_shared<remote::ByteBudget>(1U);
  const auto options = winrm_options(settings.endpoints[1], settings,
                                     {.budget = budget, .services = {}, .observer = {}});
  EXPECT_EQ(options.endpoint, "atlanta");
  EXPECT_TRUE(options.url.tls);
  EXPECT_EQ(options.url.host, "atl-fe-001.example.com");
  EXPECT_EQ(options.url.port, 5986);
  EXPECT_EQ(options.url.path, "/wsman");
  EXPECT_EQ(options.tls.ca_file, "/etc/sfb/ca.pem");
  EXPECT_EQ(options.tls.server_name, "pool.example.com");
  EXPECT_EQ(options.tls.minimum, net::TlsVersion::tls1_3);
  EXPECT_EQ(options.credentials.username, "svc");
  EXPECT_EQ(options.credentials.password_file, "/etc/sfb/monitoring.password");
  EXPECT_EQ(options.configuration_name, "Sfb");
  EXPECT_EQ(options.language, remote::Language::constrained);
  EXPECT_EQ(options.import_module, "SkypeForBusiness");
  EXPECT_FALSE(options.reuse);
  EXPECT_EQ(options.max_age, 5min);
  EXPECT_EQ(options.max_pipelines, 7U);
  EXPECT_EQ(options.max_concurrent, 3U);
  EXPECT_EQ(options.limits, settings.limits);
  EXPECT_EQ(options.budget, budget);
}

// What the loader completes the connection must understand in the same way.
TEST(Setup, EveryUrlOfTheLoaderIsOne) {
  for (const char* text :
       {"https://a.example.com", "http://A:80/", "https://[2001:DB8::1]/OcsPowershell",
        "http://192.0.2.1/%41'(x)*+,;=:!$&~/..", "https://a:65535/wsman"}) {
    const auto url = config::complete_url(text);
    ASSERT_TRUE(url.has_value()) << text;
    const auto parsed = http::parse_http_url(url->text);
    ASSERT_TRUE(parsed.has_value()) << describe(parsed.error());
    EXPECT_EQ(parsed->tls, url->tls) << text;
    // The port stands in our text always.
    EXPECT_THAT(url->text, AllOf(testing::HasSubstr(parsed->host),
                                 testing::HasSubstr(":" + std::to_string(parsed->port)),
                                 testing::EndsWith(parsed->path)));
  }
}

TEST(Setup, AnotherServerOrAccountIsAnotherEndpoint) {
  const config::Settings settings = with_winrm();
  const auto changed = [&](auto change) {
    config::Settings other = settings;
    change(winrm_of(other), other.credentials[0]);
    return endpoint_identity(other.endpoints[1], other) !=
           endpoint_identity(settings.endpoints[1], settings);
  };
  using config::Credentials;
  using config::Winrm;
  EXPECT_TRUE(changed([](Winrm& w, Credentials&) { w.url = "https://other:5986/wsman"; }));
  EXPECT_TRUE(changed([](Winrm& w, Credentials&) { w.configuration_name = "Other"; }));
  EXPECT_TRUE(changed([](Winrm&, Credentials& c) { c.username = "other"; }));
  EXPECT_TRUE(changed([](Winrm&, Credentials& c) { c.method = "kerberos"; }));
  EXPECT_FALSE(changed([](Winrm&, Credentials& c) { c.password_file = "/other"; }));
  EXPECT_FALSE(changed([](Winrm& w, Credentials&) { w.session.max_pipelines = 1; }));
  EXPECT_FALSE(changed([](Winrm&, Credentials& c) { c.username = "SvC"; }));
}

TEST(Setup, AccountsCompareWithoutCase) {
  config::Settings settings = with_winrm();
  boost::asio::io_context loop;
  const SystemClock clock;
  const auto account = [&](std::string user) {
    settings.credentials[0].username = std::move(user);
    return engine_options(settings, loop.get_executor(), clock, Logger()).endpoints[1].account;
  };
  EXPECT_EQ(account("svc"), account("SVC"));
  EXPECT_EQ(account("LITWARE\\svc"), account("litware\\SVC"));
  EXPECT_EQ(account("SVC@Litwareinc.com"), account("svc@litwareinc.com"));
  EXPECT_EQ(account("ÄÖÜ-Überwachung"), account("äöü-überwachung"));
  EXPECT_EQ(account("МОНИТОР"), account("монитор"));
  EXPECT_NE(account("svc"), account("LITWARE\\svc"));
  EXPECT_NE(account("svc1"), account("svc2"));
}

// Back-off lasts over a reload that leaves them as they are.
TEST(Setup, TermsAreWhatDecidesWhetherAServerLetsUsIn) {
  const config::Settings settings = with_winrm();
  const auto changed = [&](auto change) {
    config::Settings other = settings;
    change(other);
    return endpoint_terms(other.endpoints[1], other) !=
           endpoint_terms(settings.endpoints[1], settings);
  };
  using config::Settings;
  EXPECT_TRUE(changed([](Settings& s) { winrm_of(s).url = "https://other/wsman"; }));
  EXPECT_TRUE(changed([](Settings& s) { winrm_of(s).tls.ca_file = "/other"; }));
  EXPECT_TRUE(changed([](Settings& s) { s.credentials[0].username = "other"; }));
  EXPECT_TRUE(changed([](Settings& s) { s.credentials[0].password_file = "/other"; }));
  EXPECT_TRUE(changed([](Settings& s) { s.credentials[0].method = "kerberos"; }));
  EXPECT_FALSE(changed([](Settings& s) { s.credentials[0].username = "SVC"; }));
  EXPECT_FALSE(changed([](Settings& s) { s.limits.depth = 17; }));
  EXPECT_FALSE(changed([](Settings& s) { s.pools.clear(); }));
  EXPECT_FALSE(changed([](Settings& s) { file_of(s).path = "/other"; }));
  EXPECT_FALSE(changed([](Settings& s) { s.endpoints[1].name = "other"; }));
  EXPECT_FALSE(
      changed([](Settings& s) { s.credentials[0].name = winrm_of(s).credentials = "other"; }));
}

// The same over transport ssh.
config::Settings with_ssh(config::Ssh ssh) {
  config::Settings settings = settings_of(2min, 30min);
  ssh.language = config::Language::none;
  ssh.import_module = "SkypeForBusiness";
  ssh.session = {.reuse = false, .max_age = 5min, .max_pipelines = 7};
  settings.endpoints.push_back(
      {.name = "denver", .transport = std::move(ssh), .max_concurrent = 3});
  return settings;
}

config::Ssh target() {
  config::Ssh ssh;
  ssh.host = "den-fe-001.example.com";
  ssh.port = 2222;
  ssh.user = "CORP\\svc";
  ssh.identity_file = "/etc/sfb/key";
  ssh.known_hosts_file = "/etc/sfb/known_hosts";
  return ssh;
}

TEST(Setup, TheOptionsOfAnSshEndpoint) {
  const config::Settings settings = with_ssh(target());
  const auto budget = std::make_shared<remote::ByteBudget>(1U);
  const auto options = ssh_options(settings.endpoints[1], settings,
                                   {.budget = budget, .services = {}, .observer = {}});
  EXPECT_EQ(options.endpoint, "denver");
  EXPECT_TRUE(options.is_ssh);
  EXPECT_EQ(options.argv.front(), "/usr/bin/ssh");
  EXPECT_THAT(options.argv, testing::IsSupersetOf({"CORP\\svc", "2222", "den-fe-001.example.com"}));
  EXPECT_EQ(options.argv.back(), "powershell");
  EXPECT_EQ(options.language, remote::Language::none);
  EXPECT_EQ(options.import_module, "SkypeForBusiness");
  EXPECT_FALSE(options.reuse);
  EXPECT_EQ(options.max_age, 5min);
  EXPECT_EQ(options.max_pipelines, 7U);
  EXPECT_EQ(options.max_concurrent, 3U);
  EXPECT_EQ(options.limits, settings.limits);
  EXPECT_EQ(options.budget, budget);
}

TEST(Setup, AProgramIsStartedAsItStands) {
  config::Ssh ssh;
  ssh.program = {"/usr/bin/pwsh", "-s", "a b"};
  const config::Settings settings = with_ssh(ssh);
  const auto options = ssh_options(settings.endpoints[1], settings, {});
  EXPECT_EQ(options.argv, ssh.program);
  EXPECT_FALSE(options.is_ssh);
}

TEST(Setup, AnotherTargetOrProgramIsAnotherEndpoint) {
  const config::Settings settings = with_ssh(target());
  const auto changed = [&](auto change) {
    config::Settings other = settings;
    change(std::get<config::Ssh>(other.endpoints[1].transport));
    return endpoint_identity(other.endpoints[1], other) !=
           endpoint_identity(settings.endpoints[1], settings);
  };
  using config::Ssh;
  EXPECT_TRUE(changed([](Ssh& ssh) { ssh.host = "other.example.com"; }));
  EXPECT_TRUE(changed([](Ssh& ssh) { ssh.port = 22; }));
  EXPECT_TRUE(changed([](Ssh& ssh) { ssh.user = "other"; }));
  EXPECT_TRUE(changed([](Ssh& ssh) { ssh.subsystem = "other"; }));
  EXPECT_TRUE(changed([](Ssh& ssh) { ssh.program = {"/usr/bin/pwsh", "-s"}; }));
  EXPECT_FALSE(changed([](Ssh& ssh) { ssh.identity_file = "/other"; }));
  EXPECT_FALSE(changed([](Ssh& ssh) { ssh.session.max_pipelines = 1; }));
}

TEST(Setup, AnotherKeyInTheSameFileIsOtherTerms) {
  std::string path = "/tmp/sfb-key-XXXXXX";
  ::close(::mkstemp(path.data()));
  config::Ssh ssh = target();
  ssh.identity_file = path;
  const config::Settings settings = with_ssh(ssh);
  const auto terms = [&] { return endpoint_terms(settings.endpoints[1], settings); };
  const std::string before = terms();
  EXPECT_EQ(terms(), before);
  std::ofstream(path) << "another key";
  EXPECT_NE(terms(), before);
  std::filesystem::remove(path);
  EXPECT_NE(terms(), before);
}

TEST(Setup, TheIntervalOfAServerIsThePools) {
  const config::Settings settings = with_winrm();
  EXPECT_EQ(pool_identity(settings.pools[0], settings.endpoints[1], settings).interval, 2min);
}

TEST(Setup, WhatThisBuildCanDo) {
  EXPECT_THAT(capabilities().transports, testing::ElementsAre("file", "winrm", "ssh"));
  EXPECT_THAT(capabilities().methods, testing::ElementsAre("basic"));
}

}  // namespace
}  // namespace sfb::app
