// What counts as a change at a reload.
#include "agent/app/reload_values.hpp"

#include "config/loader.hpp"
#include "tests/unit/app/settings.hpp"
#include "tests/unit/config/memory_files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::app {
namespace {

TEST(ReloadValues, AnotherServerOrAccountIsAnotherEndpoint) {
  const config::Settings settings = with_winrm();
  const auto changed = [&](auto change) {
    config::Settings other = settings;
    change(winrm_of(other), other.credentials[0]);
    const bool another = endpoint_identity(other.endpoints[1], other) !=
                         endpoint_identity(settings.endpoints[1], settings);
    // And so it is for what a state brings back.
    EXPECT_EQ(endpoint_source(other.endpoints[1], other) !=
                  endpoint_source(settings.endpoints[1], settings),
              another);
    return another;
  };
  using config::Credentials;
  using config::Winrm;
  EXPECT_TRUE(changed([](Winrm& w, Credentials&) { w.urls.front().host = "other"; }));
  EXPECT_TRUE(changed([](Winrm& w, Credentials&) { w.urls.push_back(w.urls.front()); }));
  EXPECT_TRUE(changed([](Winrm& w, Credentials&) { w.configuration_name = "Other"; }));
  EXPECT_TRUE(changed([](Winrm&, Credentials& c) { c.username = "other"; }));
  EXPECT_TRUE(changed([](Winrm&, Credentials& c) { c.method = "kerberos"; }));
  EXPECT_FALSE(changed([](Winrm&, Credentials& c) { c.password_file = "/other"; }));
  EXPECT_FALSE(changed([](Winrm& w, Credentials&) { w.session.max_pipelines = 1; }));
  EXPECT_FALSE(changed([](Winrm&, Credentials& c) { c.username = "SvC"; }));
}

TEST(ReloadValues, TheSourceIsADigest) {
  const config::Settings settings = with_winrm();
  const std::string source = endpoint_source(settings.endpoints[1], settings);
  EXPECT_EQ(source.size(), 64U);
  EXPECT_EQ(source.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(source, endpoint_source(settings.endpoints[0], settings));
}

TEST(ReloadValues, AccountsCompareWithoutCase) {
  config::Settings settings = with_winrm();
  const auto account = [&](std::string user) {
    settings.credentials[0].username = std::move(user);
    return endpoint_account(settings.endpoints[1], settings);
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
TEST(ReloadValues, TermsAreWhatDecidesWhetherAServerLetsUsIn) {
  const config::Settings settings = with_winrm();
  const auto changed = [&](auto change) {
    config::Settings other = settings;
    change(other);
    return endpoint_terms(other.endpoints[1], other) !=
           endpoint_terms(settings.endpoints[1], settings);
  };
  using config::Settings;
  EXPECT_TRUE(changed([](Settings& s) { winrm_of(s).urls.front().port = 443; }));
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

TEST(ReloadValues, AnotherTargetOrProgramIsAnotherEndpoint) {
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

TEST(ReloadValues, AnotherKeyInTheSameFileIsOtherTerms) {
  std::string path = "/tmp/sfb-key-XXXXXX";
  ::close(::mkstemp(path.data()));
  config::Ssh ssh = target();
  ssh.identity_file = path;
  const config::Settings settings = with_ssh(ssh);
  FileInHand hand;
  const auto terms = [&] {
    return endpoint_terms(settings.endpoints[1], settings, key_marks(settings, hand));
  };
  const AnyComparable before = terms();
  EXPECT_EQ(terms(), before);
  std::ofstream(path) << "another key";
  EXPECT_NE(terms(), before);
  std::filesystem::remove(path);
  EXPECT_NE(terms(), before);
}

constexpr std::string_view kText = R"(credentials:
  monitoring: {method: basic, username: svc, password_file: password}
endpoints:
  atlanta:
    transport: winrm
    url: https://atl-fe-001.example.com:5986/wsman
    credentials: monitoring
    session: {max_age: 60m}
  denver: {transport: ssh, program: [/usr/bin/pwsh, -s, a b]}
  dropbox: {transport: file, path: '/srv/{pool}.clixml', max_age: 10m}
pools:
  - {fqdn: atl, endpoint: atlanta, paired_pool: bos, site: Atlanta}
  - {fqdn: den, endpoint: denver, paired_pool: bos, site: Denver}
  - {fqdn: chi, endpoint: dropbox, paired_pool: bos, site: Chicago}
)";

// The same settings: other order, layout, quotes, units, spelling of the URL, and defaults written
// out.
constexpr std::string_view kRewritten = R"(# Written anew.
pools:
  - {site: Chicago, fqdn: chi, paired_pool: bos, endpoint: dropbox}
  - {site: Denver, fqdn: den, paired_pool: bos, endpoint: denver}
  - {site: Atlanta, fqdn: atl, paired_pool: bos, endpoint: atlanta}
endpoints:
  dropbox:
    max_age: 600s   # ten minutes
    path: "/srv/{pool}.clixml"
    transport: 'file'
  denver:
    program:
      - /usr/bin/pwsh
      - '-s'
      - "a b"
    transport: ssh
    session: {reuse: true}
  atlanta:
    session:
      max_pipelines: 50
      max_age: 1h
    credentials: monitoring
    max_concurrent: 1
    url: HTTPS://ATL-FE-001.example.com/
    transport: winrm
limits: {depth: 64}
credentials: {monitoring: {password_file: /etc/sfb/password, username: "svc", method: basic}}
)";

config::Settings load(std::string_view text) {
  const config::MemoryFiles files(
      {{"a.yml", std::string(text)}, {"password", "x"}, {"/usr/bin/pwsh", ""}});
  auto loaded = config::load(std::vector<std::string>{"a.yml"},
                             {.transports = config::transport_names()}, files);
  if (!loaded) {
    ADD_FAILURE() << to_string(loaded.error().front());
    return {};
  }
  return std::move(loaded->settings);
}

// Which values of an endpoint differ between two configurations.
std::string changed(const config::Settings& before, const config::Settings& after,
                    std::string_view name) {
  const auto old = std::ranges::find(before.endpoints, name, &config::Endpoint::name);
  const auto now = std::ranges::find(after.endpoints, name, &config::Endpoint::name);
  if (old == before.endpoints.end() || now == after.endpoints.end()) {
    return "missing";
  }
  std::string out;
  const auto compare = [&](std::string_view what, const auto& value_of) {
    out += value_of(*old, before) == value_of(*now, after) ? "" : fmt::format("{} ", what);
  };
  compare("identity", endpoint_identity);
  compare("account", endpoint_account);
  compare("settings", endpoint_settings);
  compare("terms", [](const auto& endpoint, const auto& settings) {
    return endpoint_terms(endpoint, settings);
  });
  return out;
}

TEST(ReloadValues, LayoutOrderAndCommentsAreNoChange) {
  const config::Settings before = load(kText);
  const config::Settings after = load(kRewritten);
  for (const std::string_view name : {"atlanta", "denver", "dropbox"}) {
    EXPECT_EQ(changed(before, after, name), "") << name;
  }
}

TEST(ReloadValues, AnotherValueIsAChange) {
  struct Case {
    std::string_view endpoint;
    std::string_view from;
    std::string_view to;
    std::string_view expected;
  };
  for (const Case& c : {
           Case{"atlanta", ":5986/wsman", ":443/wsman", "identity settings terms "},
           Case{"atlanta", "username: svc", "username: other", "identity account settings terms "},
           Case{"atlanta", "username: svc", "username: SVC", "settings "},
           Case{"atlanta", "60m", "59m", "settings terms "},
           Case{"atlanta", "credentials:\n", "limits: {depth: 63}\ncredentials:\n", "settings "},
           Case{"denver", "a b", "a, b", "identity settings terms "},
           Case{"denver", "a b]", "a b], max_concurrent: 2", "settings terms "},
           Case{"dropbox", "/srv/", "/mnt/", "identity settings terms "},
           Case{"dropbox", "10m", "11m", "settings terms "},
           Case{"dropbox", ":5986/wsman", ":443/wsman", ""},
       }) {
    std::string text(kText);
    text.replace(text.find(c.from), c.from.size(), c.to);
    EXPECT_EQ(changed(load(kText), load(text), c.endpoint), c.expected) << c.to;
  }
}

}  // namespace
}  // namespace sfb::app
