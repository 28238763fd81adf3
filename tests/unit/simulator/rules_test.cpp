// Every rule of the wire that a client can break is seen, and one that breaks none is not accused.
#include "tests/unit/simulator/rig.hpp"

namespace sim::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// One request of a conversation; the pipeline goes with Command and Send.
enum class Step { create, opened, command, send, receive, stop, terminate, remove };

/// At that step the text, of a message or of its envelope, is another one.
struct Mistake {
  Step step;
  std::string from;
  std::string to;
};

// What the simulator notes in the conversation as far as the step with the mistake.
std::vector<std::string> noted(const std::optional<Mistake>& mistake) {
  Rig rig;
  const auto spoilt = [&](Step step, const std::string& text) {
    return mistake && mistake->step == step && text.contains(mistake->from)
               ? replaced(text, mistake->from, mistake->to)
               : text;
  };
  const auto pipeline = fragments(3, create_pipeline, true, spoilt(Step::send, kPipeline), 1000);
  EXPECT_EQ(pipeline.size(), 2);
  const std::vector<std::pair<Step, std::string>> conversation = {
      {Step::create,
       create(opening(spoilt(Step::create, kCapability), spoilt(Step::create, kPool)))},
      {Step::opened, receive("")},
      {Step::command, command(pipeline.at(0))},
      {Step::send, send("stdin", pipeline.at(1))},
      {Step::receive, receive(kCommandId)},
      {Step::stop, signal("powershell/signal/crtl_c")},
      {Step::terminate,
       signal("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/Terminate")},
      {Step::remove, remove()}};
  for (const auto& [step, text] : conversation) {
    const std::string asked = spoilt(step, text);
    EXPECT_TRUE(!mistake || mistake->step != step || step == Step::create || step == Step::send ||
                asked != text)
        << mistake->from;
    rig.ask(asked);
    if (mistake && mistake->step == step) {
      break;
    }
  }
  return rig.world.violations;
}

TEST(Rules, AGoodConversationBreaksNone) {
  EXPECT_THAT(noted({}), IsEmpty());
}

struct Row {
  Mistake mistake;
  std::string expected;
};

void check(const std::vector<Row>& rows) {
  for (const auto& [mistake, expected] : rows) {
    SCOPED_TRACE(mistake.from + " -> " + mistake.to);
    EXPECT_THAT(noted(mistake), Contains(HasSubstr(expected)));
  }
}

