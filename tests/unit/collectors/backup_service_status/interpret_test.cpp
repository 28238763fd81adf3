// Every shape of an answer and every outcome (agent/README.md, "Outcomes").
#include "agent/base/text.hpp"
#include "tests/unit/collectors/objects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::collectors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::collectors::testing;  // NOLINT: the builders above

std::vector<std::string> rows_of(const Result<BackupStatus>& status) {
  std::vector<std::string> rows;
  if (!status) {
    rows.push_back("failed " + status.error().code + " " + describe(status.error()));
    return rows;
  }
  rows.reserve(status->modules.size());
  for (const Module& module : status->modules) {
    rows.push_back(module.identity.str() + " " + std::string(to_string(module.export_state)) + " " +
                   std::string(to_string(module.import_state)));
  }
  return rows;
}

std::vector<std::string> expected_rows(const std::vector<Row>& rows) {
  std::vector<std::string> out;
  out.reserve(rows.size());
  for (const Row& row : rows) {
    out.push_back(row.identity + " " + row.export_word + " " + row.import_word);
  }
  return out;
}

std::string code_of(const PipelineResult& result, const Limits& limits = {}) {
  const auto status = interpret(result, limits);
  return status ? "good"
                : std::string(to_string(status.error().reason)) + " " + status.error().code;
}

TEST(Interpret, ListOfObjects) {
  EXPECT_EQ(rows_of(interpret(answer(kLync2013), {})), expected_rows(kLync2013));
  EXPECT_EQ(rows_of(interpret(answer(kSfb2019), {})), expected_rows(kSfb2019));
}

TEST(Interpret, ListOfStrings) {
  const auto result = answer_with([](Graph& graph) {
    std::vector<Value> items;
    items.reserve(kSfb2019.size());
    for (const Row& row : kSfb2019) {
      items.push_back(text(row_text(row)));
    }
    return list(graph, std::move(items));
  });
  EXPECT_EQ(rows_of(interpret(result, {})), expected_rows(kSfb2019));
}

TEST(Interpret, SingleObjectAndSingleString) {
  const std::vector<Row> one = {kLync2013.front()};
  EXPECT_EQ(rows_of(interpret(
                answer_with([&](Graph& graph) { return row_object(graph, one.front()); }), {})),
            expected_rows(one));
  EXPECT_EQ(
      rows_of(interpret(answer_with([&](Graph&) { return text(row_text(one.front())); }), {})),
      expected_rows(one));
}

TEST(Interpret, Hashtables) {
  const auto result = answer_with([](Graph& graph) {
    std::vector<Value> items;
    items.reserve(kLync2013.size());
    for (const Row& row : kLync2013) {
      items.push_back(table(graph, {{"Identity", text(row.identity)},
                                    {"exportstatus", text(row.export_word)},
                                    {"IMPORTSTATUS", text(row.import_word)}}));
    }
    return list(graph, std::move(items));
  });
  EXPECT_EQ(rows_of(interpret(result, {})), expected_rows(kLync2013));
}

TEST(Interpret, StatusItselfAHashtable) {
  PipelineResult result;
  result.output = {table(result.graph, {{"backupmodules", text("A.B:[FinalState,NormalState]")}})};
  EXPECT_THAT(rows_of(interpret(result, {})), ElementsAre("A.B FinalState NormalState"));
}

TEST(Interpret, CountedListOfWindowsPowerShellJson) {
  const auto result = answer_with([](Graph& graph) {
    std::vector<Value> items = {row_object(graph, kLync2013[0]), row_object(graph, kLync2013[1])};
    Value inner = list(graph, std::move(items));
    return object(graph, {{"value", inner}, {"Count", Value::int32(2)}});
  });
  EXPECT_THAT(rows_of(interpret(result, {})), SizeIs(2));
}

TEST(Interpret, EnumsAreReadByTheirName) {
  const auto result = answer_with([](Graph& graph) {
    return object(graph, {{"Identity", text("A.B")},
                          {"ExportStatus", enumeration(graph, "SteadyState", 4)},
                          {"ImportStatus", enumeration(graph, "NormalState", 0)}});
  });
  EXPECT_THAT(rows_of(interpret(result, {})), ElementsAre("A.B SteadyState NormalState"));
}

TEST(Interpret, ObjectWithoutIdentityIsReadByItsToString) {
  const auto result = answer_with([](Graph& graph) {
    Object made;
    made.to_string = "A.B:[FinalState,ErrorState]";
    return Value::object_ref(graph.add(std::move(made)));
  });
  EXPECT_THAT(rows_of(interpret(result, {})), ElementsAre("A.B FinalState ErrorState"));
}

