// Get-CsPoolBackupRelationship: its answers, its question and its metric.
#include "collectors/pool_backup_relationship/relationship.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"
#include "collectors/pool_backup_relationship/pool_backup_relationship.hpp"
#include "collectors/question.hpp"
#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::collectors::testing;  // NOLINT: the builders

const Fqdn kPool = Fqdn::parse("atl-cs-001.litwareinc.com").value();
const Facts kFacts{.pool = kPool};

PipelineResult names(std::vector<std::string> hosts) {
  PipelineResult result;
  std::vector<Value> items;
  items.reserve(hosts.size());
  for (std::string& name : hosts) {
    items.push_back(text(std::move(name)));
  }
  Value all = list(result.graph, std::move(items));
  result.output = {object(result.graph, {{"Anything", std::move(all)}})};
  return result;
}

Relationship relation(std::vector<std::string> hosts) {
  auto read = read_relationship(names(std::move(hosts)), {});
  EXPECT_TRUE(read.has_value()) << describe(read.error());
  return read ? std::move(*read) : Relationship{};
}

std::string code_of(const PipelineResult& result) {
  const auto read = read_relationship(result, {});
  return read ? "good" : read.error().code;
}

TEST(Relationship, ThePartnerIsTheOnlyOtherHost) {
  EXPECT_EQ(partner_of(relation({"ATL-cs-001.litwareinc.com", "b.example.com"}), kPool)->str(),
            "b.example.com");
  EXPECT_EQ(partner_of(relation({"b.example.com", "B.example.com."}), kPool)->str(),
            "b.example.com");
  EXPECT_EQ(partner_of(relation({kPool.str()}), kPool), std::nullopt);
  EXPECT_EQ(partner_of(relation({"b.example.com", "c.example.com"}), kPool), std::nullopt);
}

TEST(Relationship, WhatCannotBeReadIsAnError) {
  EXPECT_EQ(code_of({}), "answer.empty");
  EXPECT_EQ(code_of(names({"none"})), "relationship.unrecognised");
  PipelineResult failed = names({"b.example.com"});
  failed.state = PipelineState::failed;
  add_error(failed, "The pool is gone.");
  EXPECT_EQ(code_of(failed), "cmdlet.failed") << "what came before it may be half an answer";
  PipelineResult refused;
  add_error(refused, "Cannot find the pool.");
  EXPECT_EQ(code_of(refused), "cmdlet.error");
  EXPECT_EQ(code_of(names({std::string(60, 'a') + "." + std::string(60, 'b') + "." +
                           std::string(60, 'c') + ".d"})),
            "status.label_too_long");
}

TEST(Relationship, ErrorsBesideItAreTold) {
  PipelineResult result = names({"b.example.com"});
  add_error(result, "Something.");
  const auto read = read_relationship(result, {});
  ASSERT_TRUE(read.has_value());
  EXPECT_THAT(read->notes, SizeIs(1));
}

TEST(Relationship, AnUnknownPartnerIsADoubtAndNothingMore) {
  const Verdict known = judge(relation({"b.example.com"}), kPool);
  EXPECT_EQ(known.working, std::nullopt);
  EXPECT_EQ(known.configured, std::nullopt);
  EXPECT_THAT(known.doubts, IsEmpty());
  const Verdict unknown = judge(relation({"b.example.com", "c.example.com"}), kPool);
  ASSERT_THAT(unknown.doubts, SizeIs(1));
  EXPECT_EQ(unknown.doubts[0].code, "partner_unknown");
  EXPECT_THAT(unknown.doubts[0].text, HasSubstr("b.example.com c.example.com"));
  EXPECT_EQ(unknown.working, std::nullopt);
}

TEST(Relationship, AnotherHostIsAChange) {
  EXPECT_THAT(changes(relation({"a.b", "c.d"}), relation({"c.d", "a.b"})), IsEmpty());
  const auto moved = changes(relation({"a.b", "c.d"}), relation({"a.b", "e.f"}));
  ASSERT_THAT(moved, SizeIs(1));
  EXPECT_EQ(moved[0].event, "backup relationship changed");
  EXPECT_EQ(moved[0].fields[0].value, "a.b c.d");
  EXPECT_EQ(moved[0].fields[1].value, "a.b e.f");
}

