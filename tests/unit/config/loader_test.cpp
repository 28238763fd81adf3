#include "config/loader.hpp"

#include "tests/unit/config/memory_files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sfb::config {
namespace {

using FileMap = std::map<std::string, std::string>;

const std::string kEndpoint =
    "endpoints:\n  dropbox: {transport: file, path: '/srv/sfb/{pool}.clixml'}\n";
const std::string kCollectorEndpoint =
    "endpoints:\n  dropbox: {transport: file, path: '/srv/sfb/{pool}.{collector}.clixml'}\n";
const std::string kPoolA =
    "pools: [{fqdn: a.example.com, endpoint: dropbox, paired_pool: b.example.com, site: A}]\n";
const std::string kPoolB =
    "pools: [{fqdn: b.example.com, endpoint: dropbox, paired_pool: a.example.com, site: B}]\n";

std::string text_of(const std::vector<Problem>& problems) {
  std::string out;
  for (const Problem& problem : problems) {
    out += to_string(problem) + "\n";
  }
  return out;
}

std::string problems_of(const FileMap& files, const std::vector<std::string>& patterns,
                        const Capabilities& capabilities = {}) {
  const auto loaded = load(patterns, capabilities, MemoryFiles(files));
  return loaded ? "loads" : text_of(loaded.error());
}

// `discover` asks for the pools: what only pools would use is no mistake, all else is.
TEST(Loader, APartWithoutPools) {
  Capabilities build{.transports = {"file", "winrm"}};
  const std::string credentials =
      "credentials: {first: {method: basic, username: svc, password_file: secret}}\n";
  const FileMap files = {{"a.yml", kEndpoint + credentials}, {"secret", "hunter2\n"}};
  const std::string refused = problems_of(files, {"a.yml"}, build);
  EXPECT_NE(refused.find("no pool is configured"), std::string::npos) << refused;
  EXPECT_NE(refused.find("no pool uses this endpoint"), std::string::npos) << refused;
  EXPECT_NE(refused.find("no endpoint uses these credentials"), std::string::npos) << refused;
  build.pools_needed = false;
  EXPECT_EQ(problems_of(files, {"a.yml"}, build), "loads");
  const std::string wrong = problems_of({{"a.yml",
                                          "pools: [{fqdn: a.example.com, endpoint: x, "
                                          "paired_pool: b.example.com, site: A}]\n"}},
                                        {"a.yml"}, build);
  EXPECT_NE(wrong.find("there is no endpoint \"x\""), std::string::npos) << wrong;
}

TEST(Loader, FillsInTheDefaults) {
  const auto loaded =
      load(std::vector<std::string>{"a.yml"}, {}, MemoryFiles({{"a.yml", kEndpoint + kPoolA}}));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  const Settings& settings = loaded->settings;
  EXPECT_EQ(settings.global, Global{});
  EXPECT_EQ(settings.limits, Limits{});
  EXPECT_EQ(settings.authorization.allow_anonymous, AllowAnonymous::none);
  ASSERT_EQ(settings.endpoints.size(), 1U);
  EXPECT_EQ(std::get<File>(settings.endpoints[0].transport).max_age, std::chrono::minutes(10));
  EXPECT_EQ(settings.endpoints[0].max_concurrent, 1U);
  ASSERT_EQ(settings.pools.size(), 1U);
  const Pool& pool = settings.pools[0];
  EXPECT_EQ(pool.fqdn.str(), "a.example.com");
  EXPECT_EQ(pool.paired_pool.str(), "b.example.com");
  EXPECT_EQ(pool.deployment, "");
  EXPECT_FALSE(pool.cms_master);
  EXPECT_FALSE(pool.expect_rgs);
  EXPECT_EQ(pool.evaluation_interval, std::chrono::minutes(2));
  EXPECT_EQ(pool.evaluation_timeout, std::chrono::minutes(1));
  EXPECT_TRUE(pool.collectors.empty());
}

TEST(Loader, ReadsEveryKey) {
  const std::string text = R"(global:
  evaluation_interval: 5m
  evaluation_timeout: 90s
  stale_after: 2h
  min_live_interval: 0s
  max_concurrent_evaluations: 7
limits: {object: 1MiB, envelope: 3MiB, in_flight: 2MiB, depth: 32, modules_per_pool: 5, machines_per_pool: 6, label_length: 64}
endpoints:
  drop.box-1: {transport: file, path: '/srv/{pool}/{collector}.{category}.json', max_age: 1h, max_concurrent: 3}
pools:
  - {fqdn: A.Example.com., endpoint: drop.box-1, paired_pool: B, site: "Z\u00fcrich", deployment: corp, cms_master: true, expect_rgs: true, evaluation_interval: 1m, evaluation_timeout: 500ms, collectors: {replication:, store: {}, agents: {interval: 30m}}}
authorization: {allow_anonymous: loopback}
storage: {retention: 7d, max_size: 8MiB}
)";
  const auto loaded =
      load(std::vector<std::string>{"a.yml"}, {.collectors = {"agents", "replication", "store"}},
           MemoryFiles({{"a.yml", text}}));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  const Settings expected{
      .global = {std::chrono::minutes(5), std::chrono::seconds(90), std::chrono::hours(2),
                 std::chrono::milliseconds(0), 7},
      .limits = {1UL << 20U, 3UL << 20U, 2UL << 20U, 32, 5, 6, 64},
      .credentials = {},
      .endpoints = {{"drop.box-1",
                     File{"/srv/{pool}/{collector}.{category}.json", std::chrono::hours(1)}, 3}},
      .pools = {{*Fqdn::parse("a.example.com"),
                 "drop.box-1",
                 *Fqdn::parse("b"),
                 "Z\xC3\xBCrich",
                 "corp",
                 true,
                 true,
                 std::chrono::minutes(1),
                 std::chrono::milliseconds(500),
                 {{"replication", std::chrono::hours(1)},
                  {"store", std::chrono::hours(1)},
                  {"agents", std::chrono::minutes(30)}}}},
      .authorization = {AllowAnonymous::loopback, {}},
      .storage = {.retention = std::chrono::hours(7 * 24), .max_size = 8UL << 20U}};
  EXPECT_EQ(loaded->settings, expected) << to_yaml(loaded->settings);
}