TEST(Rules, Headers) {
  check({
      {{Step::create, "<a:To>https:", "<a:To>ftp:"}, "To is no URL"},
      {{Step::create, "<a:To>https://pool.example.com:443/OcsPowershell</a:To>", ""},
       "header To is missing"},
      {{Step::opened, "role/anonymous", "role/somebody"}, "ReplyTo is not anonymous"},
      {{Step::opened, "<a:Address s:mustUnderstand=\"true\">", "<a:Address>"}, "Address lacks"},
      {{Step::opened, "<a:Action s:mustUnderstand=\"true\">", "<a:Action>"},
       "header Action lacks mustUnderstand"},
      {{Step::opened, "<a:Action s:mustUnderstand", "<a:Action mustUnderstand"},
       "header Action lacks mustUnderstand"},
      {{Step::create, "2004/09/transfer/Create", "2004/09/other/Create"}, "the action is unknown"},
      {{Step::opened, "windows/shell/Receive", "windows/Receive"}, "the action is unknown"},
      {{Step::remove, "2004/09/transfer/Delete", "2004/09/transfer/Remove"},
       "the action is unknown"},
      {{Step::create, "uuid:00000000-AAAA-4BBB-8CCC-0", "00000000-AAAA-4BBB-8CCC-0"},
       "MessageID is no uuid:GUID"},
      {{Step::create, "microsoft.com/powershell/M", "microsoft.com/power/M"},
       "the resource URI is unknown"},
      {{Step::opened, "Microsoft.PowerShell<", "Another.Name<"}, "not that of the shell"},
      {{Step::opened, "<w:ResourceURI s:mustUnderstand=\"true\">", "<w:ResourceURI>"},
       "ResourceURI lacks"},
      {{Step::create, "153600<", "8191<"}, "MaxEnvelopeSize is no number from 8192"},
      {{Step::create, "153600<", "much<"}, "MaxEnvelopeSize is no number from 8192"},
      {{Step::create, "<w:MaxEnvelopeSize s:mustUnderstand=\"true\">", "<w:MaxEnvelopeSize>"},
       "MaxEnvelopeSize lacks"},
      {{Step::create, "PT20S", "20"}, "OperationTimeout is no duration"},
      {{Step::create, "<w:OperationTimeout>PT20S</w:OperationTimeout>", ""},
       "header OperationTimeout is missing"},
      {{Step::create, "<w:Locale xml:lang=\"en-US\" s:mustUnderstand=\"false\"",
        "<w:Locale xml:lang=\"en-US\" s:mustUnderstand=\"true\""},
       "header Locale must not be mustUnderstand"},
      {{Step::create, "<p:DataLocale xml:lang=\"en-US\" s:mustUnderstand=\"false\"",
        "<p:DataLocale xml:lang=\"en-US\" s:mustUnderstand=\"true\""},
       "header DataLocale must not be mustUnderstand"},
      {{Step::create, "uuid:00000000-AAAA-4BBB-8CCC-1", "00000000-AAAA-4BBB-8CCC-1"},
       "SessionId is no uuid:GUID"},
      {{Step::opened, "8CCC-1123456789AB", "8CCC-FFFFFFFFFFFF"}, "not that of the shell's Create"},
      {{Step::create, "<w:Locale", "<a:To>https://x/</a:To><w:Locale"}, "header To is there twice"},
      {{Step::opened, "<w:Locale", "<w:New s:mustUnderstand=\"1\"/><w:Locale"},
       "header New must not be mustUnderstand"},
  });
}

TEST(Rules, OptionsAndSelectors) {
  const std::string selector =
      fmt::format("<w:Selector Name=\"ShellId\">{}</w:Selector>", kShellId);
  check({
      {{Step::create, "Name=\"protocolversion\"", "Name=\"protocolVersion\""},
       "option protocolversion is missing"},
      {{Step::create, " MustComply=\"true\"", ""}, "option protocolversion lacks MustComply"},
      {{Step::create, ">2.3</w:Option>", ">new</w:Option>"}, "option protocolversion is \"new\""},
      {{Step::create, "<w:OptionSet s:mustUnderstand=\"true\">", "<w:OptionSet>"},
       "OptionSet lacks mustUnderstand"},
      {{Step::create, "Name=\"protocolversion\"", "Name=\"WINRS_CODEPAGE\""},
       "option \"WINRS_CODEPAGE\" does not belong here"},
      {{Step::opened, "KEEPALIVE", "KEEP"}, "KEEPALIVE is missing"},
      {{Step::opened, ">TRUE<", ">true<"}, "KEEPALIVE is \"true\""},
      {{Step::command, "WINRS_SKIP_CMD_SHELL", "WINRS_CONSOLEMODE_STDIN"},
       "option WINRS_SKIP_CMD_SHELL is missing"},
      {{Step::command, ">FALSE<", ">TRUE<"}, "option WINRS_SKIP_CMD_SHELL is \"TRUE\""},
      {{Step::opened, "Name=\"ShellId\"", "Name=\"ShellID\""}, "the one selector is not ShellId"},
      {{Step::remove, selector, replaced(replaced(selector, "<w:", "<p:"), "</w:", "</p:")},
       "the one selector is not ShellId"},
      {{Step::create, "</s:Header>",
        "<w:SelectorSet><w:Selector Name=\"ShellId\">x</w:Selector></w:SelectorSet></s:Header>"},
       "there is a selector"},
  });
}