TEST(PoolBackupRelationship, AsksTheLocalReplicaAboutThePool) {
  EXPECT_EQ(find("pool_backup_relationship"), &kPoolBackupRelationship);
  EXPECT_TRUE(asks_pool(kPoolBackupRelationship.cmdlet()));
  const Question question = scheduled_question(kPool, kPoolBackupRelationship);
  EXPECT_EQ(parameters_text(question), "Get-CsPoolBackupRelationship -LocalStore");
  const Call call = make_call(question);
  EXPECT_EQ(call.parameter("PoolFqdn"), kPool.str());
  EXPECT_EQ(call.parameter("LocalStore"), "true");
  EXPECT_THAT(call.script, HasSubstr("$PoolFqdn, $Force, $LocalStore)"));
}

// The samples of an answer, from the table's functions on.
std::vector<std::string> samples(const PipelineResult& result, bool fresh = true) {
  const auto finding = kPoolBackupRelationship.interpret(result, {});
  EXPECT_TRUE(finding.has_value());
  const auto memory = kPoolBackupRelationship.memory(kFacts, {});
  memory->learn(*finding, {});
  const ViewPtr view = memory->view(fresh, {});
  exposition::Writer writer(exposition::Format::text_0_0_4);
  for (const FamilyRow& row : kPoolBackupRelationship.families()) {
    writer.family(row.family);
    row.write(writer, *view);
  }
  const std::string page = writer.finish();
  std::vector<std::string> lines;
  for (const std::string_view line : split(page, '\n')) {
    if (!line.empty() && !line.starts_with('#')) {
      lines.emplace_back(line);
    }
  }
  return lines;
}

TEST(PoolBackupRelationship, OneSeriesWithThePartnerOrNone) {
  EXPECT_THAT(samples(names({kPool.str(), "CHI.example.com"})),
              ElementsAre("sfb_backup_pool_backup_relationship_info{pool=\"" + kPool.str() +
                          R"(",partner="chi.example.com"} 1)"));
  EXPECT_THAT(samples(names({"b.example.com", "c.example.com", kPool.str()})), IsEmpty());
  EXPECT_THAT(samples(names({"b.example.com", "c.example.com"})), IsEmpty());
  EXPECT_THAT(samples(names({"b.example.com"}), false), IsEmpty());
}

// An ended pairing is known, so it can be alerted on.
TEST(PoolBackupRelationship, NothingButThePoolItselfIsNoPartner) {
  EXPECT_THAT(samples(names({kPool.str()})),
              ElementsAre("sfb_backup_pool_backup_relationship_info{pool=\"" + kPool.str() +
                          R"(",partner=""} 1)"));
  EXPECT_THAT(samples(names({kPool.str()}), false), IsEmpty());
  EXPECT_THAT(samples(names({kPool.str(), "Other words"})), IsEmpty()) << "not understood";
  PipelineResult doubtful = names({kPool.str()});
  add_error(doubtful, "Something.");
  EXPECT_THAT(samples(doubtful), IsEmpty());
  const Verdict none = judge(relation({kPool.str()}), kPool);
  ASSERT_THAT(none.doubts, SizeIs(1));
  EXPECT_EQ(none.doubts[0].code, "partner_none");
}

// The member `partner` of what programs are told.
std::optional<std::string> told_partner(const PipelineResult& result) {
  const auto finding = kPoolBackupRelationship.interpret(result, {});
  EXPECT_TRUE(finding.has_value());
  const auto memory = kPoolBackupRelationship.memory(kFacts, {});
  memory->learn(*finding, {});
  const Document document = kPoolBackupRelationship.describe(*memory->view(true, {}));
  const Value* const member = find_member(document.graph, document.roots.front(), "partner");
  EXPECT_NE(member, nullptr);
  return member->is_null() ? std::nullopt : std::optional(member->text);
}

TEST(PoolBackupRelationship, ProgramsAreToldThePartnerOrNull) {
  EXPECT_EQ(told_partner(names({kPool.str(), "b.example.com"})), "b.example.com");
  EXPECT_EQ(told_partner(names({kPool.str()})), "") << "the server names none";
  EXPECT_EQ(told_partner(names({kPool.str(), "Other words"})), std::nullopt);
  EXPECT_THAT(kPoolBackupRelationship.schema(), HasSubstr("\"partner\""));
}

TEST(PoolBackupRelationship, ThroughTheTable) {
  const auto finding = kPoolBackupRelationship.interpret(names({kPool.str()}), {});
  ASSERT_TRUE(finding.has_value());
  EXPECT_THAT(kPoolBackupRelationship.judge(**finding, kFacts).doubts, SizeIs(1));
  EXPECT_THAT(kPoolBackupRelationship.changes(**finding, **finding), IsEmpty());
  EXPECT_EQ(kPoolBackupRelationship.oddities(**finding), "");
}

}  // namespace
}  // namespace sfb::collectors
