// Binding: every recorded line, the product's own refusals, and what the lines do not reach.
#include "agent/binding/binding.hpp"

#include "agent/binding/bind.hpp"
#include "collectors/backup_service_status/cmdlet.hpp"
#include "tests/unit/binding/golden.hpp"
#include "tests/unit/binding/line_reader.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sfb::binding {
namespace {

constexpr Policy kAsPowerShell;
constexpr Policy kProduct{
    .refuse_enum_numbers = true, .refuse_enum_lists = true, .refuse_common_parameters = true};

std::expected<std::vector<Bound>, BindError> bind_line(const Cmdlet& cmdlet, std::string_view line,
                                                       const Policy& policy = kAsPowerShell) {
  const auto tokens = read_line(cmdlet, line);
  if (!tokens) {
    return std::unexpected(tokens.error().error);
  }
  return bind(cmdlet, *tokens, policy);
}

// `Get-CsBackupServiceStatus -PoolFqdn x` and `rest`, with Microsoft's names.
std::expected<std::vector<Bound>, BindError> bind_rest(std::string_view rest,
                                                       const Policy& policy = kAsPowerShell) {
  return bind_line(collectors::get_cs_backup_service_status(),
                   "Get-CsBackupServiceStatus -PoolFqdn x " + std::string(rest), policy);
}

TEST(BindingGolden, EveryRecordedLine) {
  const Cmdlet cmdlet = stand_in();
  std::size_t bound_lines = 0;
  std::size_t errors = 0;
  for (const GoldenLine& golden : golden_lines()) {
    SCOPED_TRACE(golden.name + ": " + golden.line);
    const auto result = bind_line(cmdlet, golden.line);
    if (result) {
      ++bound_lines;
      EXPECT_EQ(binds_text(cmdlet, *result), golden.binds);
      EXPECT_TRUE(golden.message.empty()) << "bound, but PowerShell says: " << golden.message;
    } else {
      ++errors;
      EXPECT_EQ(golden.binds, "") << "PowerShell binds this; ours: " << result.error().message;
      EXPECT_EQ(result.error().message, golden.message);
      EXPECT_EQ(result.error().error_id, golden.error_id);
      EXPECT_EQ(result.error().category_message, golden.category);
    }
  }
  EXPECT_EQ(bound_lines, 24U);
  EXPECT_EQ(errors, 29U);
}

TEST(Binding, UnknownClassLeavesTheIdAlone) {
  const auto result = bind_rest("-E Stop");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error_id, "AmbiguousParameter");
  EXPECT_EQ(result.error().exception_type,
            "System.Management.Automation.ParameterBindingException");
}

TEST(Binding, MicrosoftsTypeNames) {
  const auto pool =
      bind_line(collectors::get_cs_backup_service_status(), "Get-CsBackupServiceStatus -PoolFqdn");
  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().message,
            "Missing an argument for parameter 'PoolFqdn'. Specify a parameter of type "
            "'Microsoft.Rtc.Management.Deploy.Fqdn' and try again.");
  const auto category = bind_rest("-Category Foo");
  ASSERT_FALSE(category);
  EXPECT_NE(category.error().message.find(
                "\"Microsoft.Rtc.Management.Hadr.BackupService.BackupCategory\""),
            std::string::npos);
  EXPECT_EQ(category.error().parameter, "Category");
}

TEST(Binding, AliasesOfCommonParametersBind) {
  const Cmdlet& cmdlet = collectors::get_cs_backup_service_status();
  const auto result =
      bind_rest("-vb -db:$false -ea Stop -wa ignore -infa Inq -ev a -wv b -iv c -ov d -ob 7 -pv f");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(binds_text(cmdlet, *result),
            "Debug=False; ErrorAction=Stop; ErrorVariable=a; InformationAction=Inquire; "
            "InformationVariable=c; OutBuffer=7; OutVariable=d; PipelineVariable=f; PoolFqdn=x; "
            "Verbose=True; WarningAction=Ignore; WarningVariable=b");
  const auto bad = bind_rest("-OutBuffer many");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message,
            "Cannot bind parameter 'OutBuffer'. Cannot convert value \"many\" to type "
            "\"System.Int32\". Error: \"Input string was not in a correct format.\"");
}