TEST(Interpret, BlanksInTextsAndCaseOfNames) {
  const auto result = answer_with([](Graph& graph) {
    return list(graph, {text("  UserServices.PresenceFocus : [ Steady State , Normal State ] "),
                        text("ConfServices.DataConf:[FINALSTATE,normalstate]"),
                        object(graph, {{"IDENTITY", text("C.D")},
                                       {"exportStatus", text(" non steady\tstate ")},
                                       {"importstatus", text("not initialized")}})});
  });
  EXPECT_THAT(rows_of(interpret(result, {})),
              ElementsAre("UserServices.PresenceFocus SteadyState NormalState",
                          "ConfServices.DataConf FinalState NormalState",
                          "C.D NonSteadyState NotInitialized"));
}

TEST(Interpret, PropertyBackupModulesInAnyCase) {
  PipelineResult result;
  result.output = {object(result.graph, {{"BACKUPMODULES", text("A.B:[ErrorState,ErrorState]")}})};
  EXPECT_THAT(rows_of(interpret(result, {})), ElementsAre("A.B ErrorState ErrorState"));
}

TEST(Interpret, NoModules) {
  const auto null = interpret(answer_with([](Graph&) { return Value{}; }), {});
  ASSERT_TRUE(null.has_value()) << describe(null.error());
  EXPECT_THAT(null->modules, IsEmpty());
  const auto empty = interpret(answer({}), {});
  ASSERT_TRUE(empty.has_value()) << describe(empty.error());
  EXPECT_THAT(empty->modules, IsEmpty());
}

TEST(Interpret, NullItemsAreIgnored) {
  auto result = answer_with([](Graph& graph) {
    return list(graph, {Value{}, text("A.B:[FinalState,NormalState]"), Value{}});
  });
  result.output.insert(result.output.begin(), Value{});
  result.output.emplace_back();
  EXPECT_THAT(rows_of(interpret(result, {})), ElementsAre("A.B FinalState NormalState"));
}

TEST(Interpret, UnknownModulesAndStatesStayWithTheirWords) {
  const auto status =
      interpret(answer({{"New.Module", "Frobbing", "NormalState"}, {"C.D", "4", "Odd"}}), {});
  ASSERT_TRUE(status.has_value()) << describe(status.error());
  EXPECT_THAT(rows_of(status),
              ElementsAre("New.Module Unknown NormalState", "C.D Unknown Unknown"));
  EXPECT_EQ(status->modules[0].export_word, "Frobbing");
  EXPECT_EQ(status->modules[1].export_word, "4");
  EXPECT_EQ(status->modules[1].import_word, "Odd");
  EXPECT_EQ(status->unknown_states, 3U);
}

TEST(Interpret, MissingStateIsUnknown) {
  const auto result = answer_with([](Graph& graph) {
    return object(
        graph,
        {{"Identity", text("A.B")}, {"ExportStatus", text("FinalState")}, {"ImportStatus", {}}});
  });
  const auto status = interpret(result, {});
  EXPECT_THAT(rows_of(status), ElementsAre("A.B FinalState Unknown"));
  EXPECT_EQ(status->unknown_states, 1U);
}

TEST(Interpret, OverallAndActiveMachine) {
  const auto without = interpret(answer(kLync2013), {});
  EXPECT_EQ(without->overall_export, std::nullopt);
  EXPECT_EQ(without->overall_import, std::nullopt);
  EXPECT_EQ(without->active_machine, "");

  const auto with = interpret(answer(kLync2013, {{"overallexportstatus", text("Steady State")},
                                                 {"OverallImportStatus", text("Weird")},
                                                 {"ActiveMachineFQDN", text("ATL-FE-001.x.com")}}),
                              {});
  ASSERT_TRUE(with.has_value()) << describe(with.error());
  EXPECT_EQ(with->overall_export, ExportState::steady_state);
  EXPECT_EQ(with->overall_import, ImportState::unknown);
  EXPECT_EQ(with->overall_import_word, "Weird");
  EXPECT_EQ(with->unknown_states, 1U);
  EXPECT_EQ(with->active_machine, "atl-fe-001.x.com");

  const auto short_name = interpret(answer({}, {{"ActiveMachine", text("FE1")}}), {});
  EXPECT_EQ(short_name->active_machine, "fe1");
  const auto null =
      interpret(answer({}, {{"ActiveMachineFqdn", {}}, {"OverallExportStatus", {}}}), {});
  EXPECT_EQ(null->active_machine, "");
  EXPECT_EQ(null->overall_export, std::nullopt);
}

