// What a simulated server does with good requests, and with those that come at a wrong time.
#include "agent/base/base64.hpp"
#include "tests/unit/simulator/rig.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace sim::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kOther = "77778888-DDDD-4EEE-9FFF-88889999AAAA";
constexpr const char* kStop = "powershell/signal/crtl_c";
const std::string kTerminate =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/Terminate";

// What the messages of an answer say, one behind the other.
std::string said(const std::string& answer) {
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
  return text;
}

// With little time for the answer; the run goes on behind it.
std::string receive_soon(const std::string& id) {
  return replaced(receive(id), "PT20S", "PT0.010S");
}

std::string pipeline_for(const std::string& id, int object) {
  std::string bytes = fragments(object, create_pipeline, true, kPipeline).front();
  const GuidBytes pid = guid_bytes(id);
  std::ranges::copy(pid, bytes.begin() + 21 + 24);
  return bytes;
}

std::string state(int number) {
  return fmt::format("<I32 N=\"PipelineState\">{}</I32>", number);
}

TEST(Machine, OfTwoVersionsTheSmallerOneIsSpoken) {
  for (const auto& [server, client, answer] :
       std::vector<std::array<const char*, 3>>{{"2.4", "2.3", "2.3"},
                                               {"2.3", "2.4", "2.3"},
                                               {"2.1", "2.3", "2.1"},
                                               {"2.4", "2.9", "2.4"},
                                               {"2.10", "2.9", "2.9"}}) {
    Rig rig(fmt::format("{{protocol: '{}'}}", server));
    rig.ask(create(opening(
        replaced(kCapability, "protocolversion\">2.3", fmt::format("protocolversion\">{}", client)),
        kPool)));
    const std::string opened = said(rig.ask(receive("")).body);
    EXPECT_THAT(opened, HasSubstr(fmt::format("\"protocolversion\">{}<", answer)));
    EXPECT_THAT(opened, HasSubstr("<I32 N=\"RunspaceState\">2</I32>"));
    EXPECT_THAT(rig.world.violations, IsEmpty());
  }
}

// A server that cannot agree tells its versions, and then nothing.
TEST(Machine, WhatCannotBeAgreedUponIsFollowedBySilence) {
  for (const auto& [server, from, to, answer] : std::vector<std::array<const char*, 4>>{
           {"2.3", "PSVersion\">2.0", "PSVersion\">5.1", "2.3"},
           {"2.3", "1.1.0.1", "1.0", "2.3"},
           {"2.3", "protocolversion\">2.3", "protocolversion\">3.0", "2.3"},
           {"3.0", "2.3", "2.3", "3.0"}}) {
    Rig rig(fmt::format("{{protocol: '{}'}}", server));
    rig.ask(create(opening(replaced(kCapability, from, to), kPool)));
    const std::string first = said(rig.ask(receive("")).body);
    EXPECT_THAT(first, HasSubstr(fmt::format("\"protocolversion\">{}<", answer)));
    EXPECT_THAT(first, Not(HasSubstr("RunspaceState")));
    EXPECT_THAT(rig.ask(receive_soon("")).body, HasSubstr("w:TimedOut"));
    EXPECT_EQ(rig.world.violations.empty(), std::string_view(from) == to);
  }
}

