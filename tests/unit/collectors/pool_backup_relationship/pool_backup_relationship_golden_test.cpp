// Golden answers: tests/collectors/pool_backup_relationship/cases.tsv.
#include "collectors/pool_backup_relationship/relationship.hpp"
#include "tests/unit/collectors/golden.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::collectors {
namespace {

const std::string kFolder = "pool_backup_relationship/";

std::string partner(const Relationship& relationship, std::string_view pool) {
  const auto name =
      partner_of(relationship, Fqdn::parse(std::string(pool) + "-cs-001.litwareinc.com").value());
  return std::string(pool) + ">" + (name ? name->str().substr(0, 3) : "-");
}

std::string told(const std::string& name) {
  const auto result = testing::golden_answer(SFB_SOURCE_DIR "/tests/collectors/" + kFolder + name);
  const auto read = result ? read_relationship(*result, {}) : std::unexpected(result.error());
  if (!read) {
    return name + "\t" + read.error().code + "\t" + read.error().peer;
  }
  std::string line = name + "\t";
  for (const Fqdn& host : read->hosts) {
    line += (line.ends_with('\t') ? "" : " ") + host.str();
  }
  return line + "\t" + partner(*read, "atl") + " " + partner(*read, "chi");
}

TEST(Golden, PoolBackupRelationship) {
  EXPECT_EQ(testing::expect_cases(kFolder + "cases.tsv", told), 9U);
}

}  // namespace
}  // namespace sfb::collectors