TEST(Loader, MergesFilesInOrder) {
  const FileMap files = {{"main.yml", "global: {stale_after: 2h}\n" + kEndpoint},
                         {"conf.d/2.yml", kPoolA},
                         {"conf.d/1.yml", kPoolB}};
  const auto loaded = load(std::vector<std::string>{"main.yml", "conf.d/*.yml", "conf.d/1.yml"}, {},
                           MemoryFiles(files));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  EXPECT_EQ(loaded->files, (std::vector<std::string>{"main.yml", "conf.d/1.yml", "conf.d/2.yml"}))
      << "a file named twice is read once";
  ASSERT_EQ(loaded->settings.pools.size(), 2U);
  EXPECT_EQ(loaded->settings.pools[0].fqdn.str(), "b.example.com");
  EXPECT_EQ(loaded->settings.global.stale_after, std::chrono::hours(2));
  EXPECT_TRUE(loaded->warnings.empty());
}

TEST(Loader, GlobalTimesReachPoolsOfEarlierFiles) {
  const FileMap files = {{"1.yml", kPoolA},
                         {"2.yml", kEndpoint + "global: {evaluation_interval: 7m}\n"}};
  const auto loaded = load(std::vector<std::string>{"*.yml"}, {}, MemoryFiles(files));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  EXPECT_EQ(loaded->settings.pools[0].evaluation_interval, std::chrono::minutes(7));
}

TEST(Loader, WhatIsGivenInTwoFilesNamesBothPlaces) {
  const std::string whole = "global: {}\nlimits: {}\nauthorization: {}\n" + kEndpoint + kPoolA;
  EXPECT_EQ(problems_of({{"a.yml", whole}, {"b.yml", whole}}, {"*.yml"}),
            "b.yml:1:1: global: the section is given in two files, remove it here or at a.yml:1:1\n"
            "b.yml:2:1: limits: the section is given in two files, remove it here or at a.yml:2:1\n"
            "b.yml:3:1: authorization: the section is given in two files, remove it here or at "
            "a.yml:3:1\n"
            "b.yml:5:3: endpoints.dropbox: the endpoint is configured twice, remove it here or at "
            "a.yml:5:3\n"
            "b.yml:6:16: pools[0].fqdn: pool a.example.com is configured twice, remove it here or "
            "at a.yml:6:16\n");
}

