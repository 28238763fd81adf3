#include "config/settings.hpp"

#include "config/loader.hpp"
#include "tests/unit/config/memory_files.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb::config {
namespace {

Pool pool(std::string_view fqdn, std::string_view partner) {
  return {.fqdn = *Fqdn::parse(fqdn),
          .endpoint = "dropbox",
          .paired_pool = *Fqdn::parse(partner),
          .site = "Atlanta",
          .deployment = "corp",
          .cms_master = false,
          .expect_rgs = false,
          .evaluation_interval = std::chrono::minutes(2),
          .evaluation_timeout = std::chrono::minutes(1),
          .collectors = {}};
}

Settings example() {
  Settings settings;
  settings.endpoints = {
      {.name = "dropbox",
       .transport = File{.path = "/srv/sfb/{pool}.clixml", .max_age = std::chrono::minutes(10)},
       .max_concurrent = 1}};
  settings.pools = {pool("a.example.com", "b.example.com"), pool("b.example.com", "a.example.com")};
  return settings;
}

void expect_round_trip(const Settings& settings) {
  const std::string yaml = to_yaml(settings);
  const Capabilities capabilities{
      .transports = {"file"},
      .keytab = [](const std::string&) { return Result<std::vector<std::string>>(); },
      .collectors = {"agents", "store"}};
  const std::string token = "0123456789abcdef";
  const auto loaded =
      load(std::vector<std::string>{"c.yml"}, capabilities,
           MemoryFiles(
               {{"c.yml", yaml}, {"a.token", token}, {"b.keytab", ""}, {"b.token", token + "0"}}));
  ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error().front()) << "\n" << yaml;
  EXPECT_EQ(loaded->settings, settings) << yaml;
  EXPECT_EQ(loaded->hash, change_hash(settings)) << yaml;
}

TEST(Yaml, LoadsBackToTheSameSettings) {
  expect_round_trip(example());
}

TEST(Yaml, LoadsBackWithEveryValueChanged) {
  Settings settings = example();
  settings.global = {std::chrono::milliseconds(90'500), std::chrono::milliseconds(1),
                     std::chrono::hours(24 * 8), std::chrono::milliseconds(0), 9};
  settings.limits = {1025, 64UL << 10U, 3UL << 30U, 16, 1, 2, 16};
  settings.authorization = {AllowAnonymous::any, {"CSAdministrator", "null", "A: b", "- c"}};
  settings.authorization.keytab_file = "/etc/sfb/b.keytab";
  settings.authorization.users = {{"null", {"CORP\\Readers"}}, {"a'b", {"S-1-5-21-1-2-3-4", "x"}}};
  settings.authorization.certificates = {{"grafana.example.com", {"~"}}, {"spiffe://a/b", {"x"}}};
  settings.authorization.tokens = {{"true", "/etc/sfb/a.token", {"x", "y"}},
                                   {"b", "/etc/sfb/b.token", {"- z"}}};
  settings.storage = {std::chrono::hours(24 * 90), 3UL << 20U};
  settings.pools[0].cms_master = true;
  settings.pools[1].expect_rgs = true;
  settings.pools[1].evaluation_interval = std::chrono::milliseconds(3'600'001);
  std::get<File>(settings.endpoints[0].transport).path = "/srv/{pool}/{collector}";
  settings.pools[0].collectors = {{.name = "store"},
                                  {.name = "agents", .interval = std::chrono::minutes(90)}};
  expect_round_trip(settings);
}

TEST(Yaml, LoadsBackWithTextThatYamlWouldRead) {
  for (const std::string site : {"",
                                 "null",
                                 "~",
                                 "true",
                                 "1.5",
                                 "- x",
                                 "a: b",
                                 "#c",
                                 "it's",
                                 "\"q\"",
                                 "back\\slash",
                                 " blanks ",
                                 "Z\xC3\xBCrich",
                                 "\xC2\x85",
                                 "\xE2\x80\xA8",
                                 "\xEF\xBB\xBF",
                                 "\xF0\x9F\x98\x80",
                                 "{pool}",
                                 "&a",
                                 "*a",
                                 "!t",
                                 "%d",
                                 "@x",
                                 "`",
                                 "-",
                                 ".",
                                 "---",
                                 "..."}) {
    SCOPED_TRACE(site);
    Settings settings = example();
    settings.pools[0].site = site;
    settings.pools[0].deployment = site;
    expect_round_trip(settings);
  }
  Settings settings = example();
  std::get<File>(settings.endpoints[0].transport).path = "/srv/it's \"here\"/\\{pool}#1";
  expect_round_trip(settings);
  for (const std::string name : {"null", "NULL", "true", "-", "1", "..", "a.b_c-d"}) {
    SCOPED_TRACE(name);
    settings.endpoints[0].name = name;
    settings.pools[0].endpoint = name;
    settings.pools[1].endpoint = name;
    expect_round_trip(settings);
  }
}

TEST(Hash, FollowsTheEffectiveConfigurationOnly) {
  const auto hash_of = [](const std::string& text) {
    const auto loaded = load(std::vector<std::string>{"c.yml"}, {}, MemoryFiles({{"c.yml", text}}));
    return loaded ? loaded->hash : to_string(loaded.error().front());
  };
  const std::string text =
      "endpoints: {d: {transport: file, path: '/srv/{pool}'}}\n"
      "pools: [{fqdn: a, endpoint: d, paired_pool: b, site: S}]\n";
  EXPECT_EQ(hash_of(text).size(), 16U);
  EXPECT_EQ(hash_of(text), hash_of("# a comment\nglobal: {stale_after: 60m}\n" + text))
      << "a comment and a default written out change nothing";
  EXPECT_NE(hash_of(text), hash_of("global: {stale_after: 61m}\n" + text));
}

TEST(ExampleFile, LoadsAsItIs) {
  const std::string path = std::string(SFB_SOURCE_DIR) + "/config/sfb_backup_exporter.yml";
  const auto loaded = load(std::vector<std::string>{path}, {}, SystemFiles{});
  ASSERT_TRUE(loaded.has_value()) << to_string(loaded.error().front());
  EXPECT_TRUE(loaded->warnings.empty()) << to_string(loaded->warnings.front());
  Settings expected = example();
  expected.pools[0].fqdn = expected.pools[1].paired_pool =
      *Fqdn::parse("atl-cs-001.litwareinc.com");
  expected.pools[1].fqdn = expected.pools[0].paired_pool =
      *Fqdn::parse("chi-cs-001.litwareinc.com");
  expected.pools[0].cms_master = true;
  expected.pools[1].site = "Chicago";
  expected.authorization.allow_anonymous = AllowAnonymous::loopback;
  EXPECT_EQ(loaded->settings, expected) << to_yaml(loaded->settings);
}

}  // namespace
}  // namespace sfb::config