TEST(Rules, Bodies) {
  const std::string shell_space = "xmlns:rsp=\"http://schemas.microsoft.com/wbem/wsman/1/windows/";
  check({
      {{Step::create, shell_space + "shell\"", shell_space + "shells\""},
       "Body does not hold one rsp:Shell"},
      {{Step::receive, shell_space + "shell\"", shell_space + "shells\""},
       "Body does not hold one rsp:Receive"},
      {{Step::create, "<creationXml xmlns=\"http://schemas.microsoft.com/powershell\"",
        "<creationXml xmlns=\"http://schemas.microsoft.com/power\""},
       "creationXml has a wrong namespace"},
      {{Step::create, "stdin pr", "stdin nonsense"}, "InputStreams is not stdin pr"},
      {{Step::create, ">stdout<", ">stdout stderr<"}, "OutputStreams is not stdout"},
      {{Step::create, "PT240S", "240000"}, "IdleTimeOut is no duration from 60 s"},
      {{Step::create, "PT240S", "PT59S"}, "IdleTimeOut is no duration from 60 s"},
      {{Step::create,
        "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:"
        "OutputStreams>",
        "<rsp:OutputStreams>stdout</rsp:OutputStreams><rsp:InputStreams>stdin pr</rsp:"
        "InputStreams>"},
       "InputStreams is out of order"},
      {{Step::create, "</rsp:Shell>", "<rsp:Colour/></rsp:Shell>"}, "Colour is out of order"},
      {{Step::create, "ShellId=\"0A1B2C3D", "ShellId=\"0a1b2c3d"}, "ShellId of Shell is no GUID"},
      {{Step::create, "ShellId=\"0A1B2C3D", "ShellId=\"0A1B2C3E"}, "the ShellId is not the RPID"},
      {{Step::command, "CommandId=\"66667777", "CommandId=\"{66667777"},
       "CommandId of CommandLine is no GUID"},
      {{Step::command, "<rsp:Command></rsp:Command>", ""}, "does not hold rsp:Command and"},
      {{Step::command, "<rsp:Command></rsp:Command>", "<rsp:Command>x</rsp:Command>"},
       "Command is not empty"},
      {{Step::command, "<rsp:Arguments>", "<rsp:Arguments>!"}, "Arguments is no base64"},
      {{Step::receive, ">stdout<", ">stderr<"}, "DesiredStream is not stdout"},
      {{Step::send, "Name=\"stdin\"", "Name=\"stdout\""}, "there is no stream \"stdout\""},
      {{Step::send, "Name=\"stdin\"", "Name=\"pr\""}, "fragments cannot be read"},
      {{Step::stop, "crtl_c", "ctrl_c"}, "the signal is unknown"},
      {{Step::terminate, "shell/signal/Terminate", "signal/Terminate"}, "the signal is unknown"},
      {{Step::remove, "<s:Body>", "<s:Body><rsp:Delete/>"}, "Body is not empty"},
  });
}

TEST(Rules, Opening) {
  check({
      {{Step::create, ">2.0</Version>", ">5.1</Version>"}, "PSVersion is not 2.x"},
      {{Step::create, ">1.1.0.1<", ">0.9<"}, "SerializationVersion is below 1.1"},
      {{Step::create, ">1.1.0.1<", ">one<"}, "SerializationVersion is no version"},
      {{Step::create, "N=\"protocolversion\">2.3", "N=\"protocolversion\">3.0"},
       "protocolversion is not 2.x"},
      {{Step::create, "N=\"protocolversion\"", "N=\"protocol\""}, "protocolversion is missing"},
      {{Step::create, "MinRunspaces", "Runspaces"}, "MinRunspaces is missing"},
      {{Step::create, "<I32 N=\"MinRunspaces\">1", "<I32 N=\"MinRunspaces\">2"},
       "MinRunspaces is not 1 to MaxRunspaces"},
      {{Step::create, "<I32 N=\"MaxRunspaces\">1</I32>", "<S N=\"MaxRunspaces\">1</S>"},
       "MaxRunspaces is no I32"},
      {{Step::create, "PSThreadOptions", "PSOptions"}, "PSThreadOptions is missing"},
      {{Step::create, "N=\"ApartmentState\"", "N=\"State\""}, "ApartmentState is missing"},
      {{Step::create, "N=\"HostInfo\"", "N=\"Host\""}, "HostInfo is missing"},
      {{Step::create, "_isHostUINull", "_isHostUI"}, "_isHostUINull is missing"},
      {{Step::create, "ApplicationArguments", "Arguments"}, "ApplicationArguments is missing"},
  });
}

