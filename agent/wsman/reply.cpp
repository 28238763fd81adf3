#include "agent/wsman/reply.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "agent/wsman/spaces.hpp"
#include "agent/xml/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sfb::wsman {

namespace {

// A fault inside a fault inside an envelope is ten deep.
constexpr std::size_t kMaxDepth = 32;
// A reply of 2 MiB in the smallest possible streams.
constexpr std::size_t kMaxNodes = 1UL << 16U;
constexpr std::size_t kMaxFacts = 32;
constexpr std::size_t kMaxFactLength = 256;

constexpr std::string_view kDamaged =
    "the answer was cut or changed on the way: look at what stands between the agent and the "
    "server; `evaluate --debug POOL` shows it";

std::unexpected<Error> bad(std::string message) {
  return fail(Reason::protocol, "wsman.reply", std::move(message),
              "run `evaluate --debug POOL` to see the server's answer");
}

std::string trimmed(const xml::Element* element) {
  return element == nullptr ? std::string() : std::string(trim(element->text));
}

std::string attribute_of(const xml::Element& element, std::string_view name) {
  const std::string* value = element.attribute(name);
  return value == nullptr ? std::string() : std::string(trim(*value));
}

// Behind the last `separator`: the local name of a QName, the last step of a URI.
std::string_view last_part(std::string_view text, char separator) {
  return text.substr(text.rfind(separator) + 1);
}

std::optional<std::uint32_t> number_of(std::string_view text) {
  text = trim(text);
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

// The character data in the element and below it, as far as it is kept. The reader caps the depth;
// no recursion anyway.
std::string all_text(const xml::Element& element) {
  std::string out;
  std::vector<const xml::Element*> open = {&element};
  while (!open.empty() && out.size() <= kPeerText) {
    const xml::Element& next = *open.back();
    open.pop_back();
    if (const std::string_view text = trim(next.text); !text.empty()) {
      out += out.empty() ? "" : " ";
      out += text;
    }
    for (auto child = next.children.rbegin(); child != next.children.rend(); ++child) {
      open.push_back(&*child);
    }
  }
  return out;
}

void keep_longest(std::string& kept, std::string_view text) {
  const std::string_view part = cut_utf8(text);
  if (part.size() > kept.size()) {
    kept = part;
  }
}

// f:WSManFault; one may lie inside the ProviderFault of another, which then only adds text.
void read_wsman_fault(const xml::Element& detail, Fault& fault) {
  fault.code = number_of(attribute_of(detail, "Code"));
  const xml::Element* message = detail.child(space::kFault, "Message");
  if (message == nullptr) {
    return;
  }
  keep_longest(fault.text, trimmed(message));
  const xml::Element* provider = message->child(space::kFault, "ProviderFault");
  if (provider == nullptr) {
    return;
  }
  keep_longest(fault.text, all_text(*provider));
  const xml::Element* inner = provider->child(space::kFault, "WSManFault");
  if (inner != nullptr && !fault.code) {
    fault.code = number_of(attribute_of(*inner, "Code"));
  }
}

// MSFT_WmiError stands in a namespace of its class; its members' names are enough.
void read_wmi_error(const xml::Element& detail, Fault& fault) {
  for (const xml::Element& member : detail.children) {
    if (member.name == "error_Code") {
      fault.code = number_of(member.text);
    } else if (member.name == "error_WindowsErrorMessage" || member.name == "Message") {
      keep_longest(fault.text, trimmed(&member));
    }
  }
}

Fault read_fault(const xml::Element& element) {
  Fault fault;
  if (const xml::Element* code = element.child(space::kSoap, "Code")) {
    if (const xml::Element* subcode = code->child(space::kSoap, "Subcode")) {
      fault.subcode = cut_utf8(last_part(trimmed(subcode->child(space::kSoap, "Value")), ':'));
    }
  }
  if (const xml::Element* detail = element.child(space::kSoap, "Detail")) {
    for (const xml::Element& child : detail->children) {
      if (child.space == space::kFault && child.name == "WSManFault") {
        read_wsman_fault(child, fault);
      } else if (child.name == "MSFT_WmiError") {
        read_wmi_error(child, fault);
      }
    }
  }
  if (const xml::Element* reason = element.child(space::kSoap, "Reason")) {
    for (const xml::Element& text : reason->children) {
      keep_longest(fault.text, trimmed(&text));
    }
  }
  return fault;
}

bool good_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdLength && std::ranges::all_of(id, [](char c) {
    return c > ' ' && c < 0x7F && c != '&' && c != '<' && c != '>' && c != '"';
  });
}

// 2008 R2 sends ResourceCreated alone, others rsp:Shell with facts, or both.
std::string shell_id_of(const xml::Element* created, const xml::Element* shell) {
  const xml::Element* selectors = created;
  for (const auto& [where, name] : {std::pair(space::kAddressing, "ReferenceParameters"),
                                    std::pair(space::kWsman, "SelectorSet")}) {
    selectors = selectors == nullptr ? nullptr : selectors->child(where, name);
  }
  if (selectors != nullptr) {
    for (const xml::Element& selector : selectors->children) {
      if (selector.space == space::kWsman && selector.name == "Selector" &&
          attribute_of(selector, "Name") == "ShellId") {
        return trimmed(&selector);
      }
    }
  }
  if (shell == nullptr) {
    return {};
  }
  std::string id = attribute_of(*shell, "ShellId");
  return id.empty() ? trimmed(shell->child(space::kShell, "ShellId")) : id;
}

Result<CreateReply> read_create(const xml::Element& body) {
  const xml::Element* shell = body.child(space::kShell, "Shell");
  CreateReply reply;
  reply.shell_id = shell_id_of(body.child(space::kTransfer, "ResourceCreated"), shell);
  if (!good_id(reply.shell_id)) {
    return bad("the server's answer to Create names no usable shell id");
  }
  if (shell != nullptr) {
    for (const xml::Element& fact : shell->children) {
      std::string text = trimmed(&fact);
      if (fact.space == space::kShell && fact.children.empty() && !text.empty() &&
          std::max(text.size(), fact.name.size()) <= kMaxFactLength &&
          reply.facts.size() < kMaxFacts) {
        reply.facts.emplace_back(fact.name, std::move(text));
      }
    }
  }
  return reply;
}

Result<CommandReply> read_command(const xml::Element& element) {
  CommandReply reply{trimmed(element.child(space::kShell, "CommandId"))};
  if (!good_id(reply.command_id)) {
    return bad("the server's answer to Command names no usable command id");
  }
  return reply;
}

CommandState state_of(std::string_view uri) {
  const std::string_view word = last_part(uri, '/');
  if (iequals(word, "Done")) {
    return CommandState::done;
  }
  if (iequals(word, "Running")) {
    return CommandState::running;
  }
  // A word nobody knows is not an end.
  return iequals(word, "Pending") ? CommandState::pending : CommandState::absent;
}

Result<ReceiveReply> read_receive(const xml::Element& element) {
  ReceiveReply reply;
  for (const xml::Element& child : element.children) {
    if (child.space != space::kShell) {
      continue;
    }
    if (child.name == "Stream") {
      auto bytes = base64_decode(child.text);
      if (!bytes) {
        return fail(Reason::protocol, "wsman.reply",
                    "a stream in the server's answer to Receive is no base64",
                    std::string(kDamaged));
      }
      reply.streams.push_back({attribute_of(child, "CommandId"), std::move(*bytes)});
    } else if (child.name == "CommandState") {
      reply.state = state_of(attribute_of(child, "State"));
      reply.state_command_id = attribute_of(child, "CommandId");
    }
  }
  return reply;
}

template <typename Body>
Result<Reply> with(std::string relates_to, Result<Body> body) {
  if (!body) {
    return std::unexpected(std::move(body).error());
  }
  return Reply{std::move(relates_to), std::move(*body)};
}

}  // namespace

