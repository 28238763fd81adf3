// Rows of Get-CsManagementStoreReplicationStatus: what they mean, and what they do not tell.
#include "collectors/management_store_replication/replicas.hpp"

#include "collectors/management_store_replication/management_store_replication.hpp"
#include "tests/unit/collectors/objects.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::collectors::testing;  // NOLINT: the builders

using Members = std::vector<Property>;

/// One answer with a row per list of members.
PipelineResult answer_of(std::vector<Members> rows) {
  PipelineResult result;
  for (Members& row : rows) {
    result.output.push_back(object(result.graph, std::move(row)));
  }
  return result;
}

Members row(std::string fqdn, bool up_to_date) {
  return {{"ReplicaFqdn", text(std::move(fqdn))}, {"UpToDate", Value::boolean(up_to_date)}};
}

Replicas good(const PipelineResult& result) {
  auto read = read_replicas(result, {});
  EXPECT_TRUE(read.has_value()) << describe(read.error());
  return read ? std::move(*read) : Replicas{};
}

std::string code_of(const PipelineResult& result) {
  const auto read = read_replicas(result, {});
  return read ? "good" : read.error().code;
}

Replicas states(const std::vector<std::pair<std::string, std::optional<bool>>>& all) {
  Replicas made;
  for (const auto& [name, up_to_date] : all) {
    made.replicas.push_back({.fqdn = name, .up_to_date = up_to_date});
  }
  return made;
}

TEST(Replicas, MembersInAnyCaseAllOptionalButTheName) {
  const Replicas read = good(answer_of({{{"REPLICAFQDN", text(" A.Example.COM ")},
                                         {"uptodate", text("True")},
                                         {"LASTSTATUSREPORT", text("2026-11-23T18:47:03Z")},
                                         {"lastupdatecreation", text("/Date(1795459623000)/")},
                                         {"Unknown", text("kept in the answer")}},
                                        {{"ReplicaFqdn", text("b.example.com")}}}));
  ASSERT_THAT(read.replicas, SizeIs(2));
  const WallTime time = parse_iso8601("2026-11-23T18:47:03Z").value();
  EXPECT_EQ(read.replicas[0], (Replica{"a.example.com", true, time, time}));
  EXPECT_EQ(read.replicas[1], Replica{"b.example.com"});
  EXPECT_THAT(read.notes, IsEmpty());
}

TEST(Replicas, UnknownIsNeitherFalseNorGood) {
  const auto up_to_date = [](Value value) {
    const Replicas read =
        good(answer_of({{{"ReplicaFqdn", text("a")}, {"UpToDate", std::move(value)}}}));
    EXPECT_THAT(read.notes, SizeIs(read.replicas.at(0).up_to_date ? 0 : 1));
    return read.replicas.at(0).up_to_date;
  };
  EXPECT_EQ(up_to_date(text("false")), false);
  for (const Value& odd : {Value{}, text(""), text("yes"), Value::int32(1), text("True False")}) {
    EXPECT_EQ(up_to_date(odd), std::nullopt) << odd.text;
  }
  for (const char* odd : {"", "11/23/2026 6:47:03 PM", "0001-01-01T00:00:00"}) {
    const Replicas read =
        good(answer_of({{{"ReplicaFqdn", text("a")}, {"LastStatusReport", text(odd)}}}));
    EXPECT_EQ(read.replicas.at(0).last_status_report, std::nullopt) << odd;
  }
}

TEST(Replicas, NamesThatAreNone) {
  EXPECT_EQ(code_of(answer_of({row("a", true), {{"UpToDate", Value::boolean(false)}}})),
            "replicas.bad_replica")
      << "the row without a name could be the bad one";
  for (const char* name : {"", " ", "a.example.com b.example.com", "a,b", "{a}"}) {
    EXPECT_EQ(code_of(answer_of({row(name, true)})), "replicas.bad_replica") << name;
  }
  EXPECT_EQ(code_of(answer_of({{{"ReplicaFqdn", Value{}}}})), "replicas.bad_replica");
  EXPECT_EQ(code_of(answer_of({row(std::string(200, 'a'), true)})), "status.label_too_long");
  EXPECT_EQ(code_of(answer_of({row("a\x07", true)})), "status.control_character");
}

