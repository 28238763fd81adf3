// Golden sections: tests/discover/*/expected.yml, which Export-BackupStatus.ps1 writes byte for
// byte, too. Each loads as part of a configuration.
#include "agent/discover/pools_section.hpp"
#include "tests/unit/discover/cases.hpp"
#include "tests/unit/discover/load_section.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

namespace sfb::discover {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// What a configuration of this section holds: `fqdn partner site master` for each pool.
std::string loaded(const std::string& section) {
  const auto read = testing::load_section(section);
  if (!read) {
    std::string problems;
    for (const config::Problem& problem : read.error()) {
      problems += config::to_string(problem) + "\n";
    }
    return problems;
  }
  std::string text;
  for (const config::Pool& pool : read->settings.pools) {
    text += pool.fqdn.str() + " " + pool.paired_pool.str() + " <" + pool.site + "> " +
            (pool.cms_master ? "master" : "") + "\n";
  }
  return text;
}

std::string expected_pools(const Topology& topology) {
  std::string text;
  for (const FoundPool& pool : topology.pools) {
    if (pool.partner) {
      text += pool.fqdn.str() + " " + pool.partner->str() + " <" + pool.site.value_or("") + "> " +
              (topology.master == pool.fqdn ? "master" : "") + "\n";
    }
  }
  return text;
}

TEST(PoolsSection, Golden) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator(SFB_SOURCE_DIR "/tests/discover")) {
    if (!entry.is_directory()) {
      continue;
    }
    SCOPED_TRACE(entry.path().filename().string());
    const Topology topology = read_topology(testing::read_answers(entry.path()));
    const std::string section = pools_section(topology, {.endpoint = "front-end"});
    EXPECT_EQ(section, testing::contents(entry.path() / "expected.yml"));
    const std::string pools = expected_pools(topology);
    if (pools.empty()) {
      EXPECT_THAT(loaded(section), HasSubstr("no pool is configured"));
    } else {
      EXPECT_EQ(loaded(section), pools);
    }
    ++cases;
  }
  EXPECT_EQ(cases, 11U);
}

// Each character that YAML or a terminal could take for something else, alone and among others.
TEST(PoolsSection, AnySiteLoadsAsItIs) {
  for (int code = 1; code < 0x300; ++code) {
    std::string character;
    append_utf8(character, static_cast<char32_t>(code));
    for (const std::string& site :
         {character, "a" + character, character + "a", "a " + character + " b",
          "- " + character + ": " + character + character}) {
      auto services = std::make_shared<PipelineResult>();
      Object service;
      service.extended = {{"PoolFqdn", Value::string("a.example.com")},
                          {"SiteId", Value::string("Site:" + site)}};
      services->output = {Value::object_ref(services->graph.add(std::move(service))),
                          Value::string("UserServer:b.example.com")};
      auto relation = std::make_shared<PipelineResult>();
      relation->output = {Value::string("b.example.com")};
      const Answer none = std::make_shared<PipelineResult>();
      const Topology topology =
          read_topology({.services = services,
                         .pools = none,
                         .store = none,
                         .relationships = {{Fqdn::parse("a.example.com").value(), relation}}});
      const std::string section = pools_section(topology, {.endpoint = "front-end"});
      ASSERT_EQ(loaded(section), expected_pools(topology)) << code << "\n" << section;
    }
  }
}

// YAML takes these for something else than a text, and a configuration may name an endpoint so.
TEST(PoolsSection, AnEndpointIsQuoted) {
  Topology topology;
  topology.pools.push_back({.fqdn = Fqdn::parse("a.example.com").value(),
                            .site = "x",
                            .pairing = Pairing::known,
                            .partner = Fqdn::parse("b.example.com").value()});
  for (const std::string name : {"null", "-", "true", "1"}) {
    EXPECT_THAT(pools_section(topology, {.endpoint = name}),
                HasSubstr("    endpoint: \"" + name + "\"\n"));
  }
}

TEST(PoolsSection, DeploymentAndQuotes) {
  Topology topology;
  topology.pools.push_back({.fqdn = Fqdn::parse("a.example.com").value(),
                            .site = "x",
                            .pairing = Pairing::known,
                            .partner = Fqdn::parse("b.example.com").value()});
  EXPECT_THAT(pools_section(topology, {.endpoint = "front-end", .deployment = "corp \"1\""}),
              HasSubstr("    deployment: \"corp \\\"1\\\"\"\n"));
  EXPECT_EQ(quoted(R"(a\b"c)"), R"("a\\b\"c")");
}

}  // namespace
}  // namespace sfb::discover
