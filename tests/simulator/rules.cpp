#include "tests/simulator/rules.hpp"

#include "agent/base/text.hpp"
#include "tests/simulator/fault_codes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>
#include <string>

namespace sim {

namespace {

using Element = sfb::xml::Element;

constexpr std::uint32_t kBadHeader = 2150858767;
constexpr std::uint32_t kBadResource = 2150858811;
constexpr std::uint32_t kBadSelector = 2150858843;
constexpr std::uint32_t kNotUnderstood = 2150858887;

constexpr std::string_view kAnonymous =
    "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 10 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c); });
}

bool is_version(std::string_view text) {
  const auto parts = sfb::split(text, '.');
  return parts.size() == 2 && is_number(parts[0]) && is_number(parts[1]);
}

bool is_true(std::string_view text) {
  return text == "TRUE";
}

bool is_false(std::string_view text) {
  return text == "FALSE";
}

bool is_flag(std::string_view text) {
  return is_true(text) || is_false(text);
}

bool is_uuid(std::string_view text) {
  std::string id(text);
  std::ranges::transform(id, id.begin(), [](unsigned char c) { return std::toupper(c); });
  return text.starts_with("uuid:") && is_client_guid(std::string_view(id).substr(5));
}

/// One option that an action may have.
struct OptionRule {
  std::string_view action;
  std::string_view name;
  bool (*fits)(std::string_view);
  bool needed = false;
  bool must_comply = false;
};

constexpr std::array kPsrpOptions = {
    OptionRule{"Create", "protocolversion", is_version, true, true},
    OptionRule{"Create", "WINRS_NOPROFILE", is_true, false, true},
    OptionRule{"Receive", "WSMAN_CMDSHELL_OPTION_KEEPALIVE", is_true, true},
    OptionRule{"Command", "WINRS_SKIP_CMD_SHELL", is_false, true}};

constexpr std::array kWinrsOptions = {
    OptionRule{"Create", "WINRS_NOPROFILE", is_flag},
    OptionRule{"Create", "WINRS_CODEPAGE", is_number},
    OptionRule{"Receive", "WSMAN_CMDSHELL_OPTION_KEEPALIVE", is_flag},
    OptionRule{"Command", "WINRS_CONSOLEMODE_STDIN", is_flag},
    OptionRule{"Command", "WINRS_SKIP_CMD_SHELL", is_flag}};

// WinRS clients write the attribute without its namespace, and servers take it.
bool understood(const SoapRequest& request, const Element& element) {
  return std::ranges::any_of(element.attributes, [&](const Element::Attribute& one) {
    return one.name == "mustUnderstand" && (one.space == kSoapSpace || request.winrs()) &&
           (one.value == "true" || one.value == "1");
  });
}

const Element* header(const SoapRequest& request, std::string_view space, std::string_view name) {
  const Element* const all = request.envelope.child(kSoapSpace, "Header");
  return all == nullptr ? nullptr : all->child(space, name);
}

const Element* need(SoapRequest& request, std::string_view space, std::string_view name,
                    bool must) {
  const Element* const found = header(request, space, name);
  if (found == nullptr) {
    request.violates(fmt::format("header {} is missing", name), kBadHeader);
  } else if (must && !understood(request, *found)) {
    request.violates(fmt::format("header {} lacks mustUnderstand", name));
  }
  return found;
}

void judge_head(SoapRequest& request) {
  const HttpHead& head = request.head;
  if (head.method != "POST") {
    request.violates("the method is " + head.method);
  }
  std::string type = sfb::to_lower(head.content_type);
  std::erase_if(type, [](char c) { return c == ' ' || c == '"'; });
  if (type != "application/soap+xml;charset=utf-8") {
    request.violates("Content-Type is " + sfb::quote(head.content_type));
  }
  if (!head.has_host) {
    request.violates("Host is missing");
  }
  if (head.chunked) {
    request.violates("the body is chunked");
  } else if (!head.has_length) {
    request.violates("Content-Length is missing");
  }
  if (head.expects) {
    request.violates("Expect is sent");
  }
  // IIS compresses for who does not refuse it; common WinRS clients can read that.
  if (!request.winrs() && head.accept_encoding != "identity") {
    request.violates("Accept-Encoding is not identity");
  }
}

void judge_addresses(SoapRequest& request) {
  const Element* const to = need(request, kAddressingSpace, "To", false);
  if (to != nullptr) {
    const std::string url(sfb::trim(to->text));
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
      request.violates("To is no URL", kBadHeader);
    }
  }
  const Element* const reply_to = need(request, kAddressingSpace, "ReplyTo", false);
  const Element* const address =
      reply_to == nullptr ? nullptr : reply_to->child(kAddressingSpace, "Address");
  if (reply_to != nullptr && (address == nullptr || sfb::trim(address->text) != kAnonymous)) {
    request.violates("ReplyTo is not anonymous", kBadHeader);
  } else if (address != nullptr && !understood(request, *address)) {
    request.violates("ReplyTo's Address lacks mustUnderstand");
  }
  if (need(request, kAddressingSpace, "Action", true) != nullptr && request.action == "other") {
    request.violates("the action is unknown", kBadAction);
  }
  if (need(request, kAddressingSpace, "MessageID", false) != nullptr &&
      !is_uuid(request.message_id)) {
    request.violates("MessageID is no uuid:GUID", kBadHeader);
  }
  if (need(request, kWsmanSpace, "ResourceURI", true) != nullptr && !request.winrs() &&
      !request.resource.starts_with(fmt::format("{}/", kCreationSpace))) {
    request.violates("the resource URI is unknown", kBadResource);
  }
}

