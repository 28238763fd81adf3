// The constant scripts: of collectors whose objects come whole, and that of the pool's status.
#include "collectors/plain_script.hpp"

#include "collectors/backup_service_status/script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace sfb::collectors {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(PlainScript, TakesItsParametersAsArguments) {
  constexpr std::array<std::string_view, 2> kNames = {"Identity", "LocalStore"};
  const std::string script = plain_script("Get-CsThing", kNames);
  EXPECT_THAT(script, StartsWith("param($SfbImportModule, $SfbWidth, $Identity, $LocalStore)\n"));
  EXPECT_THAT(script, HasSubstr("  Get-CsThing @sfbArguments -OutVariable sfbStatus "
                                "-ErrorVariable sfbErrors\n} catch { throw }\n"));
  EXPECT_THAT(plain_script("Get-CsThing", {}), StartsWith("param($SfbImportModule, $SfbWidth)\n"));
}

constexpr std::string_view kOutString =
    "    $sfbExtras['Rendered'] = [string]($sfbShown | Out-String -Width $SfbWidth)\n";

// In strict mode a script must not read a variable that it does not have.
TEST(PlainScript, ShowsTheObjectsAndExpandsNothing) {
  const std::string script = plain_script("Get-CsThing", {});
  EXPECT_THAT(script, HasSubstr("  try {\n    $sfbShown = $sfbStatus\n" + std::string(kOutString)));
  EXPECT_THAT(script, Not(HasSubstr("SfbExpand")));
}

TEST(BackupStatusScript, ShowsTheModulesWhereTheyAreAskedFor) {
  const std::string_view script = backup_status_script();
  EXPECT_THAT(script, StartsWith("param(\n  $SfbImportModule, $SfbWidth, $SfbExpand, $PoolFqdn"));
  const std::size_t call = script.find("Get-CsBackupServiceStatus");
  EXPECT_EQ(script.find("Get-CsBackupServiceStatus", call + 1), script.npos) << "one call";
  const std::size_t shown = script.find("    $sfbShown = $sfbStatus\n    if ($SfbExpand) {\n");
  const std::size_t modules =
      script.find("$sfbShown = @(foreach ($sfbItem in $sfbStatus) { $sfbItem.BackupModules })\n");
  ASSERT_NE(shown, script.npos);
  ASSERT_NE(modules, script.npos);
  EXPECT_LT(call, script.find("if ($SfbWidth) {\n  try {\n"));
  EXPECT_LT(shown, modules);
  EXPECT_LT(modules, script.find("if ($sfbModule -is [string]) { throw"));
  EXPECT_LT(script.find("if ($sfbModule -is [string]) { throw"), script.find(kOutString));
}

}  // namespace
}  // namespace sfb::collectors