TEST(Binding, PolicyRefusesInPowerShellsShape) {
  for (const std::string_view rest : {"-Category 1", "-Category '1'", "-Category -1"}) {
    const auto result = bind_rest(rest, kProduct);
    ASSERT_FALSE(result) << rest;
    EXPECT_NE(result.error().message.find("Error: \"The numbers of this enumeration are not known. "
                                          "Specify one of the following enumerator names and try "
                                          "again:\nUserData, CMS, RGS\""),
              std::string::npos)
        << rest << ": " << result.error().message;
    EXPECT_EQ(result.error().error_id, "CannotConvertArgumentNoMessage") << rest;
  }
  for (const std::string_view rest : {"-Category UserData,CMS", "-Category 'UserData,CMS'"}) {
    const auto result = bind_rest(rest, kProduct);
    ASSERT_FALSE(result) << rest;
    EXPECT_NE(result.error().message.find("value \"UserData,CMS\" to type"), std::string::npos);
    EXPECT_NE(result.error().message.find("Only one enumerator name can be given."),
              std::string::npos);
    EXPECT_EQ(result.error().offset, 48U) << rest;
  }
  for (const std::string_view rest : {"-Verbose", "-ErrorA Stop", "-ov y", "-Debug:$false"}) {
    const auto result = bind_rest(rest, kProduct);
    ASSERT_FALSE(result) << rest;
    EXPECT_TRUE(result.error().message.starts_with("The common parameter '")) << rest;
    EXPECT_EQ(result.error().error_id, "CommonParameterNotSupported") << rest;
    EXPECT_EQ(result.error().offset, 38U) << rest;
  }
  const auto good = bind_rest("-Category user -Force -Bypass 0", kProduct);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(binds_text(collectors::get_cs_backup_service_status(), *good),
            "BypassDualWrite=False; Category=UserData; Force=True; PoolFqdn=x");
}

TEST(Binding, TheFirstErrorIsPowerShells) {
  // A value that does not fit is found before names nobody knows, whatever the order.
  const auto conversion = bind_rest("-Nobody 1 -Category Foo");
  ASSERT_FALSE(conversion);
  EXPECT_EQ(conversion.error().error_id, "CannotConvertArgumentNoMessage");
  const auto unknown = bind_rest("-Nobody 1 y");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().error_id, "NamedParameterNotFound");
  EXPECT_EQ(unknown.error().parameter, "Nobody");
  const auto positional = bind_rest("y -Nobody 1");
  ASSERT_FALSE(positional);
  EXPECT_EQ(positional.error().error_id, "PositionalParameterNotFound");
  EXPECT_EQ(positional.error().offset, std::nullopt);
}

TEST(Binding, AnUnknownNameMayBeAValue) {
  const Cmdlet& cmdlet = collectors::get_cs_backup_service_status();
  const auto value = bind_line(cmdlet, "Get-CsBackupServiceStatus -PoolFqdn -nobody");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(binds_text(cmdlet, *value), "PoolFqdn=-nobody");
  const auto colon = bind_line(cmdlet, "Get-CsBackupServiceStatus -PoolFqdn -nobody:1");
  ASSERT_FALSE(colon);
  EXPECT_EQ(colon.error().error_id, "MissingArgument");
  const auto dashes = bind_line(cmdlet, "Get-CsBackupServiceStatus -PoolFqdn -- -Force");
  ASSERT_TRUE(dashes) << dashes.error().message;
  EXPECT_EQ(binds_text(cmdlet, *dashes), "PoolFqdn=-Force");
}

TEST(Binding, PositionalArgumentsAreNamedAsPowerShellPrintsThem) {
  struct Case {
    std::string_view rest;
    std::string_view shown;
  };
  for (const Case& one :
       {Case{"$null", "$null"}, Case{"$true", "True"}, Case{"7", "7"},
        Case{"a,b", "System.Object[]"}, Case{"-- --", "--"}, Case{"-- -Force:x", "-Force:"}}) {
    const auto result = bind_rest(one.rest);
    ASSERT_FALSE(result) << one.rest;
    EXPECT_EQ(result.error().message,
              "A positional parameter cannot be found that accepts argument '" +
                  std::string(one.shown) + "'.")
        << one.rest;
  }
}

TEST(Binding, ColonAtTheEndMissesItsArgument) {
  for (const std::string_view rest : {"-Force:", "-BypassDualWrite:", "-Force: -Category CMS"}) {
    const auto result = bind_rest(rest);
    ASSERT_FALSE(result) << rest;
    EXPECT_EQ(result.error().error_id, "MissingArgument") << rest;
    EXPECT_EQ(result.error().offset, 38U) << rest;
  }
}

TEST(Binding, FlagsFromNumbersAndNull) {
  struct Case {
    std::string_view rest;
    bool flag;
  };
  for (const Case& one : {Case{"-Force:$null", true}, Case{"-Force:1", true},
                          Case{"-Force:0.0", false}, Case{"-B 0.5", true}, Case{"-B 00", false}}) {
    const auto result = bind_rest(one.rest);
    ASSERT_TRUE(result) << one.rest << ": " << result.error().message;
    EXPECT_EQ(result->back().flag, one.flag) << one.rest;
  }
  const auto list = bind_rest("-B 1,0");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().message,
            "Cannot convert 'System.Object[]' to the type 'System.Boolean' required by parameter "
            "'BypassDualWrite'. ");
}