TEST(Loader, AllFilesAreReportedAtOnce) {
  const FileMap files = {{"b.yml", "global: {colour: blue}\n"}, {"a.yml", "pools: [\n"}};
  EXPECT_EQ(problems_of(files, {"b.yml", "a.yml", "none.yml", "conf.d/*.yml"}),
            "a.yml:1:8: is not valid YAML: the bracket [ that begins here has no end, write ] "
            "behind its last entry\n"
            "b.yml:1:10: global.colour: unknown key, allowed are evaluation_interval, "
            "evaluation_timeout, max_concurrent_evaluations, min_live_interval, stale_after\n"
            "conf.d/*.yml: no file matches this pattern, check the value of --config.file\n"
            "none.yml: there is no such file, check the path\n");
}

TEST(Loader, NoFileIsAnError) {
  EXPECT_EQ(problems_of({}, {}), "configuration: no file is named, use --config.file\n");
}

TEST(Loader, WarnsWithoutRefusing) {
  const std::string text = "global: {stale_after: 1h}\nauthorization: {allow_anonymous: any}\n" +
                           kEndpoint +
                           "pools: [{fqdn: a.x, endpoint: dropbox, paired_pool: b.x, site: '', "
                           "evaluation_interval: 2h}]\n";
  const auto loaded = load(std::vector<std::string>{"a.yml"}, {}, MemoryFiles({{"a.yml", text}}));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  EXPECT_EQ(text_of(loaded->warnings),
            "a.yml:2:34: authorization.allow_anonymous: everybody who reaches the agent may query "
            "every pool, use loopback unless something in front checks who asks\n"
            "a.yml:5:53: pools[0].paired_pool: pool b.x is not configured, add it to see both "
            "directions of the backup\n"
            "a.yml:5:89: pools[0].evaluation_interval: 2h is above global.stale_after 1h, the "
            "states will be missing between two evaluations\n");
}

TEST(Loader, AnEndpointOfOnePoolNeedsNoPlaceholder) {
  EXPECT_EQ(
      problems_of(
          {{"a.yml", "endpoints: {dropbox: {transport: file, path: /srv/one.clixml}}\n" + kPoolA}},
          {"a.yml"}),
      "loads");
}

TEST(Loader, EmptySectionsAreDefaults) {
  EXPECT_EQ(problems_of({{"a.yml", "global:\nlimits:\nauthorization:\n" + kEndpoint + kPoolA}},
                        {"a.yml"}),
            "loads");
}

TEST(Loader, AliasesSpareRepetition) {
  EXPECT_EQ(problems_of({{"a.yml", "global: {evaluation_interval: &t 10m, stale_after: *t}\n" +
                                       kEndpoint + kPoolA}},
                        {"a.yml"}),
            "loads");
}

TEST(Loader, EachDeploymentHasItsOwnMaster) {
  const std::string pools =
      "pools:\n"
      "  - {fqdn: a.x, endpoint: dropbox, paired_pool: b.x, site: '', deployment: x, cms_master: "
      "true}\n"
      "  - {fqdn: b.x, endpoint: dropbox, paired_pool: a.x, site: '', deployment: y, cms_master: "
      "true}\n";
  EXPECT_EQ(problems_of({{"a.yml", kEndpoint + pools}}, {"a.yml"}), "loads");
}

TEST(Loader, WarnsOfACollectorAtTwoPoolsOfADeployment) {
  const std::string text =
      kCollectorEndpoint +
      "pools:\n"
      "  - {fqdn: a.x, endpoint: dropbox, paired_pool: b.x, site: '', collectors: "
      "{store: {}, agents:}}\n"
      "  - {fqdn: b.x, endpoint: dropbox, paired_pool: a.x, site: '', collectors: "
      "{store: {interval: 2h}}}\n"
      "  - {fqdn: c.x, endpoint: dropbox, paired_pool: d.x, site: '', deployment: "
      "x, collectors: {store: {}}}\n"
      "  - {fqdn: d.x, endpoint: dropbox, paired_pool: c.x, site: '', deployment: "
      "x, collectors: {store:, agents: {}}}\n";
  const auto loaded = load(std::vector<std::string>{"a.yml"}, {.collectors = {"agents", "store"}},
                           MemoryFiles({{"a.yml", text}}));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  EXPECT_EQ(text_of(loaded->warnings),
            "a.yml:5:77: pools[1].collectors.store: another pool of the deployment is asked for it "
            "too, remove it here or at a.yml:4:77\n"
            "a.yml:7:92: pools[3].collectors.store: another pool of the deployment is asked for it "
            "too, remove it here or at a.yml:6:92\n");
}

