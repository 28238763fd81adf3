#include "config/directory.hpp"

#include "config/loader.hpp"
#include "tests/unit/config/memory_files.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb::config {
namespace {

Result<std::vector<std::string>> no_doubts(const std::string& /*path*/) {
  return std::vector<std::string>{};
}

const Capabilities kBuild{
    .transports = {"file"}, .methods = {"kerberos"}, .keytab = no_doubts, .pools_needed = false};

std::string file_with(const std::string& authorization) {
  return "credentials: {kdc: {method: kerberos, username: svc@LITWAREINC.COM, ccache: /run/cc}}\n"
         "endpoints: {dropbox: {transport: file, path: '/srv/{pool}.clixml'}}\n"
         "pools:\n"
         "- {fqdn: a.x, endpoint: dropbox, paired_pool: b.x, site: ''}\n"
         "- {fqdn: b.x, endpoint: dropbox, paired_pool: a.x, site: ''}\n"
         "authorization: " +
         authorization + "\n";
}

Loaded loaded_of(const std::string& text) {
  auto loaded = load(std::vector<std::string>{"a.yml"}, kBuild,
                     MemoryFiles({{"a.yml", text}, {"door.keytab", ""}}));
  EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : to_string(loaded.error().front())) << text;
  return loaded ? std::move(*loaded) : Loaded{};
}

// The last warning that stands in the section; empty: there is none.
std::string warning_of(const Loaded& loaded) {
  std::string found;
  for (const Problem& warning : loaded.warnings) {
    found = warning.key.starts_with("authorization") ? to_string(warning) : found;
  }
  return found;
}

TEST(Directory, ServersHaveOneSpelling) {
  const Loaded loaded =
      loaded_of(file_with("{users: {a: [X]}, directory: {servers: [GC1.litwareinc.com, "
                          "'gc2.litwareinc.com:3267'], credentials: kdc}}"));
  const Directory expected{.servers = {"gc1.litwareinc.com:3268", "gc2.litwareinc.com:3267"},
                           .credentials = "kdc"};
  EXPECT_EQ(loaded.settings.authorization.directory, expected);
  EXPECT_TRUE(loaded.settings.authorization.proves_groups());
  EXPECT_EQ(loaded_of(to_yaml(loaded.settings)).settings, loaded.settings);
}

TEST(Directory, WithoutCallersWithTicketsNobodyNeedsIt) {
  EXPECT_EQ(
      warning_of(loaded_of(file_with(
          "{directory: {servers: [gc1.litwareinc.com], credentials: kdc}, users: {a: [X]}}"))),
      "a.yml:6:28: authorization.directory: no caller comes with SIDs, because `negotiate` is "
      "not configured, add negotiate, or remove it");
}

TEST(Directory, KnowsWhatTicketsHold) {
  const std::string door = "{negotiate: {keytab_file: door.keytab}";
  EXPECT_NE(warning_of(loaded_of(file_with(door + "}"))), "");
  const Loaded asked = loaded_of(
      file_with(door + ", directory: {servers: [gc1.litwareinc.com], credentials: kdc}}"));
  EXPECT_EQ(warning_of(asked), "");
  EXPECT_TRUE(asked.settings.authorization.proves_groups());
}

}  // namespace
}  // namespace sfb::config
