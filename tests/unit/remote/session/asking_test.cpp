// What the end of a script amounts to: all that it put out came, or the run fails.
#include "agent/remote/session/asking.hpp"

#include "agent/clixml/clixml.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::remote {
namespace {

const std::string kStatus =
    R"(<Obj RefId="0"><Props><Obj N="BackupModules" RefId="1"><LST><S>A.B:[FinalState,NormalState]</S></LST></Obj></Props></Obj>)";
const std::string kOther = "<S>something else</S>";

// A script's last object with these entries, `Key=<element>` without its attributes' names.
std::string extras(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text =
      R"(<Obj RefId="0"><DCT><En><S N="Key">SfbBackupExtras</S><I32 N="Value">1</I32></En>)";
  for (const auto& [key, value] : entries) {
    text += fmt::format(R"(<En><S N="Key">{}</S>{}</En>)", key, value);
  }
  return text + "</DCT></Obj>";
}

std::string number(const std::string& text) {
  return fmt::format(R"(<I32 N="Value">{}</I32>)", text);
}

std::string counted(int count) {
  return extras({{"Count", number(std::to_string(count))}});
}

PipelineResult made(const std::vector<std::string>& output,
                    PipelineState state = PipelineState::completed) {
  PipelineResult result;
  result.state = state;
  result.doubt = "object 5 did not come";
  for (const std::string& body : output) {
    MemoryMeter meter{Limits()};
    auto value = clixml::read_message(body, {}, result.graph, meter);
    EXPECT_TRUE(value) << body;
    result.output.push_back(*std::move(value));
  }
  return result;
}

Result<PipelineResult> concluded(PipelineResult result, bool script = true) {
  Asking asking({.transport = "ssh",
                 .language = script ? Language::automatic : Language::none,
                 .import_module = {}});
  asking.begin({.cmdlet = "Get-CsBackupServiceStatus",
                .parameters = {},
                .script = "param()",
                .rows_of = "BackupModules"});
  static_cast<void>(asking.commands());
  return *asking.conclude(std::move(result), true, true);
}

std::string code_of(const std::vector<std::string>& output) {
  const auto result = concluded(made(output));
  if (result) {
    return "good";
  }
  EXPECT_EQ(result.error().reason, Reason::protocol);
  EXPECT_FALSE(result.error().message.empty());
  EXPECT_FALSE(result.error().remedy.empty());
  EXPECT_TRUE(result.error().peer.empty());
  return result.error().code;
}

TEST(Asking, ACountThatAgreesProvesTheAnswer) {
  const auto result = concluded(made({kStatus, counted(1)}));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output.size(), 1);
  EXPECT_TRUE(result->extras);
  EXPECT_EQ(result->doubt, "") << "ids that do not follow on were another's";
  for (const auto& output : std::vector<std::vector<std::string>>{
           {counted(0)}, {kOther, counted(1)}, {kStatus, kOther, kStatus, counted(3)}}) {
    EXPECT_EQ(code_of(output), "good");
  }
}

TEST(Asking, NullsAreNotCounted) {
  EXPECT_EQ(code_of({"", counted(0)}), "good");
  EXPECT_EQ(code_of({"", kStatus, "", counted(1)}), "good");
  EXPECT_EQ(code_of({"", counted(1)}), "ssh.extras_disagree") << "an object that lost its content";
  EXPECT_EQ(code_of({R"(<Nil/>)", counted(1)}), "ssh.extras_disagree");
}

TEST(Asking, WithoutWhatTheScriptSendsLastTheAnswerIsNotWhole) {
  EXPECT_EQ(code_of({}), "ssh.extras_missing");
  EXPECT_EQ(code_of({kStatus}), "ssh.extras_missing");
  EXPECT_EQ(code_of({""}), "ssh.extras_missing");
  EXPECT_EQ(
      code_of({R"(<Obj RefId="0"><DCT><En><S N="Key">Else</S><S N="Value"/></En></DCT></Obj>)"}),
      "ssh.extras_missing");
}

