#include "tests/simulator/soap.hpp"

#include "agent/base/text.hpp"
#include "agent/xml/writer.hpp"
#include "tests/simulator/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex>

namespace sim {

namespace {

// Whole URIs: a server compares them so.
std::string action_of(std::string_view uri) {
  for (const std::string_view name : {"Create", "Delete"}) {
    if (uri == fmt::format("{}/{}", kTransferSpace, name)) {
      return std::string(name);
    }
  }
  for (const std::string_view name : {"Command", "Receive", "Send", "Signal"}) {
    if (uri == fmt::format("{}/{}", kShellSpace, name)) {
      return std::string(name);
    }
  }
  return "other";
}

}  // namespace

std::optional<Millis> read_duration(const std::string& text) {
  static const std::regex kForm(R"(PT(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,3})\d*)?S)?)");
  std::smatch parts;
  if (text.size() < 4 || !std::regex_match(text, parts, kForm)) {
    return std::nullopt;
  }
  const auto number = [&](std::size_t i) { return parts[i].matched ? std::stol(parts[i]) : 0L; };
  std::string fraction = parts[3].matched ? parts[3].str() : "0";
  fraction.resize(3, '0');
  return Millis(number(1) * 60'000 + number(2) * 1000 + std::stol(fraction));
}

const sfb::xml::Element* find(const sfb::xml::Element* from,
                              std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (from == nullptr) {
      return nullptr;
    }
    const auto next = std::ranges::find(from->children, name, &sfb::xml::Element::name);
    from = next == from->children.end() ? nullptr : &*next;
  }
  return from;
}

std::string attribute(const sfb::xml::Element* element, std::string_view name) {
  const std::string* const value = element == nullptr ? nullptr : element->attribute(name);
  return value == nullptr ? std::string() : *value;
}

const sfb::xml::Element* SoapRequest::body() const {
  return find(&envelope, {"Body"});
}

bool SoapRequest::winrs() const {
  return resource == fmt::format("{}/cmd", kShellSpace);
}

void SoapRequest::violates(std::string text, std::uint32_t code) {
  violations.push_back({std::move(text), code});
}

std::expected<SoapRequest, std::string> read_soap(std::string_view xml, HttpHead head) {
  auto envelope = sfb::xml::read(xml, {});
  if (!envelope) {
    return std::unexpected("not well-formed: " + envelope.error().message);
  }
  SoapRequest request;
  request.envelope = std::move(*envelope);
  request.head = std::move(head);
  request.bytes = xml.size();
  if (request.envelope.name != "Envelope" || request.envelope.space != kSoapSpace) {
    return std::unexpected("no SOAP 1.2 envelope");
  }
  const auto header = [&](std::string_view space, std::string_view name) {
    const auto* const all = request.envelope.child(kSoapSpace, "Header");
    const auto* const one = all == nullptr ? nullptr : all->child(space, name);
    return std::string(one == nullptr ? std::string_view() : sfb::trim(one->text));
  };
  request.action = action_of(header(kAddressingSpace, "Action"));
  request.message_id = header(kAddressingSpace, "MessageID");
  request.resource = header(kWsmanSpace, "ResourceURI");
  const std::string size = header(kWsmanSpace, "MaxEnvelopeSize");
  std::from_chars(size.data(), size.data() + size.size(), request.max_envelope);
  request.operation_timeout =
      read_duration(header(kWsmanSpace, "OperationTimeout")).value_or(request.operation_timeout);
  if (const auto* const selector = find(&request.envelope, {"Header", "SelectorSet", "Selector"})) {
    request.shell_id = sfb::trim(selector->text);
  }
  judge(request);
  return request;
}

std::string reply_xml(const std::string& relates_to, const std::string& body) {
  return fmt::format(
      R"(<s:Envelope xml:lang="en-US" xmlns:s="{}" xmlns:a="{}" xmlns:x="{}" xmlns:w="{}" xmlns:rsp="{}" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header><a:MessageID>uuid:00000000-0000-4000-8000-000000000000</a:MessageID><a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>{}</s:Header><s:Body>{}</s:Body></s:Envelope>)",
      kSoapSpace, kAddressingSpace, kTransferSpace, kWsmanSpace, kShellSpace,
      relates_to.empty() ? std::string() : fmt::format("<a:RelatesTo>{}</a:RelatesTo>", relates_to),
      body);
}

std::string fault_xml(const std::string& relates_to, std::uint32_t code, const std::string& subcode,
                      const std::string& text, const std::string& detail) {
  std::string escaped;
  sfb::xml::append_text(escaped, text);
  std::string inner;
  constexpr std::string_view kFault = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";
  if (detail == "wsman") {
    inner = fmt::format(
        R"(<s:Detail><f:WSManFault xmlns:f="{}" Code="{}" Machine="simulator"><f:Message>{}</f:Message></f:WSManFault></s:Detail>)",
        kFault, code, escaped);
  } else if (detail == "provider") {
    inner = fmt::format(
        R"(<s:Detail><f:WSManFault xmlns:f="{}" Code="{}" Machine="simulator"><f:Message><f:ProviderFault provider="microsoft.powershell" path="C:\Windows\system32\pwrshplugin.dll">{}</f:ProviderFault></f:Message></f:WSManFault></s:Detail>)",
        kFault, code, escaped);
  } else if (detail == "wmi") {
    inner = fmt::format(
        R"(<s:Detail><p:MSFT_WmiError xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wmi/root/microsoft/windows/management/MSFT_WmiError"><p:error_Code>{}</p:error_Code><p:error_WindowsErrorMessage>{}</p:error_WindowsErrorMessage></p:MSFT_WmiError></s:Detail>)",
        code, escaped);
  }
  return reply_xml(
      relates_to,
      fmt::format(
          R"(<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:{}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">{}</s:Text></s:Reason>{}</s:Fault>)",
          subcode.empty() ? "InternalError" : subcode,
          detail == "provider" ? std::string() : escaped, inner));
}

}  // namespace sim
