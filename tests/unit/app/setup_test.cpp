// From settings to the options of the rooms.
#include "agent/app/setup.hpp"

#include "tests/unit/app/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace sfb::app {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;

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

TEST(Setup, TheHeadOfTheConfigurationPageNamesFilesAndIsOnlyComments) {
  config::Loaded loaded;
  loaded.hash = "0123456789abcdef";
  loaded.files = {"/etc/a.yml", "/etc/b\npools: []"};
  EXPECT_EQ(config_head(loaded, WallTime{}),
            "# In use since 1970-01-01T00:00:00Z, hash 0123456789abcdef; every default written "
            "out. Read from:\n"
            "#   \"/etc/a.yml\"\n"
            "#   \"/etc/b\\npools: []\"\n");
}

// What the metrics say of the configuration is the configuration; rules join the two themselves.
TEST(Setup, TheIntervalIsTheConfiguredOneAndFilesTellTheirMaxAge) {
  struct Case {
    std::chrono::milliseconds interval;
    std::chrono::milliseconds max_age;
  };
  for (const Case& c : {Case{2min, 10min}, Case{2min, 30min}, Case{10min, 10min}}) {
    const config::Settings settings = settings_of(c.interval, c.max_age);
    const auto identity = pool_identity(settings.pools[0], settings.endpoints[0], settings);
    EXPECT_EQ(identity.interval, c.interval);
    EXPECT_EQ(identity.file_max_age, c.max_age);
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
    const auto options = service_options(settings, hosts, {}, "http://wiki.example.org/sfb//");
    EXPECT_EQ(options.runbooks, "http://wiki.example.org/sfb");
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

TEST(Setup, TheOptionsOfAWinrmEndpoint) {
  const config::Settings settings = with_winrm();
  const auto budget = std::make_shared<ByteBudget>(1U);
  const SystemClock clock;
  const auto options = winrm_options(settings.endpoints[1], settings, clock,
                                     {.budget = budget, .services = {}, .observer = {}});
  EXPECT_EQ(options.endpoint, "atlanta");
  EXPECT_TRUE(options.urls.front().tls);
  EXPECT_EQ(options.urls.front().host, "atl-fe-001.example.com");
  EXPECT_EQ(options.urls.front().port, 5986);
  EXPECT_EQ(options.urls.front().path, "/wsman");
  EXPECT_EQ(options.tls.ca_file, "/etc/sfb/ca.pem");
  EXPECT_EQ(options.tls.server_name, "pool.example.com");
  EXPECT_EQ(options.tls.minimum, net::TlsVersion::tls1_3);
  EXPECT_EQ(options.logon.method, "basic");
  EXPECT_EQ(options.logon.password_file, "/etc/sfb/monitoring.password");
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

TEST(Setup, TheOptionsOfAnSshEndpoint) {
  const config::Settings settings = with_ssh(target());
  const auto budget = std::make_shared<ByteBudget>(1U);
  const auto options = ssh_options(settings.endpoints[1], settings,
                                   {.budget = budget, .services = {}, .observer = {}});
  EXPECT_EQ(options.endpoint, "denver");
  EXPECT_TRUE(options.is_ssh);
  EXPECT_EQ(options.argv.front(), "/usr/bin/ssh");
  EXPECT_EQ(options.folder, "/etc/sfb");
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

TEST(Setup, TheIntervalOfAServerIsThePools) {
  const config::Settings settings = with_winrm();
  EXPECT_EQ(pool_identity(settings.pools[0], settings.endpoints[1], settings).interval, 2min);
  EXPECT_FALSE(pool_identity(settings.pools[0], settings.endpoints[1], settings).file_max_age);
}

TEST(Setup, WhatThisBuildCanDo) {
  EXPECT_THAT(capabilities().transports, testing::ElementsAre("file", "winrm", "ssh", "push"));
  EXPECT_THAT(capabilities().methods,
              testing::ElementsAre("basic", "kerberos", "negotiate", "ntlm"));
  const config::Capabilities build = capabilities();
  EXPECT_EQ(build.pool_status, collectors::pool_status().name);
  EXPECT_EQ(build.collectors.size(), collectors::all().size() - 1);
  EXPECT_THAT(build.collectors, testing::Not(testing::Contains(build.pool_status)));
}

}  // namespace
}  // namespace sfb::app
