#include "agent/wsman/request.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "agent/wsman/reply.hpp"
#include "agent/wsman/spaces.hpp"
#include "agent/xml/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace sfb::wsman {

namespace {

// Servers refuse smaller ones, so a smaller cap of ours is not passed on.
constexpr std::size_t kMinEnvelope = 8192;
// Left free below max_envelope: servers count their own headers too.
constexpr std::size_t kSpare = 256;
// A fragment of 32768 bytes: what servers send themselves.
constexpr std::size_t kMaxBlob = 32'747;
constexpr std::size_t kFragmentHeader = 21;

std::string text_of(std::string_view text) {
  std::string out;
  xml::append_text(out, text);
  return out;
}

std::string attribute_of(std::string_view text) {
  std::string out;
  xml::append_attribute(out, text);
  return out;
}

// xs:duration; never negative, because servers refuse `PT-1S` as a whole request.
std::string duration(std::chrono::milliseconds time) {
  const auto ms = std::max<std::chrono::milliseconds::rep>(time.count(), 0);
  return fmt::format("PT{}.{:03}S", ms / 1000, ms % 1000);
}

std::size_t envelope_size(const Session& session) {
  return std::max(session.max_envelope, kMinEnvelope);
}

std::string uri_of(Action action) {
  switch (action) {
    case Action::create:
      return fmt::format("{}/Create", space::kTransfer);
    case Action::remove:
      return fmt::format("{}/Delete", space::kTransfer);
    default:
      return fmt::format("{}/{}", space::kShell, to_string(action));
  }
}

// The shell and command ids are the server's words; ` CommandId="..."`, nothing for the pool.
std::string command_attribute(std::string_view command) {
  return command.empty() ? std::string() : fmt::format(" CommandId=\"{}\"", attribute_of(command));
}

struct Header {
  Action action;
  std::string_view shell;   // empty: none yet
  std::string option_name;  // empty: no OptionSet
  std::string_view option_value;
  bool must_comply = false;
  std::chrono::milliseconds operation_timeout{};
};

Envelope envelope(const Session& session, Guid message_id, const Header& header,
                  std::string_view body) {
  std::string xml;
  xml.reserve(2400 + body.size());
  const auto out = std::back_inserter(xml);
  fmt::format_to(out,
                 "<s:Envelope xmlns:s=\"{}\" xmlns:a=\"{}\" xmlns:w=\"{}\" xmlns:p=\"{}\" "
                 "xmlns:rsp=\"{}\"><s:Header>",
                 space::kSoap, space::kAddressing, space::kWsman, space::kMicrosoft, space::kShell);
  fmt::format_to(out,
                 "<a:To>{}</a:To><a:ReplyTo><a:Address s:mustUnderstand=\"true\">{}/role/anonymous"
                 "</a:Address></a:ReplyTo>",
                 text_of(session.to), space::kAddressing);
  fmt::format_to(out,
                 "<a:Action s:mustUnderstand=\"true\">{}</a:Action>"
                 "<a:MessageID>uuid:{}</a:MessageID>",
                 uri_of(header.action), to_upper(message_id));
  fmt::format_to(out, "<w:ResourceURI s:mustUnderstand=\"true\">{}/{}</w:ResourceURI>",
                 space::kPowerShell, text_of(session.configuration_name));
  fmt::format_to(out, "<w:MaxEnvelopeSize s:mustUnderstand=\"true\">{}</w:MaxEnvelopeSize>",
                 envelope_size(session));
  // A server without this language must not refuse the request.
  xml +=
      "<w:Locale xml:lang=\"en-US\" s:mustUnderstand=\"false\"/>"
      "<p:DataLocale xml:lang=\"en-US\" s:mustUnderstand=\"false\"/>";
  fmt::format_to(out, "<p:SessionId s:mustUnderstand=\"false\">uuid:{}</p:SessionId>",
                 to_upper(session.session_id));
  fmt::format_to(out, "<w:OperationTimeout>{}</w:OperationTimeout>",
                 duration(header.operation_timeout));
  if (!header.option_name.empty()) {
    fmt::format_to(out,
                   "<w:OptionSet s:mustUnderstand=\"true\"><w:Option Name=\"{}\"{}>{}</w:Option>"
                   "</w:OptionSet>",
                   header.option_name, header.must_comply ? " MustComply=\"true\"" : "",
                   header.option_value);
  }
  if (!header.shell.empty()) {
    fmt::format_to(out,
                   "<w:SelectorSet><w:Selector Name=\"ShellId\">{}</w:Selector></w:SelectorSet>",
                   text_of(header.shell));
  }
  fmt::format_to(out, "</s:Header><s:Body>{}</s:Body></s:Envelope>", body);
  return {.action = header.action, .message_id = message_id, .xml = std::move(xml)};
}

}  // namespace

