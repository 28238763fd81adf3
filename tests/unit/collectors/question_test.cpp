// Questions: their calls, their texts, and which collector they are of.
#include "collectors/question.hpp"

#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace sfb::collectors::testing;  // NOLINT: the builders

const Fqdn kPool = Fqdn::parse("atl-cs-001.litwareinc.com").value();

Question asked(std::vector<Argument> arguments) {
  return {kPool, &pool_status(), std::move(arguments)};
}

TEST(MakeCall, OnlyWhatIsGiven) {
  const Call plain = make_call({kPool});
  EXPECT_EQ(plain.cmdlet, "Get-CsBackupServiceStatus");
  EXPECT_THAT(plain.script, HasSubstr("Get-CsBackupServiceStatus"));
  ASSERT_THAT(plain.parameters, SizeIs(1));
  EXPECT_EQ(plain.parameter("PoolFqdn"), "atl-cs-001.litwareinc.com");

  const Call full =
      make_call(asked({{"Category", "CMS"}, {"Force", true}, {"BypassDualWrite", false}}));
  ASSERT_THAT(full.parameters, SizeIs(4));
  EXPECT_EQ(full.parameter("Category"), "CMS");
  EXPECT_EQ(full.parameter("Force"), "true");
  EXPECT_EQ(full.parameter("BypassDualWrite"), "false");
  EXPECT_EQ(full.parameters[3].value.kind, Kind::boolean);
}

TEST(Question, ScheduledOneHasNoParameters) {
  EXPECT_TRUE(Question{kPool}.is_scheduled());
  EXPECT_EQ(scheduled_question(kPool, pool_status()), Question{kPool});
  EXPECT_EQ(parameters_text({kPool}), "");
  for (const Question& other : {asked({{"Category", "CMS"}}), asked({{"Force", true}}),
                                asked({{"BypassDualWrite", false}})}) {
    EXPECT_FALSE(other.is_scheduled()) << parameters_text(other);
    EXPECT_NE(parameters_text(other), "");
  }
}

TEST(Question, ParametersText) {
  EXPECT_EQ(parameters_text(
                asked({{"Category", "UserData"}, {"Force", true}, {"BypassDualWrite", true}})),
            "-Category UserData -Force -BypassDualWrite $true");
  EXPECT_EQ(parameters_text(asked({{"Category", "RGS"}, {"BypassDualWrite", false}})),
            "-Category RGS -BypassDualWrite $false");
  EXPECT_EQ(parameters_text(asked({{"Category", "CMS"}})), "-Category CMS");
}

TEST(Question, OfABoundLineInTheOrderOfTheSignature) {
  const binding::Cmdlet& cmdlet = pool_status().cmdlet();
  const std::vector<binding::Bound> bound = {{.parameter = "Force", .text = {}, .flag = true},
                                             {.parameter = "Category", .text = "CMS"},
                                             {.parameter = "PoolFqdn", .text = kPool.str()}};
  EXPECT_EQ(question_of(cmdlet, bound, kPool), asked({{"Category", "CMS"}, {"Force", true}}));
  EXPECT_EQ(question_of(cmdlet, {{.parameter = "Force", .text = {}, .flag = false}}, kPool),
            Question{kPool})
      << "a switch that is off is not given";
}

TEST(Question, Flags) {
  const Question question = asked({{"Category", "CMS"}, {"Force", true}});
  EXPECT_TRUE(question.has_flag("Force"));
  EXPECT_FALSE(question.has_flag("Category"));
  EXPECT_FALSE(question.has_flag("BypassDualWrite"));
}

TEST(Collectors, TableIsVisible) {
  ASSERT_FALSE(all().empty());
  const Collector* found = find("backup_service_status");
  ASSERT_EQ(found, &pool_status());
  EXPECT_EQ(found->cmdlet().name, "Get-CsBackupServiceStatus");
  EXPECT_TRUE(found->interpret(answer(kLync2013), {}).has_value());
  EXPECT_EQ(find("nothing"), nullptr);
  for (const Collector* const each : all()) {
    EXPECT_EQ(find(each->name), each) << "names are given once";
    EXPECT_FALSE(each->about.empty());
    EXPECT_THAT(each->script(), HasSubstr(each->cmdlet().name));
  }
}

}  // namespace
}  // namespace sfb::collectors
