// Fields of the wrapper that are not right: what is said of them, and what is never repeated.
#include "agent/remote/file/export_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace sfb::remote {
namespace {

// A good wrapper in which these fields are others.
Result<Export> parse_with(const std::map<std::string, std::string>& changed) {
  std::map<std::string, std::string> fields = {{"SfbBackupExport", "1"},
                                               {"PoolFqdn", "atl.example.com"},
                                               {"Collector", "backup_service_status"},
                                               {"ExportedAt", "2026-11-23T18:00:00Z"},
                                               {"State", "Completed"}};
  std::string text = R"({"Output":[],"Errors":[])";
  for (auto& [name, value] : fields) {
    const auto other = changed.find(name);
    text += fmt::format(R"(,"{}":"{}")", name, other == changed.end() ? value : other->second);
  }
  return parse_export(text + "}", *Fqdn::parse("atl.example.com"), {});
}

TEST(ExportFileWords, WhatCouldBeASecretIsNotQuoted) {
  for (const auto& secret :
       {std::string("hunter2"), std::string(101, 'x'), std::string("p@ss.word"),
        std::string("correct horse"), std::string("hunter_2"), std::string("2026-hunter2")}) {
    for (const char* field : {"SfbBackupExport", "PoolFqdn", "Collector", "ExportedAt", "State"}) {
      const auto parsed = parse_with({{field, secret}});
      ASSERT_FALSE(parsed) << field;
      EXPECT_EQ(parsed.error().peer, "") << field << ": " << secret;
      EXPECT_FALSE(parsed.error().message.contains(secret)) << parsed.error().message;
      EXPECT_TRUE(parsed.error().message.contains(field) ||
                  parsed.error().code.starts_with("file.wrong_"))
          << parsed.error().message;
    }
  }
}

TEST(ExportFileWords, NamesAreQuoted) {
  EXPECT_EQ(parse_with({{"PoolFqdn", " CHI.example.com"}}).error().peer, "chi.example.com");
  EXPECT_EQ(parse_with({{"Collector", "Management_Store"}}).error().peer, "management_store");
  const std::string label(60, 'x');
  EXPECT_EQ(parse_with({{"PoolFqdn", label + "." + label}}).error().peer, "") << "capped";
  EXPECT_EQ(parse_with({{"Collector", label + "_" + label}}).error().peer, "") << "capped";
}

// Only its name says whose a bare file is, unless the object does.
TEST(ExportFileWords, ABareObjectOfAnotherPoolIsRefused) {
  const auto bare = [](const std::string& pool, std::string_view collector) {
    return parse_export(fmt::format(R"([{{"BackupModules":[],"PoolFqdn":"{}"}}])", pool),
                        *Fqdn::parse("atl.example.com"), {}, collector);
  };
  const auto other = bare("CHI.example.com", "backup_service_status");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "file.wrong_pool");
  EXPECT_EQ(other.error().peer, "chi.example.com");
  for (const char* own : {"ATL.example.com", "atl", "", "no pool.at all"}) {
    EXPECT_TRUE(bare(own, "backup_service_status")) << own;
  }
  EXPECT_TRUE(bare("chi.example.com", "pool_backup_relationship")) << "there it may be the partner";
}

// Local time of a zone east of Greenwich, read as UTC, would make an old file look new.
TEST(ExportFileWords, ATimeWithoutAZoneIsRefused) {
  for (const char* when : {"2026-11-23T18:00:00", "2026-11-23 18:00:00.1234567"}) {
    const auto parsed = parse_with({{"ExportedAt", when}});
    ASSERT_FALSE(parsed) << when;
    EXPECT_EQ(parsed.error().code, "file.bad_wrapper");
    EXPECT_TRUE(parsed.error().message.contains("time zone")) << parsed.error().message;
    EXPECT_TRUE(parsed.error().remedy.contains("UTC")) << parsed.error().remedy;
  }
  for (const char* when : {"2026-11-23T18:00:00Z", "2026-11-23T19:00:00+01:00",
                           "2026-11-23 13:00:00-05:00", R"(\/Date(1795456800000)\/)"}) {
    const auto parsed = parse_with({{"ExportedAt", when}});
    ASSERT_TRUE(parsed) << when << describe(parsed.error());
    EXPECT_EQ(format_iso8601(*parsed->exported_at), "2026-11-23T18:00:00Z") << when;
  }
}

}  // namespace
}  // namespace sfb::remote
