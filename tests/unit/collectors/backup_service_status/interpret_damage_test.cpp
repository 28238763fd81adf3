// What damage and flattening leave of an answer: it may fail or be unknown, but is never good or
// "not configured".
#include "agent/json/reader.hpp"
#include "collectors/dropped_file.hpp"
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

std::string code_of(const PipelineResult& result) {
  const auto status = interpret(result, {});
  return status ? "good" : status.error().code;
}

/// The status object whose BackupModules is this JSON.
PipelineResult from_json(const std::string& modules) {
  auto document = json::read("{\"BackupModules\":" + modules + "}", Limits{});
  EXPECT_TRUE(document.has_value()) << modules;
  PipelineResult result;
  result.graph = std::move(document->graph);
  result.output = std::move(document->roots);
  return result;
}

const std::string kBad = "A.B:[ErrorState,ErrorState]";
const std::string kGood = "C.D:[FinalState,NormalState]";

TEST(Joined, ModulesInOneTextAreNoModule) {
  for (const char* between : {" ", ", ", ",", ";", "; ", "\n", "\r\n", "\t", "", "|", " and "}) {
    const std::string joined = kBad + between + kGood;
    EXPECT_EQ(code_of(answer_with([&](Graph&) { return text(joined); })), "status.bad_module")
        << joined;
    EXPECT_EQ(code_of(answer_with([&](Graph& graph) {
                return list(graph, {text("E.F:[FinalState,NormalState]"), text(joined)});
              })),
              "status.bad_module")
        << joined;
    EXPECT_EQ(code_of(answer_with([&](Graph& graph) {
                Object made;
                made.to_string = joined;
                return Value::object_ref(graph.add(std::move(made)));
              })),
              "status.bad_module")
        << joined;
    EXPECT_EQ(code_of(answer({{joined, "FinalState", "NormalState"}})), "status.bad_module")
        << joined;
    EXPECT_EQ(code_of(answer_with([&](Graph& graph) {
                return table(graph, {{"Identity", text("")}, {"Text", text(joined)}});
              })),
              "status.bad_module")
        << joined;
  }
  const auto status = interpret(answer_with([](Graph&) { return text(kBad + " " + kGood); }), {});
  EXPECT_THAT(status.error().message, HasSubstr("joined"));
  EXPECT_THAT(status.error().remedy, HasSubstr("`evaluate --as clixml POOL`"));
  EXPECT_THAT(of_file(status.error(), "/srv/a.clixml").remedy, HasSubstr("-Depth"));
}

TEST(Joined, NothingStandsBehindTheLastBracketOrWithinAName) {
  for (const char* item :
       {"A:[FinalState,NormalState] x", "A:[FinalState,NormalState]]",
        "[A]:[FinalState,NormalState]", "A[0]:[FinalState,NormalState]",
        "A,B:[FinalState,NormalState]", "A:B:[FinalState,NormalState]",
        "{A:[FinalState,NormalState]", "A;B:[FinalState,NormalState]",
        "A:[ErrorState,ErrorState:[FinalState,NormalState]", "A:[Final[State,NormalState]",
        "A:[FinalState,NormalState,NormalState]", "A:[FinalState;ErrorState,NormalState]",
        "A:[FinalState ErrorState,NormalState]", "A:[FinalState,NormalState NormalState]"}) {
    EXPECT_EQ(code_of(answer_with([&](Graph&) { return text(item); })), "status.bad_module")
        << item;
  }
  for (const Row& row :
       std::vector<Row>{{"A[0]", "FinalState", "NormalState"},
                        {"A,C", "FinalState", "NormalState"},
                        {"System.Object[]", "FinalState", "NormalState"},
                        {"A C", "FinalState SteadyState", "NormalState NormalState"},
                        {"A", "FinalState,FinalState", "NormalState"},
                        {"A", "FinalState", "NormalState] C:[FinalState"},
                        {"A", "{FinalState}", "NormalState"}}) {
    EXPECT_EQ(code_of(answer({row})), "status.bad_module") << row_text(row);
  }
  EXPECT_EQ(code_of(answer({{"A B", "Final State", "Frob ErrorState"}})), "good")
      << "blanks alone are no joint";
}

