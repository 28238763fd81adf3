#include "tests/unit/remote/winrm/fake_server.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::remote::testing {

namespace {

constexpr std::string_view kSoap = "http://www.w3.org/2003/05/soap-envelope";
constexpr std::string_view kAddressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
constexpr std::string_view kWsman = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
constexpr std::string_view kShell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
constexpr const char* kCall =
    R"(<Obj RefId="0"><MS><I64 N="ci">7</I64><I32 N="mi">11</I32></MS></Obj>)";
constexpr const char* kOpened = R"(<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>)";

http::HttpReply soap(int status, const std::string& relates_to, const std::string& body) {
  http::HttpReply reply;
  reply.status = status;
  reply.headers = {{"Content-Type", "application/soap+xml;charset=UTF-8"}};
  reply.body = fmt::format(
      R"(<s:Envelope xmlns:s="{}" xmlns:a="{}" xmlns:w="{}" xmlns:rsp="{}" xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"><s:Header><a:RelatesTo>{}</a:RelatesTo></s:Header><s:Body>{}</s:Body></s:Envelope>)",
      kSoap, kAddressing, kWsman, kShell, relates_to, body);
  return reply;
}

http::HttpReply fault(const std::string& relates_to, std::uint32_t code, std::string_view subcode) {
  return soap(
      500, relates_to,
      fmt::format(
          R"(<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:{}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="">fault text</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{}" Machine="m"><f:Message>the server's words</f:Message></f:WSManFault></s:Detail></s:Fault>)",
          subcode, code));
}

const xml::Element* path(const xml::Element& element,
                         std::initializer_list<std::string_view> names) {
  const xml::Element* at = &element;
  for (const std::string_view name : names) {
    const auto found = std::ranges::find(at->children, name, &xml::Element::name);
    if (found == at->children.end()) {
      return nullptr;
    }
    at = &*found;
  }
  return at;
}

}  // namespace

std::size_t FakeServer::commands() const {
  std::size_t count = 0;
  for (const auto& [id, shell] : shells_) {
    count += shell.commands.size();
  }
  return count;
}

void FakeServer::fault_next(std::string action, std::uint32_t code, std::string subcode,
                            int times) {
  faults_[std::move(action)] = {code, std::move(subcode), times};
}

void FakeServer::put_raw(std::deque<std::string>& queue, const std::string& fragment,
                         std::size_t cut) {
  for (std::size_t at = 0; at < fragment.size(); at += cut == 0 ? fragment.size() : cut) {
    queue.push_back(cut == 0 ? fragment : fragment.substr(at, cut));
  }
}

void FakeServer::put(Shell& shell, std::deque<std::string>& queue, psrp::MessageType type,
                     const Guid& pid, const std::string& body) {
  // SESSION_CAPABILITY has no RPID on real servers, and every text has a BOM but that of `$null`.
  const Guid rpid = type == psrp::MessageType::session_capability ? Guid{} : shell.rpid;
  const std::string text = body.empty() ? body : "\xEF\xBB\xBF" + body;
  const psrp::Message message{psrp::Destination::client, type, rpid, pid, text};
  for (std::string fragment :
       psrp::make_fragments(++shell.objects, psrp::encode(message), knobs.cut == 0 ? 32747 : 700)) {
    if (knobs.loses_end && type == psrp::MessageType::pipeline_output) {
      fragment.pop_back();
    }
    put_raw(queue, fragment, knobs.cut);
  }
}

http::HttpReply FakeServer::answer(std::string_view envelope) {
  const auto document = xml::read(envelope, {});
  const xml::Element* const header = document ? path(*document, {"Header"}) : nullptr;
  const xml::Element* const body = document ? path(*document, {"Body"}) : nullptr;
  const xml::Element* const action = header != nullptr ? path(*header, {"Action"}) : nullptr;
  const xml::Element* const id = header != nullptr ? path(*header, {"MessageID"}) : nullptr;
  if (action == nullptr || id == nullptr || body == nullptr) {
    violated("no envelope: " + std::string(envelope.substr(0, 80)));
    return {.status = 400, .headers = {}, .body = {}};
  }
  const std::string name = action->text.substr(action->text.rfind('/') + 1);
  const xml::Element* const size = path(*header, {"MaxEnvelopeSize"});
  sizes.push_back(name + " " + (size == nullptr ? "none" : size->text));
  if (Fault& planned = faults_[name]; planned.times > 0) {
    --planned.times;
    return fault(id->text, planned.code, planned.subcode);
  }
  if (name == "Create") {
    return create(*header, *body, id->text);
  }
  const xml::Element* const selector = path(*header, {"SelectorSet", "Selector"});
  const auto shell = selector == nullptr ? shells_.end() : shells_.find(selector->text);
  if (shell == shells_.end()) {
    return fault(id->text, 2150858843, "InvalidSelectors");
  }
  if (name == "Delete") {
    shells_.erase(shell);
    return soap(200, id->text, "");
  }
  if (name == "Command") {
    return command(shell->second, *body, id->text);
  }
  if (name == "Send") {
    return send(shell->second, *body, id->text);
  }
  if (name == "Receive") {
    return receive(shell->second, *body, id->text);
  }
  if (name == "Signal") {
    return signal(shell->second, *body, id->text);
  }
  violated("unknown action " + name);
  return fault(id->text, 2150858753, "InvalidAction");
}