std::string_view to_string(Action action) {
  switch (action) {
    case Action::create:
      return "Create";
    case Action::receive:
      return "Receive";
    case Action::command:
      return "Command";
    case Action::send:
      return "Send";
    case Action::signal:
      return "Signal";
    case Action::remove:
      return "Delete";
  }
  return "?";
}

Envelope create(const Session& session, Guid message_id, const Guid& shell,
                std::string_view creation, std::chrono::milliseconds operation_timeout,
                std::chrono::milliseconds idle_timeout) {
  // The schema fixes the order: streams, IdleTimeOut, creationXml.
  const std::string body = fmt::format(
      "<rsp:Shell ShellId=\"{}\"><rsp:InputStreams>stdin pr</rsp:InputStreams>"
      "<rsp:OutputStreams>stdout</rsp:OutputStreams><rsp:IdleTimeOut>{}</rsp:IdleTimeOut>"
      "<creationXml xmlns=\"{}\">{}</creationXml></rsp:Shell>",
      to_upper(shell), duration(idle_timeout), space::kPowerShell, base64_encode(creation));
  return envelope(session, message_id,
                  {.action = Action::create,
                   .shell = {},
                   .option_name = "protocolversion",
                   .option_value = "2.3",
                   .must_comply = true,
                   .operation_timeout = operation_timeout},
                  body);
}

Envelope receive(const Session& session, Guid message_id, std::string_view shell,
                 std::string_view command, std::chrono::milliseconds operation_timeout) {
  const std::string body =
      fmt::format("<rsp:Receive><rsp:DesiredStream{}>stdout</rsp:DesiredStream></rsp:Receive>",
                  command_attribute(command));
  return envelope(session, message_id,
                  {.action = Action::receive,
                   .shell = shell,
                   .option_name = "WSMAN_CMDSHELL_OPTION_KEEPALIVE",
                   .option_value = "TRUE",
                   .operation_timeout = operation_timeout},
                  body);
}

Envelope command(const Session& session, Guid message_id, std::string_view shell,
                 const Guid& command, std::string_view fragment,
                 std::chrono::milliseconds operation_timeout) {
  const std::string body = fmt::format(
      "<rsp:CommandLine CommandId=\"{}\"><rsp:Command></rsp:Command><rsp:Arguments>{}"
      "</rsp:Arguments></rsp:CommandLine>",
      to_upper(command), base64_encode(fragment));
  return envelope(session, message_id,
                  {.action = Action::command,
                   .shell = shell,
                   .option_name = "WINRS_SKIP_CMD_SHELL",
                   .option_value = "FALSE",
                   .operation_timeout = operation_timeout},
                  body);
}

Envelope send(const Session& session, Guid message_id, std::string_view shell,
              std::string_view command, std::string_view stream, std::string_view fragments,
              std::chrono::milliseconds operation_timeout) {
  const std::string body =
      fmt::format("<rsp:Send><rsp:Stream Name=\"{}\"{}>{}</rsp:Stream></rsp:Send>",
                  attribute_of(stream), command_attribute(command), base64_encode(fragments));
  return envelope(session, message_id,
                  {.action = Action::send,
                   .shell = shell,
                   .option_name = {},
                   .option_value = {},
                   .operation_timeout = operation_timeout},
                  body);
}