TEST(Joined, WhatConvertToJsonLeavesBeyondItsDepthIsNoModule) {
  for (
      const char* modules : {
          R"("A.B:[ErrorState,ErrorState] C.D:[FinalState,NormalState]")",
          R"(["A.B:[ErrorState,ErrorState] C.D:[FinalState,NormalState]"])",
          R"("System.Object[]")",
          R"("System.Collections.Generic.List`1[Some.Module]")",
          R"(["System.Object[]"])",
          R"(["Some.Module","Some.Module"])",
          R"("System.Collections.Hashtable System.Collections.Hashtable")",
          R"("@{Identity=A.B; ExportStatus=FinalState; ImportStatus=NormalState}")",
          R"(["@{Identity=A.B; ExportStatus=FinalState; ImportStatus=NormalState}"])",
          R"(["@{Identity=A.B; Text=A.B:[FinalState,NormalState]}"])",
          R"("")",
          R"([""])",
          R"({})",
          R"([{}])",
          R"([[]])",
          R"([["C.D:[FinalState,NormalState]"]])",
          R"(0)",
          R"(false)",
          R"([{"Identity":["A.B","C.D"],"ExportStatus":"FinalState","ImportStatus":"NormalState"}])",
          R"([{"Identity":"A.B"}])",
      }) {
    EXPECT_EQ(code_of(from_json(modules)), "status.bad_module") << modules;
  }
}

TEST(Counted, TheCountIsThatOfTheItems) {
  const std::string items = R"(["A.B:[FinalState,NormalState]","C.D:[FinalState,NormalState]"])";
  EXPECT_EQ(code_of(from_json(R"({"value":)" + items + R"(,"Count":2})")), "good");
  EXPECT_EQ(code_of(from_json(R"({"Count":2,"value":)" + items + "}")), "good");
  EXPECT_EQ(code_of(from_json(R"({"value":[],"Count":0})")), "good");
  for (const char* count :
       {"1", "3", "-2", "0", "2.5", "\"2\"", "null", "true", "[2]", "{}", "99999999999999999999"}) {
    EXPECT_EQ(code_of(from_json(R"({"value":)" + items + R"(,"Count":)" + count + "}")),
              "status.bad_module")
        << count;
  }
  for (const char* value :
       {R"("A.B:[FinalState,NormalState] C.D:[FinalState,NormalState]")", R"("")", "{}", "null"}) {
    EXPECT_EQ(code_of(from_json(std::string(R"({"value":)") + value + R"(,"Count":2})")),
              "status.bad_module")
        << value;
  }
  EXPECT_EQ(code_of(from_json(R"({"value":[]})")), "status.bad_module") << "the Count is lost";
  EXPECT_EQ(code_of(from_json(R"({"Count":0})")), "status.bad_module") << "the list is lost";
  EXPECT_EQ(code_of(from_json(R"({"value":[],"Count":0,"x":1})")), "status.bad_module");
}

TEST(Contradiction, AnObjectsTextIsOfTheSameModule) {
  const auto item = [](std::string own_text, const Row& row) {
    return answer_with([&](Graph& graph) {
      const Value made = row_object(graph, row);
      graph.at(made.object).to_string = own_text;
      return list(graph, {made});
    });
  };
  const Row good{"A.B", "FinalState", "NormalState"};
  EXPECT_EQ(code_of(item("A.B:[FinalState,NormalState]", good)), "good");
  EXPECT_EQ(code_of(item("a.b : [Final State,normalstate]", good)), "good");
  EXPECT_EQ(code_of(item("Some.Module", good)), "good") << "a type's name says nothing";
  EXPECT_EQ(code_of(item("A.B:[4,0]", good)), "good") << "a number is no known state";
  for (const char* other :
       {"C.D:[FinalState,NormalState]", "A.B:[ErrorState,NormalState]",
        "A.B:[FinalState,ErrorState]", "A.B:[SteadyState,NormalState]",
        "A.B:[ErrorState,NormalState] A.B:[FinalState,NormalState]", "A.B:[FinalState"}) {
    EXPECT_EQ(code_of(item(other, good)), "status.bad_module") << other;
  }
}

/// A status object of texts, as plain remoting leaves it, and the script's rows.
PipelineResult scripted(const std::vector<std::string>& texts, const std::vector<Row>& rows,
                        bool null_too = false) {
  auto result = answer_with([&](Graph& graph) {
    std::vector<Value> items;
    for (const std::string& words : texts) {
      items.push_back(text(words));
    }
    if (null_too) {
      items.emplace_back();
    }
    return list(graph, std::move(items));
  });
  std::vector<Value> made;
  for (const Row& row : rows) {
    made.push_back(table(result.graph, {{"Identity", text(row.identity)},
                                        {"ExportStatus", text(row.export_word)},
                                        {"ImportStatus", text(row.import_word)},
                                        {"Text", text("Some.Module")}}));
  }
  if (null_too) {
    made.push_back(table(result.graph, {{"Identity", text("")},
                                        {"ExportStatus", text("")},
                                        {"ImportStatus", text("")},
                                        {"Text", text("")}}));
  }
  result.extras = table(result.graph, {{"SfbBackupExtras", Value::int32(1)},
                                       {"Modules", list(result.graph, std::move(made))}});
  return result;
}

TEST(ScriptRows, AreThoseOfTheObject) {
  const Row bad{"A.B", "ErrorState", "ErrorState"};
  const Row good{"C.D", "FinalState", "NormalState"};
  EXPECT_EQ(code_of(scripted({kBad, kGood}, {bad, good})), "good");
  EXPECT_EQ(code_of(scripted({kBad, kGood}, {bad, good}, true)), "good") << "a $null among them";
  EXPECT_EQ(code_of(scripted({"Some.Module", "Some.Module"}, {bad, good})), "good");
  EXPECT_EQ(code_of(scripted({kGood}, {})), "good") << "the object speaks for itself";
  // Swapped, another name, other states, one fewer on either side, a joined one on either side.
  EXPECT_EQ(code_of(scripted({kBad, kGood}, {good, bad})), "status.bad_module");
  EXPECT_EQ(code_of(scripted({kBad}, {good})), "status.bad_module");
  EXPECT_EQ(code_of(scripted({kBad}, {{"A.B", "FinalState", "ErrorState"}})), "status.bad_module");
  EXPECT_EQ(code_of(scripted({kGood}, {{"C.D", "ErrorState", "NormalState"}})),
            "status.bad_module");
  EXPECT_EQ(code_of(scripted({kGood}, {bad, good})), "status.bad_module");
  EXPECT_EQ(code_of(scripted({kBad, kGood}, {good})), "status.bad_module");
  EXPECT_EQ(code_of(scripted({}, {bad})), "status.bad_module") << "not: nothing is configured";
  EXPECT_EQ(code_of(scripted({kBad + " " + kGood}, {good})), "status.bad_module");
  EXPECT_EQ(code_of(scripted({kGood}, {{"C.D", "FinalState FinalState", "NormalState"}})),
            "status.bad_module");
}

TEST(ScriptRows, WithoutAStatusObjectAreAFailure) {
  for (std::size_t nulls = 0; nulls < 2; ++nulls) {
    auto result = scripted({}, {{"C.D", "FinalState", "NormalState"}});
    result.output.assign(nulls, Value{});
    const auto status = interpret(result, {});
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().reason, Reason::protocol);
    EXPECT_EQ(status.error().code, "status.missing");
  }
  auto none = scripted({}, {});
  none.output.clear();
  EXPECT_EQ(code_of(none), "good") << "no object and no modules agree";
}

TEST(Doubt, MakesAnEmptyAnswerSayNothing) {
  PipelineResult result;
  result.doubt = "an object was not finished";
  for (std::size_t nulls = 0; nulls < 2; ++nulls) {
    result.output.assign(nulls, Value{});
    const auto status = interpret(result, {});
    ASSERT_TRUE(status.has_value());
    EXPECT_FALSE(status->conclusive);
    EXPECT_THAT(status->notes, ElementsAre("an object was not finished"));
    const Verdict verdict = judge(*status, {});
    EXPECT_EQ(verdict.configured, std::nullopt);
    EXPECT_EQ(verdict.working, std::nullopt);
    EXPECT_THAT(verdict.reasons, IsEmpty());
    EXPECT_THAT(verdict.doubts, SizeIs(1));
  }
  add_error(result, "not paired");
  EXPECT_EQ(code_of(result), "cmdlet.error") << "an error is an answer";
}

TEST(Contradiction, AnObjectBesideTheStatusMayBeASecondOne) {
  auto result = answer(kLync2013);
  result.output.push_back(object(result.graph, {{"OverallExportStatus", text("ErrorState")}}));
  EXPECT_EQ(code_of(result), "status.several");
}

TEST(Contradiction, AModuleHasAllItsMembers) {
  for (const std::string missing : {"ExportStatus", "ImportStatus"}) {
    EXPECT_EQ(code_of(answer_with([&](Graph& graph) {
                std::vector<Property> members = {{"Identity", text("A.B")},
                                                 {"ExportStatus", text("FinalState")},
                                                 {"ImportStatus", text("NormalState")}};
                std::erase_if(members,
                              [&](const Property& member) { return member.name == missing; });
                return object(graph, std::move(members));
              })),
              "status.bad_module")
        << missing;
  }
}

TEST(Doubt, BesideAStatusObjectIsANote) {
  auto result = answer(kLync2013);
  result.doubt = "an unknown message came";
  const auto status = interpret(result, {});
  ASSERT_TRUE(status.has_value());
  EXPECT_TRUE(status->conclusive);
  EXPECT_THAT(status->notes, ElementsAre("an unknown message came"));
  EXPECT_EQ(judge(*status, {}).working, true);
}

TEST(Numbers, ANoteSaysHowToExportNames) {
  for (const char* row :
       {R"({"Identity":"A.B","ExportStatus":4,"ImportStatus":0})",
        R"({"Identity":"A.B","ExportStatus":"4","ImportStatus":"NormalState"})",
        R"({"Identity":"A.B","ExportStatus":"FinalState","ImportStatus":0})", R"("A.B:[0,0]")"}) {
    const auto status = interpret(from_json(std::string("[") + row + "]"), {});
    ASSERT_TRUE(status.has_value()) << row;
    EXPECT_THAT(status->notes, ElementsAre(HasSubstr("Export-BackupStatus.ps1"))) << row;
    EXPECT_EQ(judge(*status, {}).working, std::nullopt) << row;
    EXPECT_EQ(judge(*status, {}).configured, true) << row;
  }
  EXPECT_THAT(interpret(answer(kLync2013, {{"OverallExportStatus", Value::int32(4)}}), {})->notes,
              SizeIs(1));
  EXPECT_THAT(interpret(answer({{"A.B", "Frob", ""}}), {})->notes, IsEmpty());
}

TEST(Damaged, AMissingMemberIsNamed) {
  const auto message_of = [](std::vector<Property> properties) {
    return interpret(answer_with([&](Graph& graph) { return object(graph, properties); }), {})
        .error()
        .message;
  };
  const Property name{"Identity", text("A.B")};
  const Property exports{"ExportStatus", text("FinalState")};
  const Property imports{"ImportStatus", text("NormalState")};
  EXPECT_EQ(message_of({name, imports}), "item 1 of BackupModules has no ExportStatus");
  EXPECT_EQ(message_of({name, exports}), "item 1 of BackupModules has no ImportStatus");
  EXPECT_EQ(message_of({exports, imports}), "item 1 of BackupModules has no Identity");
  EXPECT_EQ(message_of({{"Identity", {}}, exports, imports}),
            "item 1 of BackupModules has no Identity");
  EXPECT_EQ(message_of({name, {"ExportStatus", {}}, {"ImportStatus", {}}}),
            "item 1 of BackupModules has no text in ExportStatus, and none in ImportStatus");
  EXPECT_THAT(message_of({{"Name", text("A")}}), HasSubstr("is neither an object with Identity"));
}

}  // namespace
}  // namespace sfb::collectors