TEST(Binding, ANameGivenTwiceIsShownAsTypedUnlessItsValueStandsApart) {
  struct Case {
    std::string_view rest;
    std::string_view shown;
  };
  for (const Case& one : {Case{"-Po y", "PoolFqdn"}, Case{"-po:y", "po"}, Case{"-po: y", "po"},
                          Case{"-Force -fo", "fo"}, Case{"-Force -fo:$true", "fo"}}) {
    const auto result = bind_rest(one.rest);
    ASSERT_FALSE(result) << one.rest;
    EXPECT_TRUE(result.error().message.starts_with(
        fmt::format("Cannot bind parameter because parameter '{}' is specified", one.shown)))
        << result.error().message;
  }
}

TEST(Binding, AnUnknownNameAsAValueHasThePlaceOfItsParameter) {
  const auto result = bind_rest("-B -Nobody");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().error_id, "CannotConvertArgument");
  EXPECT_EQ(result.error().offset, 38U);
  EXPECT_EQ(result.error().length, 2U);
}

TEST(Binding, AnEnumNameIsBegunByTheWholeText) {
  EXPECT_TRUE(bind_rest("-Category 'userdata , CMS'"));
  for (const std::string_view text : {"'User,CMS'", "'CMS,'", "' User'", "'CMS,Foo'"}) {
    const auto result = bind_rest(fmt::format("-Category {}", text));
    ASSERT_FALSE(result) << text;
    const std::string_view name = text.substr(1, text.size() - 2);
    EXPECT_NE(result.error().message.find(fmt::format("identifier name {} to a", name)),
              std::string::npos)
        << result.error().message;
  }
}

TEST(Binding, OutBufferIsANumberOfZeroOrMore) {
  struct Case {
    std::string_view value;
    std::string_view bound;
  };
  for (const Case& one : {Case{"''", "0"}, Case{"1.5", "2"}, Case{"2.5", "2"}, Case{"$true", "1"},
                          Case{"' +7 '", "7"}, Case{"-0.5", "0"}}) {
    const auto result = bind_rest(fmt::format("-OutBuffer {}", one.value));
    ASSERT_TRUE(result) << one.value << ": " << result.error().message;
    EXPECT_EQ(result->back().text, one.bound) << one.value;
  }
  for (const Case& one : {
           Case{"$null", "does not contain any null values and then"},
           Case{"-5", "The -5 argument is less than the minimum allowed range of 0"},
           Case{"3000000000", "either too large or too small for an Int32."},
           Case{"nan", "Input string was not in a correct format."},
       }) {
    const auto result = bind_rest(fmt::format("-OutBuffer {}", one.value));
    ASSERT_FALSE(result) << one.value;
    EXPECT_NE(result.error().message.find(one.bound), std::string::npos) << result.error().message;
  }
}

TEST(Binding, EnumListsOutsideTheDeclaredValues) {
  const auto both = bind_rest("-Category CMS,RGS");  // 1 | 2 is no declared value
  ASSERT_FALSE(both);
  EXPECT_NE(both.error().message.find("value \"CMS,RGS\" to type"), std::string::npos);
  EXPECT_NE(both.error().message.find("enumeration values that are not valid"), std::string::npos);
  const auto negative = bind_rest("-Category -1");
  ASSERT_FALSE(negative);
  EXPECT_NE(negative.error().message.find("\"UserData,CMS,RGS\""), std::string::npos);
  const auto flag = bind_rest("-Category $true");
  ASSERT_FALSE(flag);
  EXPECT_NE(flag.error().message.find("value \"True\""), std::string::npos);
}

TEST(Binding, MandatoryTextWithoutValidation) {
  Cmdlet cmdlet = stand_in();
  cmdlet.parameters.front().not_empty = false;
  const auto empty = bind_line(cmdlet, "Get-CsBackupServiceStatus -PoolFqdn ''");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message,
            "Cannot bind argument to parameter 'PoolFqdn' because it is an empty string.");
  EXPECT_EQ(empty.error().category, "InvalidData");
  const auto null = bind_line(cmdlet, "Get-CsBackupServiceStatus -PoolFqdn $null");
  ASSERT_FALSE(null);
  EXPECT_EQ(null.error().message,
            "Cannot bind argument to parameter 'PoolFqdn' because it is null.");
}

}  // namespace
}  // namespace sfb::binding