TEST(Machine, TheRunIsAnswered) {
  Rig rig;
  rig.open();
  rig.run();
  const std::string answer = rig.ask(receive(kCommandId)).body;
  EXPECT_THAT(said(answer), HasSubstr("BackupModules"));
  EXPECT_THAT(said(answer), HasSubstr(state(4)));
  EXPECT_THAT(answer, HasSubstr("CommandState/Done"));
  EXPECT_EQ(rig.world.last_call["poolfqdn"], "atl.example.com");
  EXPECT_EQ(rig.world.counters.max_envelope_seen, 153'600);
  EXPECT_THAT(rig.world.violations, IsEmpty());
}

TEST(Machine, AStopIsHeardInTheMiddleOfTheRun) {
  Rig rig("{}", "{slow: 1h}");
  rig.open();
  rig.run();
  EXPECT_THAT(rig.ask(receive_soon(kCommandId)).body, HasSubstr("w:TimedOut"));
  rig.ask(signal(kStop));
  const std::string answer = said(rig.ask(receive(kCommandId)).body);
  EXPECT_THAT(answer, HasSubstr(state(3)));
  EXPECT_THAT(answer, Not(HasSubstr("BackupModules")));
}

TEST(Machine, ADeafCmdletKeepsTheRunspaceBusy) {
  Rig rig("{deaf: true}", "{slow: 400ms}");
  const auto start = std::chrono::steady_clock::now();
  rig.open();
  rig.run();
  rig.ask(signal(kStop));
  EXPECT_THAT(rig.ask(receive_soon(kCommandId)).body, HasSubstr("w:TimedOut"));
  rig.ask(signal(kTerminate));
  rig.world.set_pool("atl.example.com", *read_pool("{}"));
  rig.ask(command(pipeline_for(kOther, 4), kOther));
  EXPECT_THAT(rig.ask(receive_soon(kOther)).body, HasSubstr("w:TimedOut"));
  EXPECT_THAT(said(rig.ask(receive(kOther)).body), HasSubstr(state(4)));
  EXPECT_GE(std::chrono::steady_clock::now() - start, Millis(400));
  EXPECT_THAT(rig.world.violations, IsEmpty());
}

TEST(Machine, APipelineOfAnotherStreamOrIdIsNotTaken) {
  const std::string whole = fragments(3, create_pipeline, true, kPipeline).front();
  const auto parts = fragments(3, create_pipeline, true, kPipeline, 1000);
  const auto noted = [](const std::vector<std::string>& requests) {
    Rig rig;
    rig.open();
    for (const std::string& request : requests) {
      rig.ask(request);
    }
    EXPECT_EQ(rig.world.counters.runs_by_pool.size(), 0);
    return rig.world.violations;
  };
  EXPECT_THAT(noted({command(parts.at(0)), send("pr", whole)}),
              Contains(HasSubstr("CREATE_PIPELINE came on stream pr")));
  EXPECT_THAT(noted({command(parts.at(1))}), Contains(HasSubstr("fragments cannot be read")));
  EXPECT_THAT(noted({command(whole, kOther)}), Contains(HasSubstr("has wrong ids")));
  std::string of_another_pool = whole;
  of_another_pool[21 + 8] = 'x';
  EXPECT_THAT(noted({command(of_another_pool)}), Contains(HasSubstr("has wrong ids")));
}

TEST(Machine, CommandsComeOneAfterTheOther) {
  Rig rig;
  rig.ask(create(opening(kCapability, kPool)));
  rig.run();
  EXPECT_THAT(rig.world.violations, Contains(HasSubstr("has not told that it is open")));
  rig.ask(receive(""));
  rig.ask(command(pipeline_for(kOther, 4), kOther));
  EXPECT_THAT(rig.world.violations, Contains(HasSubstr("the one before was not terminated")));
  rig.ask(create(opening(kCapability, kPool)));
  EXPECT_THAT(rig.world.violations, Contains(HasSubstr("there is a shell of that id")));
}

TEST(Machine, HostResponsesAreWantedOnceOnTheirStream) {
  const std::string response = fragments(4, host_response, true, kHostResponse).front();
  const auto asked = [](Rig& rig) {
    rig.open();
    rig.run();
    return said(rig.ask(receive(kCommandId)).body);
  };
  {
    Rig rig("{}", "{host_call: true}");
    EXPECT_THAT(asked(rig), HasSubstr("ReadLine"));
    rig.ask(send("pr", response));
    EXPECT_THAT(said(rig.ask(receive(kCommandId)).body), HasSubstr(state(5)));
    EXPECT_THAT(rig.world.violations, IsEmpty());
    EXPECT_EQ(rig.world.counters.host_responses, 1);
    rig.ask(send("pr", response));
    EXPECT_THAT(rig.world.violations, Contains(HasSubstr("that nobody asked for")));
  }
  for (const auto& [stream, from, to, expected] : std::vector<std::array<const char*, 4>>{
           {"stdin", "ci", "ci", "a host response came on stream stdin"},
           {"pr", ">1<", ">2<", "ci is not that of the call"},
           {"pr", "N=\"mi\"", "N=\"m\"", "mi is missing"},
           {"pr", "N=\"me\"", "N=\"mr\"", "answered without an exception"},
           {"pr", "N=\"me\"", "N=\"m\"", "one of me and mr is needed"}}) {
    Rig rig("{}", "{host_call: true}");
    asked(rig);
    rig.ask(
        send(stream, fragments(4, host_response, true, replaced(kHostResponse, from, to)).front()));
    EXPECT_THAT(rig.world.violations, Contains(HasSubstr(expected)));
  }
  Rig rig;
  asked(rig);
  rig.ask(replaced(send("pr", response), fmt::format(" CommandId=\"{}\"", kCommandId), ""));
  EXPECT_THAT(rig.world.violations, Contains(HasSubstr("the pool asked for nothing")));
  rig.ask(send("pr", response));
  EXPECT_THAT(rig.world.violations, Contains(HasSubstr("that nobody asked for")));
  EXPECT_EQ(rig.world.counters.host_responses, 0);
}

TEST(Machine, AnImportedModuleIsTold) {
  const std::string script =
      "Import-Module -Name $Module -ErrorAction Stop; Get-CsBackupServiceStatus";
  std::string pipeline = replaced(kPipeline, ">Get-CsBackupServiceStatus<", ">" + script + "<");
  pipeline = replaced(pipeline, "IsScript\">false", "IsScript\">true");
  const std::string with_module = replaced(
      pipeline, "<LST><Obj RefId=\"12\">",
      R"(<LST><Obj RefId="13"><MS><S N="N">Module</S><S N="V">SkypeForBusiness</S></MS></Obj><Obj RefId="12">)");
  Rig rig;
  rig.open();
  rig.ask(command(fragments(3, create_pipeline, true, pipeline).front()));
  EXPECT_FALSE(rig.world.last_call.contains("imported"));
  rig.ask(signal(kTerminate));
  rig.ask(command(fragments(4, create_pipeline, true, with_module).front()));
  EXPECT_EQ(rig.world.last_call["imported"], "SkypeForBusiness");
  rig.ask(signal(kTerminate));
  // It stays in the runspace.
  rig.ask(command(fragments(5, create_pipeline, true, pipeline).front()));
  EXPECT_EQ(rig.world.last_call["imported"], "SkypeForBusiness");
  EXPECT_THAT(rig.world.violations, IsEmpty());
}

TEST(Machine, AnEchoRepeatsTheRequestsSecrets) {
  const auto answered = [](const std::string& fault) {
    Rig rig;
    rig.world.set_faults(*read_faults("[" + fault + "]", rig.world.scenario()));
    return rig.ask(remove());
  };
  const Answer page = answered("{do: echo}");
  EXPECT_EQ(std::pair(page.status, page.content_type), std::pair(200, std::string("text/html")));
  for (const char* const part :
       {"POST /wsman", "Basic c3ZjOmh1bnRlcjI=", "c3ZjOmh1bnRlcjI\n", "svc:hunter2"}) {
    EXPECT_THAT(page.body, HasSubstr(part));
  }
  EXPECT_EQ(answered("{do: echo, code: 403}").status, 403);
  const Answer soap = answered("{do: echo, code: 500, as: soap}");
  EXPECT_EQ(soap.status, 500);
  EXPECT_THAT(soap.content_type, HasSubstr("soap"));
  EXPECT_THAT(soap.body, HasSubstr("s:Fault"));
  EXPECT_THAT(soap.body, HasSubstr("svc:hunter2"));
  const Answer raw = answered("{do: echo, as: head}");
  EXPECT_EQ(raw.delivery, Delivery::raw);
  EXPECT_THAT(raw.body, HasSubstr("\r\nBasic c3ZjOmh1bnRlcjI=\r\n"));
}

}  // namespace
}  // namespace sim::test