TEST(Loader, ACollectorThatAsksAboutOnePoolIsForEachPool) {
  const std::string text = kCollectorEndpoint +
                           "pools:\n"
                           "  - {fqdn: a.x, endpoint: dropbox, paired_pool: b.x, site: '', "
                           "collectors: {pool_backup_relationship: {}}}\n"
                           "  - {fqdn: b.x, endpoint: dropbox, paired_pool: a.x, site: '', "
                           "collectors: {pool_backup_relationship: {}}}\n";
  const auto loaded = load(std::vector<std::string>{"a.yml"},
                           {.collectors = {"pool_backup_relationship"},
                            .collectors_of_a_pool = {"pool_backup_relationship"}},
                           MemoryFiles({{"a.yml", text}}));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  EXPECT_EQ(text_of(loaded->warnings), "");
}

TEST(Loader, AKeytabForCallersIsLookedAt) {
  const FileMap files = {
      {"a.yml", kEndpoint + kPoolA + "authorization: {negotiate: {keytab_file: a.keytab}}\n"},
      {"a.keytab", ""}};
  const auto loads = [&](const Capabilities& build, unsigned mode = 0600) {
    return load(std::vector<std::string>{"a.yml"}, build, MemoryFiles(files, mode));
  };
  const auto without = loads({});
  ASSERT_FALSE(without);
  EXPECT_EQ(text_of(without.error()),
            "a.yml:4:17: authorization.negotiate: this program takes no tickets of callers, "
            "remove it\n");
  std::string looked_at;
  const Capabilities build{.keytab = [&](const std::string& path) {
    looked_at = path;
    return Result<std::vector<std::string>>({"has a key of RC4"});
  }};
  const auto loaded = loads(build, 0644);
  ASSERT_TRUE(loaded) << text_of(loaded.error());
  EXPECT_EQ(looked_at, "/etc/sfb/a.keytab");
  EXPECT_EQ(loaded->settings.authorization.keytab_file, "/etc/sfb/a.keytab");
  std::string warnings = text_of(loaded->warnings);
  warnings.erase(0, warnings.find("a.yml:4"));  // of the pool
  EXPECT_EQ(warnings,
            "a.yml:4:17: authorization.negotiate: a ticket lets nobody in: it holds SIDs, and the "
            "groups are known by name alone, add directory, or write the SIDs of "
            "RTCUniversalServerAdmins and other groups into authorized_universal_groups\n"
            "a.yml:4:42: authorization.negotiate.keytab_file: \"/etc/sfb/a.keytab\" has a key of "
            "RC4, export it anew (deploy/kerberos-callers.md)\n"
            "a.yml:4:42: authorization.negotiate.keytab_file: \"/etc/sfb/a.keytab\" has mode 0644: "
            "others may read the key, chmod 600, or 640 with a group of the agent's own\n");
  // A SID is known by itself.
  const FileMap by_sid = {{"a.yml", kEndpoint + kPoolA +
                                        "authorization: {negotiate: {keytab_file: a.keytab}, "
                                        "authorized_universal_groups: [A, S-1-5-21-1-2-3-4]}\n"},
                          {"a.keytab", ""}};
  const Capabilities quiet{
      .keytab = [](const std::string&) { return Result<std::vector<std::string>>(); }};
  const auto known = load(std::vector<std::string>{"a.yml"}, quiet, MemoryFiles(by_sid));
  ASSERT_TRUE(known) << text_of(known.error());
  EXPECT_EQ(text_of(known->warnings).find("authorization"), std::string::npos);
}

