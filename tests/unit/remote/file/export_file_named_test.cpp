// parse_any_export and the field Category: an export that says itself what it answers.
#include "agent/remote/file/export_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::remote {
namespace {

const Fqdn kNamedPool = *Fqdn::parse("atl.example.com");

std::string wrapper_with(std::string_view fields) {
  return fmt::format(
      R"({{"SfbBackupExport":1,"PoolFqdn":"atl.example.com","ExportedAt":"2026-11-23T18:47:03Z",)"
      R"("State":"Completed","Output":[],"Errors":[]{}}})",
      fields);
}

TEST(ExportFileNamed, TheWrapperSaysWhatItAnswers) {
  const auto parsed = parse_any_export(
      wrapper_with(R"(,"Collector":" Management_Store_Replication","Category":"CMS")"), kNamedPool,
      {});
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_EQ(parsed->collector, "management_store_replication");
  EXPECT_EQ(parsed->category, "CMS");
  EXPECT_TRUE(parsed->wrapped);
}

TEST(ExportFileNamed, WithoutTheFieldsItIsTheStatusOfAllCategories) {
  for (const std::string& bytes :
       {wrapper_with(""), wrapper_with(R"(,"Category":"All")"), wrapper_with(R"(,"Category":null)"),
        std::string(R"([{"BackupModules":[]}])")}) {
    const auto parsed = parse_any_export(bytes, kNamedPool, {});
    ASSERT_TRUE(parsed) << bytes << describe(parsed.error());
    EXPECT_EQ(parsed->collector, kDefaultCollector);
    EXPECT_EQ(parsed->category, "");
  }
}

TEST(ExportFileNamed, NamesThatAreNoneAreRefusedAndNotQuoted) {
  for (const std::string_view fields :
       {R"(,"Collector":"hunter2")", R"(,"Collector":["a_b"])", R"(,"Collector":"a_b/../c")",
        R"(,"Category":"hunter2")", R"(,"Category":"")", R"(,"Category":["CMS"])",
        R"(,"Category":"../CMS")"}) {
    const auto parsed = parse_any_export(wrapper_with(fields), kNamedPool, {});
    ASSERT_FALSE(parsed) << fields;
    EXPECT_EQ(parsed.error().code, "file.bad_wrapper") << fields;
    EXPECT_FALSE((parsed.error().message + parsed.error().peer).contains("hunter2"));
  }
}

TEST(ExportFileNamed, AFileOfOneCollectorKeepsItsCategory) {
  const auto parsed = parse_export(wrapper_with(R"(,"Category":"RGS")"), kNamedPool, {});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->category, "RGS");
  EXPECT_EQ(parsed->collector, kDefaultCollector);
}

}  // namespace
}  // namespace sfb::remote
