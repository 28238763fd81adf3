// What Microsoft's own serialiser wrote, through CLIXML to the meaning: every depth, files and
// wire. The expectations lie in tests/collectors/backup_service_status/cases.tsv.
#include "collectors/backup_service_status/interpret.hpp"
#include "tests/unit/collectors/golden.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace sfb::collectors {
namespace {

std::string told(const std::string& name) {
  const auto result = testing::golden_answer(SFB_SOURCE_DIR "/tests/golden/" + name);
  if (!result) {
    return name + ": " + describe(result.error());
  }
  const auto status = interpret(*result, {});
  if (!status) {
    return name + ": " + describe(status.error());
  }
  std::string modules;
  for (const Module& module : status->modules) {
    modules += fmt::format("{}{}:[{},{}]", modules.empty() ? "" : " ", module.identity.str(),
                           to_string(module.export_state), to_string(module.import_state));
  }
  return fmt::format("{}\t{}\t{}\t{}\t{}", name,
                     status->overall_export ? to_string(*status->overall_export) : "-",
                     status->overall_import ? to_string(*status->overall_import) : "-",
                     status->active_machine.empty() ? "-" : status->active_machine.str(), modules);
}

TEST(Golden, BackupServiceStatus) {
  EXPECT_GE(testing::expect_cases("backup_service_status/cases.tsv", told), 27U)
      << "cases are missing";
}

}  // namespace
}  // namespace sfb::collectors