http::HttpReply FakeServer::create(const xml::Element& header, const xml::Element& body,
                                   const std::string& message) {
  ++creates;
  const xml::Element* const proposed = path(body, {"Shell"});
  const xml::Element* const creation = path(body, {"Shell", "creationXml"});
  const std::string* const id = proposed == nullptr ? nullptr : proposed->attribute("ShellId");
  if (creation == nullptr || id == nullptr) {
    violated("Create without id or creationXml");
    return fault(message, 2150858817, "SchemaValidationError");
  }
  Shell shell;
  psrp::Defragmenter input{psrp::FragmentLimits{}};
  const auto messages = input.feed(base64_decode(creation->text).value_or(""));
  if (!messages || messages->size() != 2) {
    violated("creationXml does not hold two messages");
    return fault(message, 2150858817, "SchemaValidationError");
  }
  const auto capability = psrp::decode(messages->front());
  const xml::Element* const version = path(header, {"OptionSet", "Option"});
  if (version == nullptr || !capability->body.contains(fmt::format(
                                R"(<Version N="protocolversion">{}<)", version->text))) {
    violated("option protocolversion is not that of SESSION_CAPABILITY");
  }
  shell.rpid = capability->rpid;
  if (to_upper(shell.rpid) != *id) {
    violated("RPID is not the shell's id");
  }
  put(shell, shell.output, psrp::MessageType::session_capability, {},
      fmt::format(
          R"(<Obj RefId="0"><MS><Version N="protocolversion">{}</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>)",
          knobs.version));
  put(shell, shell.output, psrp::MessageType::application_private_data, {},
      fmt::format(
          R"(<Obj RefId="0"><MS><Obj N="ApplicationPrivateData" RefId="1"><DCT><En><S N="Key">PSVersionTable</S><Obj N="Value" RefId="2"><DCT><En><S N="Key">PSVersion</S><Version N="Value">{}</Version></En></DCT></Obj></En></DCT></Obj></MS></Obj>)",
          knobs.ps_version));
  if (knobs.opening_call) {
    put(shell, shell.output, psrp::MessageType::runspacepool_host_call, {}, kCall);
  } else {
    put(shell, shell.output, psrp::MessageType::runspacepool_state, {},
        knobs.broken_pool.empty()
            ? std::string(kOpened)
            : fmt::format(
                  R"(<Obj RefId="0"><MS><I32 N="RunspaceState">5</I32>{}</MS></Obj>)",
                  record(knobs.broken_pool, "x", "System.Exception", "ExceptionAsErrorRecord")));
  }
  const std::string key = knobs.echo_ids ? *id : fmt::format("OWN-SHELL-{}", ++own_ids_);
  shells_.emplace(key, std::move(shell));
  return soap(
      200, message,
      fmt::format(
          R"(<x:ResourceCreated><a:Address>x</a:Address><a:ReferenceParameters><w:SelectorSet><w:Selector Name="ShellId">{}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>)",
          key));
}

http::HttpReply FakeServer::command(Shell& shell, const xml::Element& body,
                                    const std::string& message) {
  const xml::Element* const line = path(body, {"CommandLine"});
  const xml::Element* const first = path(body, {"CommandLine", "Arguments"});
  const std::string* const id = line == nullptr ? nullptr : line->attribute("CommandId");
  if (first == nullptr || id == nullptr) {
    violated("Command without id or arguments");
    return fault(message, 2150858817, "SchemaValidationError");
  }
  if (!shell.commands.empty()) {
    violated("a second command before the first one was terminated");
  }
  ++pipelines;
  const std::string key = knobs.echo_ids ? *id : fmt::format("OWN-COMMAND-{}", ++own_ids_);
  Command& command = shell.commands[key];
  command.proposed = *id;
  feed(shell, command, "stdin", base64_decode(first->text).value_or(""));
  return soap(
      200, message,
      fmt::format("<rsp:CommandResponse><rsp:CommandId>{}</rsp:CommandId></rsp:CommandResponse>",
                  key));
}