TEST(Loader, CapabilitiesDecideWhatIsInTheBuild) {
  const FileMap files = {{"a.yml", kEndpoint + kPoolA}};
  EXPECT_EQ(problems_of(files, {"a.yml"}, {.transports = {}}),
            "a.yml:2:24: endpoints.dropbox.transport: transport file is not in this build, none is "
            "allowed\n");
  const FileMap collectors = {
      {"a.yml", kEndpoint + "pools: [{fqdn: a.x, endpoint: dropbox, paired_pool: b.x, site: '', "
                            "collectors: {store: {}, status: {}}}]\n"}};
  EXPECT_EQ(problems_of(collectors, {"a.yml"}, {.pool_status = "status"}),
            "a.yml:3:81: pools[0].collectors.store: unknown collector, none is allowed\n"
            "a.yml:3:92: pools[0].collectors.status: the pool's status is always evaluated, remove "
            "it; its interval is the pool's evaluation_interval\n");
  const FileMap groups = {
      {"a.yml", kEndpoint + kPoolA +
                    "authorization: {authorized_universal_groups: [CSAdministrator], "
                    "users: {a: [CSAdministrator]}}\n"}};
  const auto loaded = load(std::vector<std::string>{"a.yml"}, {}, MemoryFiles(groups));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  EXPECT_EQ(loaded->settings.authorization.authorized_universal_groups,
            std::vector<std::string>{"CSAdministrator"});
}

TEST(Loader, TenThousandPoolsFitIntoOneFile) {
  std::string text = kEndpoint + "pools:\n";
  for (int i = 0; i < 5'000; ++i) {
    for (const char* side : {"a", "b"}) {
      text += fmt::format(
          "  - {{fqdn: {0}{1}.example.com, endpoint: dropbox, paired_pool: {2}{1}.example.com, "
          "site: S, deployment: d, cms_master: false, expect_rgs: false, "
          "evaluation_interval: 2m, evaluation_timeout: 60s}}\n",
          side, i, side[0] == 'a' ? "b" : "a");
    }
  }
  const auto loaded = load(std::vector<std::string>{"a.yml"}, {}, MemoryFiles({{"a.yml", text}}));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  EXPECT_EQ(loaded->settings.pools.size(), 10'000U);
}

TEST(Loader, AFileFullOfMistakesEndsAtTheBound) {
  std::string text = kEndpoint + "pools:\n";
  for (int i = 0; i < 3'000; ++i) {
    text += "  - {colour: blue}\n";
  }
  const auto loaded = load(std::vector<std::string>{"a.yml"}, {}, MemoryFiles({{"a.yml", text}}));
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().size(), Problems::kMost + 1);
}

// `evaluate` is about one pool: what is odd elsewhere is none of its affair.
TEST(Loader, WarningsOfOnePool) {
  const std::string first =
      "authorization: {allow_anonymous: any}\n"
      "credentials:\n"
      "  one: {method: basic, username: ä, password_file: p}\n"
      "  two: {method: basic, username: ö, password_file: p}\n"
      "endpoints:\n"
      "  wire: {transport: winrm, url: 'http://a.example.com', credentials: one, "
      "allow_unencrypted: true}\n"
      "  wire2: {transport: winrm, url: 'http://b.example.com', credentials: two, "
      "allow_unencrypted: true}\n"
      "pools:\n"
      "  - {fqdn: a.example.com, endpoint: wire, paired_pool: x.example.com, site: A}\n";
  const std::string second =
      "pools:\n"
      "  - {fqdn: b.example.com, endpoint: wire2, paired_pool: y.example.com, site: B}\n";
  const auto loaded = load(std::vector<std::string>{"a.yml", "b.yml"}, {.transports = {"winrm"}},
                           MemoryFiles({{"a.yml", first}, {"b.yml", second}, {"p", "x"}}));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  const auto keys = [&](std::size_t pool) {
    std::string out;
    for (const Problem& warning : loaded->warnings_of(loaded->settings.pools[pool])) {
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", warning.where.file, warning.key);
    }
    return out;
  };
  EXPECT_EQ(keys(0),
            "a.yml authorization.allow_anonymous, a.yml credentials.one.username, a.yml "
            "endpoints.wire.allow_unencrypted, a.yml pools[0].paired_pool");
  EXPECT_EQ(keys(1),
            "a.yml authorization.allow_anonymous, a.yml credentials.two.username, a.yml "
            "endpoints.wire2.allow_unencrypted, b.yml pools[0].paired_pool");
  EXPECT_EQ(loaded->warnings.size(), 7U);
}

}  // namespace
}  // namespace sfb::config