TEST(Interpret, NothingAtAllIsGood) {
  const auto status = interpret(PipelineResult{}, {});
  ASSERT_TRUE(status.has_value()) << describe(status.error());
  EXPECT_THAT(status->modules, IsEmpty());
  PipelineResult nulls;
  nulls.output.resize(3);
  EXPECT_EQ(code_of(nulls), "good");
}

TEST(Interpret, OneObjectWithErrorsIsGood) {
  auto result = answer(kLync2013);
  add_error(result, "A non-fatal thing.");
  EXPECT_EQ(code_of(result), "good");
}

TEST(Interpret, ErrorsWithoutObject) {
  PipelineResult result;
  add_error(result, "The pool is not paired.", "NotPaired,Get");
  add_error(result, "Second.");
  const auto status = interpret(result, {});
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(code_of(result), "cmdlet cmdlet.error");
  EXPECT_EQ(status.error().peer, "The pool is not paired.");
  EXPECT_THAT(status.error().message, ::testing::Not(HasSubstr("paired")))
      << "the server's words belong in peer alone";
}

TEST(Interpret, FailedPipelineIsNeverGood) {
  auto result = answer(kLync2013);
  result.state = PipelineState::failed;
  add_error(result, "Pipeline stopped.");
  EXPECT_EQ(code_of(result), "cmdlet cmdlet.failed");
  PipelineResult silent;
  silent.state = PipelineState::failed;
  EXPECT_EQ(code_of(silent), "cmdlet cmdlet.failed");
}

TEST(Interpret, ACmdletThatIsNotThereIsTold) {
  struct Case {
    const char* message;
    const char* id;
    const char* code;
  };
  const std::string module_error =
      "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand";
  for (const Case& c : {Case{"The term 'Get-CsBackupServiceStatus' is not recognized.",
                             "CommandNotFoundException", "cmdlet cmdlet.not_found"},
                        Case{"The term 'Import-Module' is not recognized.",
                             "CommandNotFoundException", "cmdlet cmdlet.import_failed"},
                        Case{"The specified module 'Lync' was not loaded: Access is denied.",
                             module_error.c_str(), "cmdlet cmdlet.import_failed"}}) {
    PipelineResult result;
    result.state = PipelineState::failed;
    add_error(result, c.message, c.id);
    EXPECT_EQ(code_of(result), c.code);
    EXPECT_THAT(interpret(result, {}).error().remedy, HasSubstr("import_module"));
  }
}

TEST(Interpret, SecondHopIsAHint) {
  for (const std::string message :
       {"Access is denied.", "Login failed for user 'NT AUTHORITY\\ANONYMOUS LOGON'.",
        "Cannot generate SSPI context.", "The caller was not authenticated by the service.",
        "Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))"}) {
    PipelineResult result;
    add_error(result, "Something else first.");
    add_error(result, message);
    const auto status = interpret(result, {});
    EXPECT_EQ(code_of(result), "cmdlet cmdlet.second_hop") << message;
    EXPECT_THAT(status.error().remedy, HasSubstr("RTCUniversalServerAdmins")) << message;
  }
}

TEST(Interpret, SeveralStatusObjects) {
  auto result = answer(kLync2013);
  result.output.push_back(result.output.front());
  EXPECT_EQ(code_of(result), "parse status.several");
}

TEST(Interpret, NothingRecognisable) {
  PipelineResult result;
  result.output = {text("hello"), Value::int32(4)};
  EXPECT_EQ(code_of(result), "parse status.unrecognised");
  EXPECT_EQ(interpret(result, {}).error().message,
            "none of the 2 objects has a property BackupModules");
  PipelineResult one;
  one.output = {text("hello")};
  EXPECT_EQ(interpret(one, {}).error().message, "the object has no property BackupModules");
  add_error(result, "and an error");
  EXPECT_EQ(code_of(result), "parse status.unrecognised") << "the table says parse, errors or not";
  result.output.insert(result.output.begin(), Value{});
  EXPECT_EQ(code_of(result), "parse status.unrecognised");
}

