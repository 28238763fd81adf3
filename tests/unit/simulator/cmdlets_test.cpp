// Cmdlets beside the status: which the server knows, and what they answer.
#include "tests/simulator/cmdlets.hpp"

#include "agent/base/base64.hpp"
#include "tests/unit/simulator/rig.hpp"

#include <initializer_list>
#include <map>
#include <string>

namespace sim::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// One answer of a server, after it was read.
CmdletAnswer answer_in(const std::string& yaml) {
  const auto read = read_scenario(
      "listeners: [{name: a, server: {cmdlets: {Get-CsX: " + yaml + "}}}]", "/x", "s.yml");
  EXPECT_TRUE(read) << read.error();
  return read ? read->listeners[0].server.cmdlets.at("Get-CsX") : CmdletAnswer();
}

TEST(Cmdlets, MembersHaveTheTypeThatTheyLookLike) {
  const CmdletAnswer answer = answer_in(
      "{objects: [{Fqdn: fe.example.com, Yes: true, Quoted: 'true', Count: 10, At: "
      "2026-01-31T10:00:00.5Z, Every: 00:02:00, Long: 1.01:00:05, Zero: 00:00:00, Nothing: null, "
      "Names: [a, 1]}, {}]}");
  ASSERT_EQ(answer.objects.size(), 2);
  for (const char* const member :
       {R"(<S N="Fqdn">fe.example.com</S>)", R"(<B N="Yes">true</B>)", R"(<S N="Quoted">true</S>)",
        R"(<I32 N="Count">10</I32>)", R"(<DT N="At">2026-01-31T10:00:00.5Z</DT>)",
        R"(<TS N="Every">PT2M</TS>)", R"(<TS N="Long">P1DT1H5S</TS>)", R"(<TS N="Zero">PT0S</TS>)",
        R"(<Nil N="Nothing" />)", R"(<LST><S>a</S><I32>1</I32></LST>)"}) {
    EXPECT_THAT(answer.objects[0], HasSubstr(member));
  }
}

TEST(Cmdlets, OfSeveralKeysTheOneWithMostOfTheGivenSwitchesAnswers) {
  const Cmdlets cmdlets = {
      {"Get-CsX", {}}, {"Get-CsX -A", {}}, {"Get-CsX -A -B", {}}, {"Get-CsY -A", {}}};
  const auto key = [&](const std::string& name, const std::map<std::string, std::string>& given) {
    const auto found = find_cmdlet(cmdlets, name, given);
    return found == cmdlets.end() ? "none" : found->first;
  };
  EXPECT_EQ(key("get-csx", {}), "Get-CsX");
  EXPECT_EQ(key("Get-CsX", {{"a", "false"}, {"b", "true"}}), "Get-CsX");
  EXPECT_EQ(key("Get-CsX", {{"a", "True"}}), "Get-CsX -A");
  EXPECT_EQ(key("Get-CsX", {{"a", "true"}, {"b", "true"}}), "Get-CsX -A -B");
  EXPECT_EQ(key("Get-CsY", {}), "none");
  EXPECT_EQ(key("Get-CsZ", {}), "none");
}

// kPipeline with another command; `parameter` is its only one, `value` an element.
std::string pipeline_of(const std::string& name, bool script, const std::string& parameter,
                        const std::string& value) {
  std::string text = replaced(kPipeline, "Get-CsBackupServiceStatus", name);
  text = replaced(text, "-PoolFqdn", parameter);
  text = replaced(text, R"(<S N="V">atl.example.com</S>)", value);
  return script ? replaced(text, R"(N="IsScript">false)", R"(N="IsScript">true)") : text;
}

class OtherCmdlet : public ::testing::Test {
 protected:
  static constexpr const char* kTrue = R"(<B N="V">true</B>)";

  // What the server says to that pipeline.
  std::string ask(const std::string& name, bool script, const std::string& parameter = "-Store",
                  const std::string& value = kTrue) {
    rig.open();
    rig.ask(command(
        fragments(3, create_pipeline, true, pipeline_of(name, script, parameter, value)).front()));
    const std::string answer = rig.ask(receive(kCommandId)).body;
    std::string text;
    Assembler input;
    std::vector<PsrpMessage> messages;
    for (std::size_t at = 0; (at = answer.find("<rsp:Stream ", at)) != std::string::npos; ++at) {
      const auto from = answer.find('>', at) + 1;
      const auto bytes = sfb::base64_decode(answer.substr(from, answer.find('<', from) - from));
      EXPECT_TRUE(bytes && input.feed(*bytes, messages));
    }
    for (const PsrpMessage& message : messages) {
      text += message.body;
    }
    EXPECT_THAT(rig.world.violations, IsEmpty());
    return text;
  }

  Rig rig{
      "{cmdlets: {Get-CsX: {objects: [{A: all}, {A: two}], error: one is away}, "
      "Get-CsX -Store: {objects: [{A: stored}]}}}"};
};

TEST_F(OtherCmdlet, ACommandIsAnswered) {
  const std::string said = ask("Get-CsX", false);
  EXPECT_THAT(said, HasSubstr("stored"));
  EXPECT_THAT(said, Not(HasSubstr("SfbBackupExtras")));
  EXPECT_THAT(said, HasSubstr(R"(N="PipelineState">4<)"));
  EXPECT_EQ(rig.world.last_call["cmdlet"], "Get-CsX -Store");
  EXPECT_EQ(rig.world.counters.runs_by_cmdlet["Get-CsX -Store"], 1);
}

TEST_F(OtherCmdlet, AScriptIsAnsweredWithItsCounts) {
  const std::string said =
      ask("try { Get-CsX @arguments } catch { throw }", true, "-Store", R"(<B N="V">false</B>)");
  EXPECT_THAT(said, HasSubstr("two"));
  EXPECT_THAT(said, HasSubstr("one is away"));
  EXPECT_THAT(said, HasSubstr(R"(<S N="Key">Count</S><I32 N="Value">2</I32>)"));
  EXPECT_THAT(said, HasSubstr(R"(<S N="Key">Errors</S><I32 N="Value">1</I32>)"));
  EXPECT_THAT(said, Not(HasSubstr("Modules"))) << "only the status' script sends rows";
}

TEST_F(OtherCmdlet, WhatTheScenarioDoesNotNameIsNoCmdlet) {
  for (const bool script : {false, true}) {
    const std::string said = ask("Get-CsZ", script);
    EXPECT_THAT(said, HasSubstr("The term 'Get-CsZ' is not recognized"));
    EXPECT_THAT(said, HasSubstr("CommandNotFoundException"));
    EXPECT_THAT(said, HasSubstr(R"(N="PipelineState">5<)"));
    rig.ask(remove());
  }
  EXPECT_EQ(rig.world.counters.runs_by_cmdlet["Get-CsZ"], 2);
}

TEST_F(OtherCmdlet, HasNoPoolFqdn) {
  const std::string said = ask("Get-CsX", false, "-PoolFqdn", R"(<S N="V">atl.example.com</S>)");
  EXPECT_THAT(said, HasSubstr("NamedParameterNotFound"));
  EXPECT_THAT(said, HasSubstr(R"(N="PipelineState">5<)"));
}

}  // namespace
}  // namespace sim::test