TEST(Asking, WhatDoesNotAgreeFails) {
  for (const auto& output : std::vector<std::vector<std::string>>{
           {counted(1)},                       // the status was lost
           {kOther, counted(2)},               // one of two
           {kStatus, kStatus, counted(1)},     // came twice
           {kStatus, counted(1), counted(1)},  // this too
           {kStatus, counted(0)},              // changed
           {kStatus, counted(-1)},             //
           {kStatus, extras({})},              // our script always counts
           {kStatus, extras({{"Count", R"(<Nil N="Value"/>)"}})},
           {kStatus, extras({{"Count", R"(<S N="Value">one</S>)"}})},
           {kStatus, extras({{"Count", R"(<S N="Value">99999999999999999999</S>)"}})}}) {
    EXPECT_EQ(code_of(output), "ssh.extras_disagree");
  }
}

TEST(Asking, ModulesBelongToAStatus) {
  const std::string modules =
      R"(<Obj N="Value" RefId="1"><LST><Obj RefId="2"><DCT><En><S N="Key">Identity</S><S N="Value">A</S></En></DCT></Obj></LST></Obj>)";
  const std::string none = R"(<Obj N="Value" RefId="1"><LST/></Obj>)";
  const auto with = [](int count, const std::string& list) {
    return extras({{"Count", number(std::to_string(count))}, {"Modules", list}});
  };
  EXPECT_EQ(code_of({kStatus, with(1, modules)}), "good");
  EXPECT_EQ(code_of({kStatus, with(1, none)}), "good") << "strict mode loses the rows";
  EXPECT_EQ(code_of({with(0, none)}), "good");
  EXPECT_EQ(code_of({with(0, modules)}), "ssh.extras_disagree");
  EXPECT_EQ(code_of({kOther, with(1, modules)}), "ssh.extras_disagree");
}

// What fails has its reason, and is shown as far as it came.
TEST(Asking, AFailedScriptNeedsNoExtras) {
  const auto result = concluded(made({kStatus}, PipelineState::failed));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->state, PipelineState::failed);
  EXPECT_EQ(result->output.size(), 1);
}

TEST(Asking, ErrorsAloneSayMoreThanThatTheExtrasAreMissing) {
  PipelineResult result = made({""});
  result.errors.push_back(Value::string("no"));
  const auto errors = concluded(std::move(result));
  ASSERT_TRUE(errors);
  EXPECT_EQ(errors->errors.size(), 1);
  // An object that came is half an answer, and one that was counted was lost.
  for (const auto& output : std::vector<std::vector<std::string>>{{kStatus}, {counted(1)}}) {
    PipelineResult half = made(output);
    half.errors.push_back(Value::string("no"));
    EXPECT_FALSE(concluded(std::move(half)));
  }
}

TEST(Asking, AnErrorThatDidNotComeIsADoubtWhereNothingElseCame) {
  const auto doubt = [](const std::vector<std::string>& output, std::size_t errors) {
    PipelineResult result = made(output);
    result.errors.resize(errors, Value::string("no"));
    return concluded(std::move(result)).value().doubt;
  };
  const auto with = [](int count, const std::string& errors) {
    return extras({{"Count", number(std::to_string(count))}, {"Errors", number(errors)}});
  };
  EXPECT_EQ(doubt({with(0, "1")}, 0), "the script counted errors: 1, there came: 0");
  EXPECT_EQ(doubt({"", with(0, "2")}, 1), "the script counted errors: 2, there came: 1");
  EXPECT_EQ(doubt({with(0, "1")}, 1), "");
  EXPECT_EQ(doubt({with(0, "0")}, 2), "") << "of what stands before the cmdlet";
  EXPECT_EQ(doubt({kStatus, with(1, "1")}, 0), "");
  EXPECT_EQ(doubt({counted(0)}, 0), "");
}

TEST(Asking, NullFromACmdletAloneMayBeAStatusThatWasLost) {
  const auto doubt = [](const std::vector<std::string>& output) {
    PipelineResult result = made(output);
    result.doubt.clear();
    return concluded(std::move(result), false).value().doubt;
  };
  EXPECT_EQ(doubt({""}), "$null came where an object belongs");
  EXPECT_EQ(doubt({"<Nil />", ""}), "$null came where an object belongs");
  EXPECT_EQ(doubt({"", kStatus}), "");
  EXPECT_EQ(doubt({}), "");
}

TEST(Asking, ACmdletAloneKeepsItsDoubt) {
  const auto result = concluded(made({}), false);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->doubt, "object 5 did not come");
}

}  // namespace
}  // namespace sfb::remote
