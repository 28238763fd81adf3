#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "tests/simulator/fault_codes.hpp"
#include "tests/simulator/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace sim {

namespace {

using Element = sfb::xml::Element;

// Words between blanks, in any order.
std::set<std::string_view> words_of(std::string_view text) {
  const auto words = sfb::split(sfb::trim(text), ' ');
  return {words.begin(), words.end()};
}

// The only element in there, of the shell's namespace.
const Element* only(SoapRequest& request, const Element& parent, std::string_view name) {
  const Element* const child = parent.child(kShellSpace, name);
  if (child == nullptr || parent.children.size() != 1) {
    request.violates(fmt::format("{} does not hold one rsp:{}", parent.name, name), kBadSchema);
    return nullptr;
  }
  return child;
}

// WinRS lets the server choose.
void need_id(SoapRequest& request, const Element& element, std::string_view name) {
  if (!request.winrs() && !is_client_guid(attribute(&element, name))) {
    request.violates(fmt::format("{} of {} is no GUID in upper case", name, element.name));
  }
}

void need_base64(SoapRequest& request, const Element& element) {
  if (sfb::base64_decode(element.text).value_or("").empty()) {
    request.violates(element.name + " is no base64", kBadSchema);
  }
}

void need_streams(SoapRequest& request, const Element& parent, std::string_view name,
                  std::string_view wanted) {
  const Element* const found = parent.child(kShellSpace, name);
  if (found == nullptr || words_of(found->text) != words_of(wanted)) {
    request.violates(fmt::format("{} is not {}", name, wanted), kBadSchema);
  }
}

void judge_create(SoapRequest& request, const Element& shell) {
  // The schema has this order; WinRS knows more that is not looked at here.
  constexpr std::array<std::string_view, 4> kOrder = {"InputStreams", "OutputStreams",
                                                      "IdleTimeOut", "creationXml"};
  auto at = kOrder.begin();
  for (const Element& child : shell.children) {
    if (child.space != (child.name == "creationXml" ? kCreationSpace : kShellSpace)) {
      request.violates(fmt::format("{} has a wrong namespace", child.name), kBadSchema);
    }
    const auto place = std::find(at, kOrder.end(), child.name);
    if (place != kOrder.end()) {
      at = place + 1;
    } else if (!request.winrs()) {
      request.violates(fmt::format("{} is out of order or unknown in Shell", child.name),
                       kBadSchema);
    }
  }
  need_streams(request, shell, "InputStreams", request.winrs() ? "stdin" : "stdin pr");
  need_streams(request, shell, "OutputStreams", request.winrs() ? "stdout stderr" : "stdout");
  if (const Element* const idle = shell.child(kShellSpace, "IdleTimeOut");
      idle != nullptr && read_duration(idle->text).value_or(Millis(0)) < Millis(60'000)) {
    request.violates("IdleTimeOut is no duration from 60 s", kBadSchema);
  }
  if (request.winrs()) {
    return;
  }
  need_id(request, shell, "ShellId");
  if (const Element* const creation = shell.child(kCreationSpace, "creationXml")) {
    need_base64(request, *creation);
  } else {
    request.violates("creationXml is missing", kBadSchema);
  }
}

void judge_command(SoapRequest& request, const Element& line) {
  need_id(request, line, "CommandId");
  const Element* const command = line.child(kShellSpace, "Command");
  const Element* const arguments = line.child(kShellSpace, "Arguments");
  const std::size_t known = (command == nullptr ? 0 : 1) + (arguments == nullptr ? 0 : 1);
  if (command == nullptr || (arguments == nullptr && !request.winrs()) ||
      line.children.size() != known) {
    request.violates("CommandLine does not hold rsp:Command and rsp:Arguments", kBadSchema);
  } else if (!request.winrs()) {
    need_base64(request, *arguments);
    if (!sfb::trim(command->text).empty()) {
      request.violates("Command is not empty");
    }
  }
}

void judge_receive(SoapRequest& request, const Element& receive) {
  if (only(request, receive, "DesiredStream") != nullptr) {
    need_streams(request, receive, "DesiredStream", request.winrs() ? "stdout stderr" : "stdout");
  }
}

void judge_send(SoapRequest& request, const Element& send) {
  const Element* const stream = only(request, send, "Stream");
  if (stream == nullptr) {
    return;
  }
  const std::string name = attribute(stream, "Name");
  if (name != "stdin" && (request.winrs() || name != "pr")) {
    request.violates(fmt::format("there is no stream {}", sfb::quote(name)), kBadSchema);
  }
  need_base64(request, *stream);
}

void judge_signal(SoapRequest& request, const Element& signal) {
  const Element* const code = only(request, signal, "Code");
  if (code == nullptr) {
    return;
  }
  const std::string text(sfb::trim(code->text));
  // The misspelt one is PSRP's.
  const std::string stop =
      request.winrs() ? fmt::format("{}/signal/ctrl_c", kShellSpace) : "powershell/signal/crtl_c";
  if (text != stop && !sfb::iequals(text, fmt::format("{}/signal/terminate", kShellSpace))) {
    request.violates("the signal is unknown and closes the command at once");
  }
}

}  // namespace

void judge_body(SoapRequest& request) {
  struct Rule {
    std::string_view action;
    std::string_view element;
    void (*judge)(SoapRequest&, const Element&);
  };
  constexpr std::array kRules = {
      Rule{"Create", "Shell", judge_create}, Rule{"Command", "CommandLine", judge_command},
      Rule{"Receive", "Receive", judge_receive}, Rule{"Send", "Send", judge_send},
      Rule{"Signal", "Signal", judge_signal}};
  const Element* const body = request.envelope.child(kSoapSpace, "Body");
  if (body == nullptr) {
    request.violates("there is no Body", kBadSchema);
    return;
  }
  if (request.action == "Delete" && !body->children.empty()) {
    request.violates("Body is not empty", kBadSchema);
  }
  const auto rule = std::ranges::find(kRules, request.action, &Rule::action);
  if (rule != kRules.end()) {
    if (const Element* const inner = only(request, *body, rule->element)) {
      rule->judge(request, *inner);
    }
  }
}

}  // namespace sim