TEST(Rules, Pipeline) {
  std::vector<Row> rows;
  for (const char* const name :
       {"NoInput", "ApartmentState", "RemoteStreamOptions", "AddToHistory", "HostInfo",
        "PowerShell", "IsNested", "Cmds", "History", "RedirectShellErrorOutputPipe", "Cmd",
        "IsScript", "UseLocalScope", "MergeMyResult", "MergeToResult", "MergePreviousResults",
        "Args"}) {
    rows.push_back({{Step::send, fmt::format("N=\"{}\"", name), fmt::format("N=\"X{}\"", name)},
                    fmt::format("CREATE_PIPELINE: {} is missing", name)});
  }
  check(rows);
  check({
      {{Step::send, "N=\"NoInput\">true", "N=\"NoInput\">false"}, "NoInput is not true"},
      {{Step::send, "<B N=\"AddToHistory\">false</B>", "<S N=\"AddToHistory\">false</S>"},
       "AddToHistory is no B"},
      {{Step::send, "N=\"AddToHistory\">false", "N=\"AddToHistory\">False"},
       "AddToHistory is no B"},
      {{Step::send, "<I32>0</I32>", "<S>0</S>"}, "is no enum"},
      // The second one is the pipeline's own, which servers since 2.2 want.
      {{Step::send, "<B N=\"IsNested\">false</B></MS></Obj>", "</MS></Obj>"},
       "IsNested is missing"},
      {{Step::send, "</MS></Obj>", "</MS>"}, "cannot be read"},
  });
}

TEST(Rules, HttpHeads) {
  const std::vector<std::pair<void (*)(HttpHead&), std::string>> rows = {
      {[](HttpHead& head) { head.method = "PUT"; }, "the method is PUT"},
      {[](HttpHead& head) { head.content_type = "text/xml;charset=UTF-8"; }, "Content-Type is"},
      {[](HttpHead& head) { head.content_type = "application/soap+xml"; }, "Content-Type is"},
      {[](HttpHead& head) { head.has_length = false; }, "Content-Length is missing"},
      {[](HttpHead& head) { head.chunked = true; }, "the body is chunked"},
      {[](HttpHead& head) { head.expects = true; }, "Expect is sent"},
      {[](HttpHead& head) { head.has_host = false; }, "Host is missing"},
      {[](HttpHead& head) { head.accept_encoding = "gzip, deflate"; }, "Accept-Encoding is not"},
      {[](HttpHead& head) { head.accept_encoding.clear(); }, "Accept-Encoding is not"}};
  for (const auto& [spoil, expected] : rows) {
    Rig rig;
    HttpHead spoilt = head();
    spoil(spoilt);
    rig.ask(remove(), spoilt);
    EXPECT_THAT(rig.world.violations, Contains(HasSubstr(expected)));
  }
  Rig rig;
  HttpHead other = head();
  other.content_type = "Application/SOAP+XML; charset=\"utf-8\"";
  rig.ask(remove(), other);
  EXPECT_THAT(rig.world.violations, IsEmpty());
}