Envelope signal(const Session& session, Guid message_id, std::string_view shell,
                std::string_view command, SignalCode code,
                std::chrono::milliseconds operation_timeout) {
  // `crtl_c` is right: with the letters in order the server would end the command unheard.
  const std::string code_uri = code == SignalCode::stop
                                   ? std::string("powershell/signal/crtl_c")
                                   : fmt::format("{}/signal/Terminate", space::kShell);
  const std::string body = fmt::format("<rsp:Signal{}><rsp:Code>{}</rsp:Code></rsp:Signal>",
                                       command_attribute(command), code_uri);
  return envelope(session, message_id,
                  {.action = Action::signal,
                   .shell = shell,
                   .option_name = {},
                   .option_value = {},
                   .operation_timeout = operation_timeout},
                  body);
}

Envelope remove(const Session& session, Guid message_id, std::string_view shell,
                std::chrono::milliseconds operation_timeout) {
  return envelope(session, message_id,
                  {.action = Action::remove,
                   .shell = shell,
                   .option_name = {},
                   .option_value = {},
                   .operation_timeout = operation_timeout},
                  {});
}

std::size_t max_blob(const Session& session) {
  // The longest ids a reply may give us, and a duration longer than any we send.
  const std::string id(kMaxIdLength, 'X');
  constexpr std::chrono::milliseconds kLong = std::chrono::hours(100'000);
  const std::size_t empty = std::max({create(session, {}, {}, {}, kLong, kLong).xml.size(),
                                      command(session, {}, id, {}, {}, kLong).xml.size(),
                                      send(session, {}, id, id, "stdin", {}, kLong).xml.size()});
  const std::size_t size = envelope_size(session);
  if (size <= empty + kSpare) {
    return 1;
  }
  // Base64 writes four characters for three bytes begun.
  const std::size_t bytes = (size - empty - kSpare) / 4 * 3;
  return bytes <= kFragmentHeader ? 1 : std::min(bytes - kFragmentHeader, kMaxBlob);
}

std::string show(std::string_view envelope, std::size_t limit) {
  constexpr std::array<std::string_view, 3> kPayloads = {"creationXml", "Arguments", "Stream"};
  std::string out;
  std::size_t pos = 0;
  while (pos < envelope.size() && out.size() <= limit) {
    const auto tag = envelope.find('<', pos);
    out += envelope.substr(pos, tag == std::string_view::npos ? tag : tag - pos);
    const auto end = tag == std::string_view::npos ? tag : envelope.find('>', tag);
    if (end == std::string_view::npos) {
      out += tag == std::string_view::npos ? std::string_view() : envelope.substr(tag);
      break;
    }
    const std::string_view whole = envelope.substr(tag, end - tag + 1);
    out += whole;
    pos = end + 1;
    std::string_view name = whole.substr(1, whole.find_first_of(" \t\r\n/>", 1) - 1);
    name.remove_prefix(name.find(':') + 1);
    if (std::ranges::find(kPayloads, name) == kPayloads.end() || whole.ends_with("/>")) {
      continue;
    }
    // To the end tag: a payload in CDATA or behind a comment is one too.
    const std::string_view payload = envelope.substr(pos, envelope.find("</", pos) - pos);
    const auto padding = std::ranges::count(payload, '=');
    const auto symbols =
        std::ranges::count_if(payload, [](char c) { return trim({&c, 1}).size() == 1; });
    if (symbols != 0) {
      out += fmt::format("[{} bytes]", std::max<std::ptrdiff_t>(symbols / 4 * 3 - padding, 0));
    }
    pos += payload.size();
  }
  if (out.size() > limit) {
    constexpr std::string_view kMore = "...";
    out.resize(cut_utf8(out, limit > kMore.size() ? limit - kMore.size() : 0).size());
    out += kMore.substr(0, limit);
  }
  return out;
}

}  // namespace sfb::wsman