http::HttpReply FakeServer::send(Shell& shell, const xml::Element& body,
                                 const std::string& message) {
  const xml::Element* const stream = path(body, {"Send", "Stream"});
  const std::string* const id = stream == nullptr ? nullptr : stream->attribute("CommandId");
  const std::string* const name = stream == nullptr ? nullptr : stream->attribute("Name");
  if (name == nullptr) {
    violated("Send without a stream");
    return fault(message, 2150858817, "SchemaValidationError");
  }
  const std::string bytes = base64_decode(stream->text).value_or("");
  if (id == nullptr) {
    answer_pool(shell, *name, bytes);
    return soap(200, message, "<rsp:SendResponse/>");
  }
  const auto command = shell.commands.find(*id);
  if (command == shell.commands.end()) {
    return fault(message, 2150858843, "InvalidSelectors");
  }
  feed(shell, command->second, *name, bytes);
  return soap(200, message, "<rsp:SendResponse/>");
}

void FakeServer::answer_pool(Shell& shell, const std::string& stream, const std::string& bytes) {
  ++pool_answers;
  const auto messages = psrp::Defragmenter(psrp::FragmentLimits{}).feed(bytes);
  const auto answer = messages && messages->size() == 1 ? psrp::decode(messages->front())
                                                        : Result<psrp::Message>(psrp::Message{});
  if (stream != "pr" || !answer || answer->rpid != shell.rpid ||
      answer->type != psrp::MessageType::runspacepool_host_response) {
    violated("what is sent to the pool is no answer to its host call");
  }
  if (knobs.opening_call) {
    put(shell, shell.output, psrp::MessageType::runspacepool_state, {}, kOpened);
  }
}

http::HttpReply FakeServer::receive(Shell& shell, const xml::Element& body,
                                    const std::string& message) {
  const xml::Element* const stream = path(body, {"Receive", "DesiredStream"});
  const std::string* const id = stream == nullptr ? nullptr : stream->attribute("CommandId");
  const auto command = id == nullptr ? shell.commands.end() : shell.commands.find(*id);
  if (id != nullptr && command == shell.commands.end()) {
    return fault(message, 2150858843, "InvalidSelectors");
  }
  if (id != nullptr && command->second.done_sent) {
    if (!replies_get_lost) {
      violated("Receive after CommandState Done");
    }
    return fault(message, 2150858843, "InvalidSelectors");
  }
  shell.quiet = knobs.quiet_first && !shell.quiet;
  std::deque<std::string>& queue = id == nullptr ? shell.output : command->second.output;
  const bool ended = id != nullptr && command->second.ended;
  if (shell.quiet || (queue.empty() && !ended)) {
    return fault(message, 2150858793, "TimedOut");
  }
  const std::string attribute = id == nullptr ? "" : fmt::format(R"( CommandId="{}")", *id);
  std::string out;
  if (knobs.cut == 0) {
    for (; !queue.empty(); queue.pop_front()) {
      out += fmt::format(R"(<rsp:Stream Name="stdout"{}>{}</rsp:Stream>)", attribute,
                         base64_encode(queue.front()));
    }
  } else if (!queue.empty()) {
    out = fmt::format(R"(<rsp:Stream Name="stdout"{}>{}</rsp:Stream>)", attribute,
                      base64_encode(queue.front()));
    queue.pop_front();
  }
  if (ended && queue.empty() && (knobs.done_with_state || out.empty())) {
    command->second.done_sent = true;
    out += fmt::format(
        R"(<rsp:CommandState CommandId="{}" State="{}/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState>)",
        *id, kShell);
  }
  return soap(200, message, fmt::format("<rsp:ReceiveResponse>{}</rsp:ReceiveResponse>", out));
}

http::HttpReply FakeServer::signal(Shell& shell, const xml::Element& body,
                                   const std::string& message) {
  const xml::Element* const signal = path(body, {"Signal"});
  const xml::Element* const code = path(body, {"Signal", "Code"});
  const std::string* const id = signal == nullptr ? nullptr : signal->attribute("CommandId");
  const auto command = id == nullptr ? shell.commands.end() : shell.commands.find(*id);
  if (command == shell.commands.end()) {
    return fault(message, 2150858843, "InvalidSelectors");
  }
  if (trim(code->text).ends_with("/signal/Terminate")) {
    shell.busy = shell.busy || (knobs.deaf && !command->second.ended);
    shell.commands.erase(command);
  } else if (trim(code->text).ends_with("signal/crtl_c") && !knobs.deaf) {
    finish(shell, command->second, "3", {});
  } else if (!knobs.deaf) {
    violated("unknown signal " + code->text);
  }
  return soap(200, message, "<rsp:SignalResponse/>");
}

}  // namespace sfb::remote::testing
