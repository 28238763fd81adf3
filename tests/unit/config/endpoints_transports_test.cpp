// The table of transports and their keys.
#include "config/endpoints.hpp"
#include "tests/unit/config/memory_files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace sfb::config {
namespace {

// What is said about `key` of an endpoint with that transport.
std::string said_about(std::string_view key, std::string_view transport) {
  const std::string text =
      fmt::format("endpoints:\n  e:\n    transport: {}\n    {}: [{{}}]\n", transport, key);
  const auto loaded = load(std::vector<std::string>{"a.yml"}, {.transports = transport_names()},
                           MemoryFiles({{"a.yml", text}}));
  std::string out;
  for (const Problem& problem : loaded ? std::vector<Problem>() : loaded.error()) {
    if (problem.key == fmt::format("endpoints.e.{}", key)) {
      out += problem.what + "\n";
    }
  }
  return out;
}

TEST(Transports, TheTableHasThemAll) {
  std::vector<std::string> names;
  for (const TransportRow& row : transports()) {
    names.emplace_back(row.name);
  }
  EXPECT_EQ(names, transport_names());
  EXPECT_EQ(names, (std::vector<std::string>{"file", "winrm", "ssh", "push"}));
}

TEST(Transports, EachReadsItsOwnKeysAndRefusesTheOthers) {
  std::set<std::string_view> keys;
  for (const TransportRow& row : transports()) {
    keys.insert(row.keys.begin(), row.keys.end());
  }
  EXPECT_EQ(keys.size(), 16U);
  for (const TransportRow& row : transports()) {
    for (const std::string_view key : keys) {
      SCOPED_TRACE(fmt::format("{} of transport {}", key, row.name));
      const std::string said = said_about(key, row.name);
      const bool own = std::ranges::find(row.keys, key) != row.keys.end();
      EXPECT_EQ(said.starts_with("belongs to"), !own) << said;
      EXPECT_EQ(said.find("unknown key"), std::string::npos) << said;
    }
    EXPECT_EQ(said_about("colour", row.name), "unknown key\n") << row.name;
  }
}

TEST(Transports, KeysOfALogonAreNamedAsWinrms) {
  for (const char* const key : {"encryption", "channel_binding", "spn"}) {
    EXPECT_EQ(said_about(key, "file"), "belongs to transport winrm\n") << key;
    EXPECT_EQ(said_about(key, "ssh"), "belongs to transport winrm\n") << key;
  }
}

TEST(Transports, CredentialsNamedWhereTheyDoNotBelongAreNotUnused) {
  const std::string text =
      "credentials: {m: {method: basic, username: u, password_file: password}}\n"
      "endpoints: {e: {transport: file, path: /srv/a.clixml, credentials: m}}\n"
      "pools: [{fqdn: a, endpoint: e, paired_pool: b, site: S}]\n";
  const auto loaded = load(std::vector<std::string>{"a.yml"}, {.transports = transport_names()},
                           MemoryFiles({{"a.yml", text}, {"password", "x"}}));
  ASSERT_FALSE(loaded.has_value());
  ASSERT_EQ(loaded.error().size(), 1U) << to_string(loaded.error().back());
  EXPECT_EQ(loaded.error().front().key, "endpoints.e.credentials");
}

}  // namespace
}  // namespace sfb::config