TEST(Replicas, TwiceIsGoodOnlyWhereEqual) {
  const Replicas same = good(answer_of({row("a", true), row("A", true)}));
  EXPECT_THAT(same.replicas, SizeIs(1));
  EXPECT_THAT(same.notes, ElementsAre(HasSubstr("more than once")));
  EXPECT_EQ(code_of(answer_of({row("a", true), row("A", false)})), "replicas.duplicate_replica");
}

TEST(Replicas, HaveACap) {
  std::vector<Members> rows;
  rows.reserve(kMostReplicas + 1);
  for (std::size_t i = 0; i < kMostReplicas; ++i) {
    rows.push_back(row(fmt::format("fe-{}.example.com", i), true));
  }
  EXPECT_THAT(good(answer_of(rows)).replicas, SizeIs(kMostReplicas));
  rows.push_back(row("one-more.example.com", false));
  EXPECT_EQ(code_of(answer_of(rows)), "replicas.too_many_replicas");
}

// For the log, the history and `evaluate`.
TEST(Replicas, AThousandOddRowsAreAFewNotesAndACount) {
  std::vector<Members> rows;
  for (std::size_t i = 0; i < kMostReplicas; ++i) {
    rows.push_back({{"ReplicaFqdn", text(fmt::format("s{}.x", i))}, {"UpToDate", text("maybe")}});
  }
  const auto finding = kManagementStoreReplication.interpret(answer_of(std::move(rows)), {});
  ASSERT_TRUE(finding);
  ASSERT_THAT((*finding)->notes, SizeIs(20));
  EXPECT_THAT((*finding)->notes.front(), HasSubstr("s0.x"));
  EXPECT_THAT((*finding)->notes.back(), "981 more odd things are not listed");
}

TEST(Replicas, NothingIsAnError) {
  EXPECT_EQ(code_of({}), "answer.empty");
  PipelineResult failed;
  add_error(failed, "Access is denied.");
  EXPECT_EQ(code_of(failed), "cmdlet.second_hop");
}

TEST(Replicas, VerdictTellsWhichAreNotUpToDate) {
  const Verdict bad = judge(states({{"a", true}, {"b", false}, {"c", std::nullopt}}));
  EXPECT_EQ(bad.configured, std::nullopt);
  EXPECT_EQ(bad.working, false);
  ASSERT_THAT(bad.reasons, SizeIs(1));
  EXPECT_EQ(bad.reasons[0].module, "b");
  EXPECT_EQ(bad.reasons[0].code, "replica_not_up_to_date");
  ASSERT_THAT(bad.doubts, SizeIs(1));
  EXPECT_EQ(bad.doubts[0].module, "c");

  const Verdict fine = judge(states({{"a", true}}));
  EXPECT_EQ(fine.working, std::nullopt) << "never true without configured";
  EXPECT_THAT(fine.reasons, IsEmpty());
  EXPECT_THAT(fine.doubts, IsEmpty());
}

TEST(Replicas, AnswersWithErrorsMayBeIncomplete) {
  PipelineResult result = answer_of({row("a", true)});
  add_error(result, "Cannot read one replica.");
  const Replicas read = good(result);
  EXPECT_FALSE(read.whole);
  EXPECT_THAT(read.notes, ElementsAre(HasSubstr("1 error")));
  ASSERT_THAT(judge(read).doubts, SizeIs(1));
  EXPECT_EQ(judge(read).doubts[0].code, "answer_incomplete");
}

std::vector<std::string> told(const std::vector<Change>& all) {
  std::vector<std::string> lines;
  for (const Change& change : all) {
    std::string line(change.event);
    for (const LogField& field : change.fields) {
      line += fmt::format(" {}={}", field.key, field.value);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

TEST(Replicas, ChangesAreNamed) {
  const Replicas before = states({{"a", true}, {"b", true}, {"c", true}, {"gone", true}});
  const Replicas now = states({{"new", true}, {"a", true}, {"b", false}, {"c", std::nullopt}});
  EXPECT_THAT(told(changes(before, now)),
              ElementsAre("replica state changed replica=new from= to=True",
                          "replica state changed replica=b from=True to=False",
                          "replica state changed replica=c from=True to=unknown",
                          "replica gone replica=gone"));
  EXPECT_THAT(changes(now, now), IsEmpty());
}

}  // namespace
}  // namespace sfb::collectors
