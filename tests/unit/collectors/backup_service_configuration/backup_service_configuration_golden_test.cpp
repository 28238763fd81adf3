// Golden answers: what Microsoft's serialisers write of such an object, through CLIXML and JSON to
// the metrics. The expectations lie in tests/collectors/backup_service_configuration/cases.tsv.
#include "agent/exposition/exposition.hpp"
#include "collectors/backup_service_configuration/configuration.hpp"
#include "collectors/backup_service_configuration/families.hpp"
#include "tests/unit/collectors/golden.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace sfb::collectors {
namespace {

std::string told(const std::string& name) {
  const auto result = testing::golden_answer(
      SFB_SOURCE_DIR "/tests/collectors/backup_service_configuration/" + name);
  if (!result) {
    return name + "\t" + describe(result.error());
  }
  const auto configuration = read_configuration(*result);
  if (!configuration) {
    return name + "\t" + configuration.error().code;
  }
  EXPECT_TRUE(configuration->notes.empty()) << name << ": " << configuration->notes.front();
  Facts facts{.pool = Fqdn::parse("a.example.com").value()};
  facts.expectation.authorized_groups =
      std::make_shared<const std::vector<std::string>>(1, "Schema Admins");
  const ConfigurationView view(facts, &*configuration, {});
  std::string line = name;
  for (const FamilyRow& row : configuration_families()) {
    exposition::Writer writer(exposition::Format::text_0_0_4);
    row.write(writer, view);
    const std::string sample(trim(writer.finish()));
    line += line == name ? "\t" : " ";
    line += sample.empty() ? "-" : sample.substr(sample.rfind(' ') + 1);
  }
  return line;
}

TEST(Golden, BackupServiceConfiguration) {
  EXPECT_GE(testing::expect_cases("backup_service_configuration/cases.tsv", told), 9U)
      << "cases are missing";
}

}  // namespace
}  // namespace sfb::collectors
