#include "tests/unit/simulator/client.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sim::test {

namespace {

constexpr const char* kTransfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer/";
constexpr const char* kShell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/";

std::string option(const std::string& attributes, const std::string& value) {
  return fmt::format(
      R"(<w:OptionSet s:mustUnderstand="true"><w:Option {}>{}</w:Option></w:OptionSet>)",
      attributes, value);
}

std::string base64(const std::string& bytes) {
  constexpr const char* kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t rest = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      three = three * 256 + (i < rest ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= rest ? kLetters[(three >> (18 - 6 * i)) % 64] : '=';
    }
  }
  return out;
}

std::string number(std::uint64_t value, int size, bool big) {
  std::string out;
  for (int i = 0; i < size; ++i) {
    out += static_cast<char>(value >> (8 * (big ? size - 1 - i : i)));
  }
  return out;
}

// kShellId and kCommandId as .NET writes them.
const std::string kRpid = "\x3D\x2C\x1B\x0A\x11\x11\x22\x42\x83\x33\x44\x44\x55\x55\x66\x66";
const std::string kPid = "\x77\x77\x66\x66\xDD\xDD\xEE\x4E\x9F\xFF\x88\x88\x99\x99\xAA\xAA";

const std::string kHost =
    R"(<Obj N="HostInfo" RefId="3"><MS><B N="_isHostNull">true</B><B N="_isHostUINull">true</B><B N="_isHostRawUINull">true</B><B N="_useRunspaceHost">true</B></MS></Obj>)";
const std::string kApartment =
    R"(<Obj N="ApartmentState" RefId="2"><TN RefId="1"><T>System.Threading.ApartmentState</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>Unknown</ToString><I32>2</I32></Obj>)";

std::string merge(const std::string& name, int id) {
  return fmt::format(R"(<Obj N="{}" RefId="{}"><ToString>None</ToString><I32>0</I32></Obj>)", name,
                     id);
}

}  // namespace

const std::string kCapability =
    R"(<Obj RefId="0"><MS><Version N="protocolversion">2.3</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>)";

const std::string kPool =
    R"(<Obj RefId="0"><MS><I32 N="MinRunspaces">1</I32><I32 N="MaxRunspaces">1</I32><Obj N="PSThreadOptions" RefId="1"><ToString>Default</ToString><I32>0</I32></Obj>)" +
    kApartment + kHost + R"(<Nil N="ApplicationArguments"/></MS></Obj>)";

const std::string kPipeline =
    R"(<Obj RefId="0"><MS><B N="NoInput">true</B>)" + kApartment + kHost +
    R"(<Obj N="RemoteStreamOptions" RefId="4"><ToString>None</ToString><I32>0</I32></Obj><B N="AddToHistory">false</B><Obj N="PowerShell" RefId="5"><MS><B N="IsNested">false</B><Nil N="ExtraCmds"/><Obj N="Cmds" RefId="6"><LST><Obj RefId="7"><MS><S N="Cmd">Get-CsBackupServiceStatus</S><B N="IsScript">false</B><Nil N="UseLocalScope"/>)" +
    merge("MergeMyResult", 8) + merge("MergeToResult", 9) + merge("MergePreviousResults", 10) +
    R"(<Obj N="Args" RefId="11"><LST><Obj RefId="12"><MS><S N="N">-PoolFqdn</S><S N="V">atl.example.com</S></MS></Obj></LST></Obj></MS></Obj></LST></Obj><Nil N="History"/><B N="RedirectShellErrorOutputPipe">false</B></MS></Obj><B N="IsNested">false</B></MS></Obj>)";

const std::string kHostResponse =
    R"(<Obj RefId="0"><MS><I64 N="ci">1</I64><Obj N="mi" RefId="1"><ToString>ReadLine</ToString><I32>11</I32></Obj><Obj N="me" RefId="2"><MS><S N="Message">no</S></MS></Obj></MS></Obj>)";