TEST(Interpret, OtherObjectsBesideTheStatusAreNoted) {
  auto result = answer(kLync2013);
  result.output.push_back(text("noise"));
  const auto status = interpret(result, {});
  ASSERT_TRUE(status.has_value()) << describe(status.error());
  EXPECT_THAT(status->notes, ElementsAre("1 object beside the status object is ignored"));
  result.output.push_back(text("more noise"));
  EXPECT_THAT(interpret(result, {})->notes,
              ElementsAre("2 objects beside the status object are ignored"));
}

TEST(Interpret, BadModules) {
  for (const std::string item :
       {"", "plain", "A:[x]", "A:[x,y,z]", "A[x,y]", ":[x,y]", "  : [x,y]", "A:[x,y", "A:x,y]"}) {
    EXPECT_EQ(code_of(answer_with([&](Graph&) { return text(item); })), "parse status.bad_module")
        << "item: " << item;
  }
  EXPECT_EQ(
      code_of(answer_with([](Graph& graph) { return object(graph, {{"Identity", text("A.B")}}); })),
      "parse status.bad_module");
  EXPECT_EQ(code_of(answer_with([](Graph& graph) {
              return object(graph, {{"Identity", {}}, {"ExportStatus", text("FinalState")}});
            })),
            "parse status.bad_module");
  EXPECT_EQ(code_of(answer_with([](Graph& graph) { return object(graph, {{"Name", text("A")}}); })),
            "parse status.bad_module");
}

TEST(Interpret, LabelsAreCheckedAndCapped) {
  EXPECT_EQ(code_of(answer({{"A\x1b(B", "FinalState", "NormalState"}})),
            "parse status.control_character");
  EXPECT_EQ(code_of(answer({{"A\xc2\x9bX", "FinalState", "NormalState"}})),
            "parse status.control_character");
  EXPECT_EQ(code_of(answer({{"A\nB", "FinalState", "NormalState"}})),
            "parse status.control_character");
  EXPECT_EQ(code_of(answer({}, {{"ActiveMachineFqdn", text("fe\x01")}})),
            "parse status.control_character");
  EXPECT_EQ(code_of(answer({{std::string(128, 'a'), "FinalState", "NormalState"}})), "good");
  EXPECT_EQ(code_of(answer({{std::string(129, 'a'), "FinalState", "NormalState"}})),
            "parse status.label_too_long");
  EXPECT_EQ(code_of(answer({}, {{"ActiveMachineFqdn", text(std::string(129, 'a'))}})),
            "parse status.label_too_long");
}

TEST(Interpret, LongWordsAreCutBetweenCharacters) {
  Limits limits;
  limits.label_length = 4;
  const auto status = interpret(answer({{"A", "abc\xc3\xa4z", "abcd"}}), limits);
  ASSERT_TRUE(status.has_value()) << describe(status.error());
  EXPECT_EQ(status->modules[0].export_word, "abc");
  EXPECT_EQ(status->modules[0].import_word, "abcd");
}

// The one left out could be the one that fails, so too many are a failure and not a shorter list.
TEST(Interpret, TooManyModulesAreAFailure) {
  Limits limits;
  limits.modules_per_pool = 4;
  const auto refused = interpret(answer(kSfb2019), limits);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason, Reason::parse);
  EXPECT_EQ(refused.error().code, "status.too_many_modules");
  limits.modules_per_pool = 5;
  EXPECT_THAT(interpret(answer(kSfb2019), limits)->notes, IsEmpty());
}

TEST(Interpret, ANameTwiceCountsOnceWhenItSaysTheSame) {
  const auto status = interpret(
      answer({{"A.B", "FinalState", "NormalState"}, {"a.b", "finalstate", "NormalState"}}), {});
  ASSERT_TRUE(status.has_value()) << describe(status.error());
  EXPECT_THAT(rows_of(status), ElementsAre("A.B FinalState NormalState"));
  EXPECT_THAT(status->notes, ElementsAre(HasSubstr("more than once")));
}

TEST(Interpret, ANameTwiceWithOtherStatesIsAFailure) {
  const auto status = interpret(
      answer({{"A.B", "FinalState", "NormalState"}, {"a.b", "ErrorState", "NormalState"}}), {});
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, "status.duplicate_module");
  EXPECT_EQ(status.error().peer, "A.B:[FinalState,NormalState] and A.B:[ErrorState,NormalState]");
  EXPECT_THAT(status.error().message, ::testing::Not(HasSubstr("A.B")))
      << "a server's words are no part of ours";
}

}  // namespace
}  // namespace sfb::collectors
