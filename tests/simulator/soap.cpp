#include "tests/simulator/soap.hpp"

#include "agent/base/text.hpp"
#include "agent/xml/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex>

namespace sim {

namespace {

constexpr std::string_view kSoap = "http://www.w3.org/2003/05/soap-envelope";
constexpr std::string_view kAddressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
constexpr std::string_view kWsman = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
constexpr std::string_view kTransfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer";

bool must_understand(const sfb::xml::Element& header) {
  const auto found =
      std::ranges::find(header.attributes, "mustUnderstand", &sfb::xml::Element::Attribute::name);
  return found != header.attributes.end() && (found->value == "true" || found->value == "1");
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

std::expected<SoapRequest, std::string> read_soap(std::string_view xml) {
  auto envelope = sfb::xml::read(xml, {});
  if (!envelope) {
    return std::unexpected("not well-formed: " + envelope.error().message);
  }
  SoapRequest request;
  request.envelope = std::move(*envelope);
  if (request.envelope.name != "Envelope" || request.envelope.space != kSoap) {
    return std::unexpected("no SOAP 1.2 envelope");
  }
  const auto header = [&](std::string_view name) {
    return find(&request.envelope, {"Header", name});
  };
  const auto need = [&](std::string_view name, std::string_view space, bool understood) {
    const auto* const found = header(name);
    if (found == nullptr || found->space != space) {
      request.violations.push_back(fmt::format("header {} is missing", name));
    } else if (understood && !must_understand(*found)) {
      request.violations.push_back(fmt::format("header {} lacks mustUnderstand", name));
    }
    return found;
  };
  need("To", kAddressing, false);
  need("ReplyTo", kAddressing, false);
  const auto* const action = need("Action", kAddressing, true);
  const auto* const id = need("MessageID", kAddressing, false);
  const auto* const resource = need("ResourceURI", kWsman, true);
  const auto* const size = need("MaxEnvelopeSize", kWsman, true);
  const auto* const timeout = header("OperationTimeout");
  if (const auto* const locale = header("Locale"); locale != nullptr && must_understand(*locale)) {
    request.violations.emplace_back("Locale must not be mustUnderstand");
  }
  if (action == nullptr || id == nullptr || resource == nullptr) {
    return request;
  }
  request.action = action->text.substr(action->text.rfind('/') + 1);
  request.message_id = id->text;
  request.resource = sfb::trim(resource->text);
  if (size != nullptr) {
    std::from_chars(size->text.data(), size->text.data() + size->text.size(), request.max_envelope);
    if (request.max_envelope < 8192) {
      request.violations.emplace_back("MaxEnvelopeSize below 8192");
    }
  }
  if (timeout != nullptr) {
    const auto read = read_duration(timeout->text);
    if (!read) {
      request.violations.push_back("OperationTimeout is no duration: " + timeout->text);
    }
    request.operation_timeout = read.value_or(Millis(60'000));
  }
  if (const auto* const selector = find(&request.envelope, {"Header", "SelectorSet", "Selector"})) {
    request.shell_id = sfb::trim(selector->text);
  } else if (request.action != "Create") {
    request.violations.push_back(request.action + " without a selector");
  }
  return request;
}

std::string reply_xml(const std::string& relates_to, const std::string& body) {
  return fmt::format(
      R"(<s:Envelope xml:lang="en-US" xmlns:s="{}" xmlns:a="{}" xmlns:x="{}" xmlns:w="{}" xmlns:rsp="{}" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"><s:Header><a:MessageID>uuid:00000000-0000-4000-8000-000000000000</a:MessageID><a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>{}</s:Header><s:Body>{}</s:Body></s:Envelope>)",
      kSoap, kAddressing, kTransfer, kWsman, kShellSpace,
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
