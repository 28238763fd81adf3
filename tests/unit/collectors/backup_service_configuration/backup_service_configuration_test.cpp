// The collector as the engine sees it.
#include "collectors/backup_service_configuration/backup_service_configuration.hpp"

#include "agent/base/text.hpp"
#include "collectors/question.hpp"
#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using namespace sfb::collectors::testing;  // NOLINT: the builders

const Facts kFacts{.pool = Fqdn::parse("atl-cs-001.litwareinc.com").value()};

FindingPtr finding(std::vector<Property> members) {
  PipelineResult result;
  result.output = {object(result.graph, std::move(members))};
  return kBackupServiceConfiguration.interpret(result, {}).value();
}

std::vector<std::string> samples(const View& view) {
  exposition::Writer writer(exposition::Format::text_0_0_4);
  for (const FamilyRow& row : kBackupServiceConfiguration.families()) {
    row.write(writer, view);
  }
  const std::string page = writer.finish();
  std::vector<std::string> lines;
  for (const std::string_view line : split(trim(page), '\n')) {
    if (!line.empty()) {
      lines.emplace_back(line);
    }
  }
  EXPECT_LE(lines.size(), view.samples);
  return lines;
}

TEST(BackupServiceConfiguration, AsksTheLocalStore) {
  EXPECT_EQ(find("backup_service_configuration"), &kBackupServiceConfiguration);
  const Question question = scheduled_question(kFacts.pool, kBackupServiceConfiguration);
  EXPECT_TRUE(question.is_scheduled());
  EXPECT_TRUE(question.has_flag("LocalStore"));
  const Call call = make_call(question);
  EXPECT_EQ(call.cmdlet, "Get-CsBackupServiceConfiguration");
  ASSERT_THAT(call.parameters, SizeIs(1));
  EXPECT_EQ(call.parameters.front().name, "LocalStore");
  EXPECT_THAT(call.script,
              StartsWith("param($SfbImportModule, $SfbWidth, $Filter, $Identity, $LocalStore)\n"));
  EXPECT_FALSE(asks_pool(kBackupServiceConfiguration.cmdlet()));
}

TEST(BackupServiceConfiguration, ShowsWhatIsKnown) {
  const auto memory = kBackupServiceConfiguration.memory(kFacts, {});
  EXPECT_THAT(samples(*memory->view(true, {})), IsEmpty());
  memory->learn(finding({{"SyncInterval", text("00:02:00.5000000")},
                         {"MaxDataConfPackageSizeKB", Value::int32(102'400)},
                         {"EnableRgsBackupService", Value::boolean(false)}}),
                {});
  EXPECT_THAT(samples(*memory->view(true, {})),
              ElementsAre(R"({pool="atl-cs-001.litwareinc.com"} 120.5)",
                          R"({pool="atl-cs-001.litwareinc.com"} 104857600)",
                          R"({pool="atl-cs-001.litwareinc.com"} 0)"));
  EXPECT_THAT(samples(*memory->view(false, {})), IsEmpty()) << "an old answer is not shown";
  memory->learn(finding({{"AuthorizedUniversalGroups", text("a")}}), {});
  EXPECT_THAT(samples(*memory->view(true, {})), IsEmpty()) << "what is gone has no series";
}

TEST(BackupServiceConfiguration, ComparesTheGroupsThatMayAsk) {
  Facts facts = kFacts;
  const auto match = [&](FindingPtr found) {
    const auto memory = kBackupServiceConfiguration.memory(facts, {});
    memory->learn(std::move(found), {});
    const auto lines = samples(*memory->view(true, {}));
    return lines.empty() ? std::string("-") : lines.back().substr(lines.back().rfind(' ') + 1);
  };
  const FindingPtr answer = finding({{"AuthorizedUniversalGroups", text("Schema admins, Ops")}});
  const auto warned = [&] { return kBackupServiceConfiguration.warnings(*answer, facts); };
  EXPECT_EQ(match(answer), "-") << "nobody proves a group here";
  EXPECT_THAT(warned(), IsEmpty());
  const auto here = [&](std::vector<std::string> groups) {
    facts.expectation.authorized_groups =
        std::make_shared<const std::vector<std::string>>(std::move(groups));
  };
  here({"ops", "schema admins"});
  EXPECT_EQ(match(answer), "1");
  EXPECT_THAT(warned(), IsEmpty());
  here({"Ops", "Others"});
  EXPECT_EQ(match(answer), "0");
  EXPECT_THAT(warned(),
              ElementsAre("the groups that may ask here are not those of the server's "
                          "AuthorizedUniversalGroups; there alone: \"Schema admins\"; here alone: "
                          "\"Others\" (authorization.authorized_universal_groups decides here)"));
  here({"Ops", "S-1-5-21-1-2-3-4"});
  EXPECT_EQ(match(answer), "-") << "the SID may be that group's";
  EXPECT_THAT(warned(), ElementsAre(StartsWith("the groups that may ask here cannot be compared")));
  EXPECT_EQ(match(finding(
                {{"AuthorizedUniversalGroups", Value()}, {"AuthorizedLocalAccounts", text("x")}})),
            "-");
}

TEST(BackupServiceConfiguration, JudgesNothing) {
  const FindingPtr odd = finding({{"SyncInterval", text("forever")}});
  const Verdict verdict = kBackupServiceConfiguration.judge(*odd, kFacts);
  EXPECT_EQ(verdict.configured, std::nullopt);
  EXPECT_EQ(verdict.working, std::nullopt);
  EXPECT_THAT(verdict.reasons, IsEmpty());
  EXPECT_THAT(verdict.doubts, IsEmpty());
  EXPECT_EQ(kBackupServiceConfiguration.oddities(*odd),
            R"(SyncInterval is no time span: "forever")");
  EXPECT_EQ(
      kBackupServiceConfiguration.oddities(*finding({{"MaxConcurrentCalls", Value::int32(1)}})),
      "");
  EXPECT_THAT(
      kBackupServiceConfiguration.changes(*odd, *finding({{"SyncInterval", text("00:02:00")}})),
      SizeIs(1));
}

}  // namespace
}  // namespace sfb::collectors