Result<Reply> read_reply(std::string_view envelope, std::size_t max_bytes) {
  auto root = xml::read(envelope, {.bytes = max_bytes, .depth = kMaxDepth, .nodes = kMaxNodes});
  if (!root) {
    Error error = std::move(root).error();
    error.reason = Reason::protocol;
    error.message = fmt::format("the server's answer: {}", error.message);
    error.remedy = error.code == "xml.too_large"
                       ? "raise limits.envelope if the server has that much to say"
                       : kDamaged;
    return std::unexpected(std::move(error));
  }
  const xml::Element* body = root->child(space::kSoap, "Body");
  if (root->space != space::kSoap || root->name != "Envelope" || body == nullptr) {
    return fail(Reason::protocol, "wsman.not_soap",
                "the server's answer is XML, but no SOAP 1.2 envelope",
                "check that url names a WS-Management endpoint");
  }
  std::string relates_to;
  if (const xml::Element* header = root->child(space::kSoap, "Header")) {
    relates_to = trimmed(header->child(space::kAddressing, "RelatesTo"));
  }
  if (const xml::Element* fault = body->child(space::kSoap, "Fault")) {
    return Reply{std::move(relates_to), read_fault(*fault)};
  }
  if (body->child(space::kTransfer, "ResourceCreated") != nullptr ||
      body->child(space::kShell, "Shell") != nullptr) {
    return with(std::move(relates_to), read_create(*body));
  }
  if (const xml::Element* received = body->child(space::kShell, "ReceiveResponse")) {
    return with(std::move(relates_to), read_receive(*received));
  }
  if (const xml::Element* made = body->child(space::kShell, "CommandResponse")) {
    return with(std::move(relates_to), read_command(*made));
  }
  if (body->children.empty() || body->child(space::kShell, "SendResponse") != nullptr ||
      body->child(space::kShell, "SignalResponse") != nullptr ||
      body->child(space::kTransfer, "DeleteResponse") != nullptr) {
    return Reply{std::move(relates_to), EmptyReply{}};
  }
  return bad("the server's answer holds nothing that is known here");
}

}  // namespace sfb::wsman
