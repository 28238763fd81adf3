// The script of collectors whose objects come whole.
#include "collectors/plain_script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace sfb::collectors {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(PlainScript, TakesItsParametersAsArguments) {
  constexpr std::array<std::string_view, 2> kNames = {"Identity", "LocalStore"};
  const std::string script = plain_script("Get-CsThing", kNames);
  EXPECT_THAT(script, StartsWith("param($SfbImportModule, $SfbWidth, $Identity, $LocalStore)\n"));
  EXPECT_THAT(script, HasSubstr("  Get-CsThing @sfbArguments -OutVariable sfbStatus "
                                "-ErrorVariable sfbErrors\n} catch { throw }\n"));
  EXPECT_THAT(plain_script("Get-CsThing", {}), StartsWith("param($SfbImportModule, $SfbWidth)\n"));
}

}  // namespace
}  // namespace sfb::collectors