// What a server refuses is refused, with its code.
TEST(Rules, ARefusedRequestIsNotActedUpon) {
  Rig rig;
  const Answer answer = rig.ask(replaced(create(opening(kCapability, kPool)), "PT240S", "240000"));
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("2150858817"));
  EXPECT_EQ(rig.world.shells, 0);
}

TEST(Rules, ARequestHasAnIdOfItsOwnButMayBeRepeated) {
  const auto id_of = [](const std::string& text) {
    return text.substr(text.find("<a:MessageID>"), 54);
  };
  Rig rig;
  rig.open();
  rig.run();
  const std::string asked = receive(kCommandId);
  rig.ask(asked);
  rig.ask(asked);
  EXPECT_THAT(rig.world.violations, IsEmpty());
  const std::string last = remove();
  rig.ask(replaced(last, id_of(last), id_of(asked)));
  EXPECT_THAT(rig.world.violations, Contains(HasSubstr("that of another request")));
}

TEST(Rules, RequestsHaveTheServersSize) {
  const auto noted_with = [](const std::string& server, std::size_t size) {
    Rig rig(server);
    rig.ask(replaced(remove(), "<s:Body>", "<s:Body>" + std::string(size, ' ')));
    return rig.world.violations;
  };
  EXPECT_THAT(noted_with("{}", 200'000), IsEmpty());
  EXPECT_THAT(noted_with("{}", 600'000), Contains(HasSubstr("MaxEnvelopeSize")));
  EXPECT_THAT(noted_with("{protocol: '2.1'}", 200'000), Contains(HasSubstr("MaxEnvelopeSize")));
}

// As python-winrm sends them: attributes without namespace, no ids, another output.
TEST(Rules, WinrsHasRulesOfItsOwn) {
  const auto winrs = [](std::string text) {
    text = replaced(text, "powershell/Microsoft.PowerShell", "wbem/wsman/1/windows/shell/cmd");
    for (std::size_t at = 0; (at = text.find(" s:must", at)) != std::string::npos;) {
      text.replace(at, 7, " must");
    }
    return text;
  };
  Rig rig;
  HttpHead requests = head();
  requests.accept_encoding = "gzip, deflate";
  const std::string options =
      R"(<w:OptionSet><w:Option Name="WINRS_NOPROFILE">FALSE</w:Option><w:Option Name="WINRS_CODEPAGE">437</w:Option></w:OptionSet>)";
  const std::string made =
      rig.ask(winrs(envelope(
                  "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create", options, false,
                  "<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout "
                  "stderr</rsp:OutputStreams></rsp:Shell>")),
              requests)
          .body;
  const auto at = made.find("<rsp:ShellId>") + 13;
  const std::string id = made.substr(at, made.find('<', at) - at);
  const auto ask = [&](const std::string& action, const std::string& body) {
    return rig.ask(replaced(winrs(envelope(action, "", true, body)), kShellId, id), requests).body;
  };
  const std::string space = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
  const std::string begun = ask(
      space + "/Command", "<rsp:CommandLine><rsp:Command>hostname</rsp:Command></rsp:CommandLine>");
  const auto command_at = begun.find("<rsp:CommandId>") + 15;
  const std::string command = begun.substr(command_at, begun.find('<', command_at) - command_at);
  EXPECT_THAT(
      ask(space + "/Receive", fmt::format("<rsp:Receive><rsp:DesiredStream CommandId=\"{}\">stdout "
                                          "stderr</rsp:DesiredStream></rsp:Receive>",
                                          command)),
      HasSubstr("CommandState/Done"));
  ask(space + "/Signal",
      fmt::format(
          "<rsp:Signal CommandId=\"{}\"><rsp:Code>{}/signal/terminate</rsp:Code></rsp:Signal>",
          command, space));
  ask("http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete", "");
  EXPECT_THAT(rig.world.violations, IsEmpty());
  EXPECT_EQ(rig.world.shells, 0);
}

}  // namespace
}  // namespace sim::test