std::vector<std::string> fragments(int object, MessageType type, bool of_pipeline,
                                   const std::string& body, std::size_t blob) {
  const std::string whole = number(2, 4, false) + number(type, 4, false) + kRpid +
                            (of_pipeline ? kPid : std::string(16, '\0')) + body;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < whole.size(); at += blob) {
    const std::string piece = whole.substr(at, blob);
    const int flags = (at == 0 ? 1 : 0) + (at + piece.size() == whole.size() ? 2 : 0);
    out.push_back(number(static_cast<std::uint64_t>(object), 8, true) +
                  number(out.size(), 8, true) + static_cast<char>(flags) +
                  number(piece.size(), 4, true) + piece);
  }
  return out;
}

std::string opening(const std::string& capability, const std::string& pool) {
  return fragments(1, session_capability, false, capability).front() +
         fragments(2, init_runspacepool, false, pool).front();
}

std::string envelope(const std::string& action, const std::string& options, bool selector,
                     const std::string& body) {
  static int made = 0;
  return fmt::format(
      R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header><a:To>https://pool.example.com:443/OcsPowershell</a:To><a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo><a:Action s:mustUnderstand="true">{}</a:Action><a:MessageID>uuid:00000000-AAAA-4BBB-8CCC-0123{:08X}</a:MessageID><w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/powershell/Microsoft.PowerShell</w:ResourceURI><w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize><w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/><p:SessionId s:mustUnderstand="false">uuid:00000000-AAAA-4BBB-8CCC-1123456789AB</p:SessionId><w:OperationTimeout>PT20S</w:OperationTimeout>{}{}</s:Header><s:Body>{}</s:Body></s:Envelope>)",
      action, ++made, options,
      selector ? fmt::format(
                     R"(<w:SelectorSet><w:Selector Name="ShellId">{}</w:Selector></w:SelectorSet>)",
                     kShellId)
               : "",
      body);
}

std::string create(const std::string& opening) {
  return envelope(
      std::string(kTransfer) + "Create",
      option(R"(Name="protocolversion" MustComply="true")", "2.3"), false,
      fmt::format(
          R"(<rsp:Shell ShellId="{}"><rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams><rsp:IdleTimeOut>PT240S</rsp:IdleTimeOut><creationXml xmlns="http://schemas.microsoft.com/powershell">{}</creationXml></rsp:Shell>)",
          kShellId, base64(opening)));
}

std::string receive(const std::string& command) {
  return envelope(
      std::string(kShell) + "Receive", option(R"(Name="WSMAN_CMDSHELL_OPTION_KEEPALIVE")", "TRUE"),
      true,
      fmt::format("<rsp:Receive><rsp:DesiredStream{}>stdout</rsp:DesiredStream></rsp:Receive>",
                  command.empty() ? "" : fmt::format(R"( CommandId="{}")", command)));
}

std::string command(const std::string& first, const std::string& id) {
  return envelope(
      std::string(kShell) + "Command", option(R"(Name="WINRS_SKIP_CMD_SHELL")", "FALSE"), true,
      fmt::format(
          R"(<rsp:CommandLine CommandId="{}"><rsp:Command></rsp:Command><rsp:Arguments>{}</rsp:Arguments></rsp:CommandLine>)",
          id, base64(first)));
}

std::string send(const std::string& stream, const std::string& bytes) {
  return envelope(
      std::string(kShell) + "Send", "", true,
      fmt::format(R"(<rsp:Send><rsp:Stream Name="{}" CommandId="{}">{}</rsp:Stream></rsp:Send>)",
                  stream, kCommandId, base64(bytes)));
}

std::string signal(const std::string& code, const std::string& id) {
  return envelope(
      std::string(kShell) + "Signal", "", true,
      fmt::format(R"(<rsp:Signal CommandId="{}"><rsp:Code>{}</rsp:Code></rsp:Signal>)", id, code));
}

std::string remove() {
  return envelope(std::string(kTransfer) + "Delete", "", true, "");
}

HttpHead head() {
  HttpHead head;
  head.content_type = "application/soap+xml;charset=UTF-8";
  head.accept_encoding = "identity";
  head.authorization = "Basic c3ZjOmh1bnRlcjI=";
  head.text = "POST /wsman HTTP/1.1\r\nAuthorization: Basic c3ZjOmh1bnRlcjI=\r\n";
  return head;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in " << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace sim::test