void judge_values(SoapRequest& request) {
  if (const Element* const size = need(request, kWsmanSpace, "MaxEnvelopeSize", true);
      size != nullptr && (!is_number(sfb::trim(size->text)) || request.max_envelope < 8192)) {
    request.violates("MaxEnvelopeSize is no number from 8192", kBadHeader);
  }
  if (const Element* const time = need(request, kWsmanSpace, "OperationTimeout", false);
      time != nullptr && !read_duration(std::string(sfb::trim(time->text)))) {
    request.violates("OperationTimeout is no duration", kBadHeader);
  }
  for (const std::string_view name : {"SessionId", "OperationID"}) {
    const Element* const id = header(request, kMicrosoftSpace, name);
    if (id != nullptr && !is_uuid(sfb::trim(id->text))) {
      request.violates(fmt::format("{} is no uuid:GUID", name), kBadHeader);
    }
  }
}

// What a server must understand and does not, it refuses; the languages are such.
void judge_other_headers(SoapRequest& request) {
  static const std::set<std::string> kKnown = {"To",        "ReplyTo",         "Action",
                                               "MessageID", "ResourceURI",     "SelectorSet",
                                               "OptionSet", "MaxEnvelopeSize", "OperationTimeout"};
  std::set<std::string> seen;
  const Element* const all = request.envelope.child(kSoapSpace, "Header");
  if (all == nullptr) {
    return;
  }
  for (const Element& one : all->children) {
    if (!seen.insert(one.name).second) {
      request.violates(fmt::format("header {} is there twice", one.name), kBadHeader);
    }
    if (understood(request, one) && !kKnown.contains(one.name)) {
      request.violates(fmt::format("header {} must not be mustUnderstand", one.name),
                       kNotUnderstood);
    }
  }
}

void judge_option(SoapRequest& request, const OptionRule* rule, const Element& option) {
  const std::string name = attribute(&option, "Name");
  if (rule == nullptr || option.name != "Option" || option.space != kWsmanSpace) {
    request.violates(fmt::format("option {} does not belong here", sfb::quote(name)));
    return;
  }
  if (!rule->fits(option.text)) {
    request.violates(fmt::format("option {} is {}", name, sfb::quote(option.text)));
  }
  if (rule->must_comply && attribute(&option, "MustComply") != "true") {
    request.violates(fmt::format("option {} lacks MustComply", name));
  }
}

void judge_options(SoapRequest& request) {
  const Element* const set = header(request, kWsmanSpace, "OptionSet");
  const std::span<const OptionRule> rules =
      request.winrs() ? std::span<const OptionRule>(kWinrsOptions) : kPsrpOptions;
  std::set<std::string_view> seen;
  if (set != nullptr) {
    if (!request.winrs() && !understood(request, *set)) {
      request.violates("OptionSet lacks mustUnderstand");
    }
    for (const Element& option : set->children) {
      const std::string name = attribute(&option, "Name");
      const auto rule = std::ranges::find_if(rules, [&](const OptionRule& one) {
        return one.action == request.action && one.name == name;
      });
      judge_option(request, rule == rules.end() ? nullptr : &*rule, option);
      if (rule != rules.end()) {
        seen.insert(rule->name);
      }
    }
  }
  for (const OptionRule& rule : rules) {
    if (rule.needed && rule.action == request.action && !seen.contains(rule.name)) {
      request.violates(fmt::format("option {} is missing", rule.name));
    }
  }
}

void judge_selector(SoapRequest& request) {
  const Element* const set = header(request, kWsmanSpace, "SelectorSet");
  if (request.action == "Create") {
    if (set != nullptr) {
      request.violates("there is a selector", kBadSelector);
    }
    return;
  }
  const bool one = set != nullptr && set->children.size() == 1;
  const Element* const selector = one ? set->child(kWsmanSpace, "Selector") : nullptr;
  if (attribute(selector, "Name") != "ShellId") {
    request.violates("the one selector is not ShellId", kBadSelector);
  }
}

}  // namespace

bool is_client_guid(std::string_view text) {
  constexpr std::string_view kForm = "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX";
  return std::ranges::equal(text, kForm, [](unsigned char c, char form) {
    return form == '-' ? c == '-' : std::isdigit(c) || (c >= 'A' && c <= 'F');
  });
}

void judge(SoapRequest& request) {
  judge_head(request);
  judge_addresses(request);
  judge_values(request);
  judge_other_headers(request);
  judge_options(request);
  judge_selector(request);
  judge_body(request);
}

}  // namespace sim
