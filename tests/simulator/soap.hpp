// The simulator's own WS-Management envelopes: requests read, replies and faults written.
#pragma once

#include "agent/xml/reader.hpp"
#include "tests/simulator/scenario.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

inline constexpr std::string_view kSoapSpace = "http://www.w3.org/2003/05/soap-envelope";
inline constexpr std::string_view kAddressingSpace =
    "http://schemas.xmlsoap.org/ws/2004/08/addressing";
inline constexpr std::string_view kTransferSpace = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
inline constexpr std::string_view kWsmanSpace = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
inline constexpr std::string_view kMicrosoftSpace =
    "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
inline constexpr std::string_view kShellSpace =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
inline constexpr std::string_view kCreationSpace = "http://schemas.microsoft.com/powershell";

/// The head of an HTTP request, as far as there are rules about it.
struct HttpHead {
  std::string method = "POST";
  std::string content_type;
  std::string accept_encoding;
  std::string authorization;
  bool has_host = true;
  bool has_length = true;
  bool chunked = false;
  bool expects = false;  ///< Expect: 100-continue
  std::string text;      ///< all of it
};

/// A rule of the protocol that a request breaks.
struct Violation {
  std::string text;
  /// With what a server refuses it; 0: it is not known to, and the request is acted upon.
  std::uint32_t code = 0;
};

/// One request of a client.
struct SoapRequest {
  std::string action;  ///< `Create`, `Receive`, `Command`, `Send`, `Signal`, `Delete`; else `other`
  std::string message_id;
  std::string resource;  ///< the resource URI
  std::string shell_id;
  Millis operation_timeout{60'000};
  std::size_t max_envelope = 0;  ///< 0: not said
  std::size_t bytes = 0;
  HttpHead head;
  sfb::xml::Element envelope;
  std::vector<Violation> violations;

  const sfb::xml::Element* body() const;
  /// WinRS, whose rules are others.
  bool winrs() const;
  /// Notes a violation.
  void violates(std::string text, std::uint32_t code = 0);
};

/// Reads a request and judges it; what is no envelope at all is an error text.
std::expected<SoapRequest, std::string> read_soap(std::string_view xml, HttpHead head);

/// A reply; an empty `relates_to` leaves the header out.
std::string reply_xml(const std::string& relates_to, const std::string& body);

/// `detail`: wsman (WSManFault with Message), provider (ProviderFault, empty Reason), wmi
/// (MSFT_WmiError) or none.
std::string fault_xml(const std::string& relates_to, std::uint32_t code, const std::string& subcode,
                      const std::string& text, const std::string& detail = "wsman");

/// The descendant along these local names; nullptr when there is none.
const sfb::xml::Element* find(const sfb::xml::Element* from,
                              std::initializer_list<std::string_view> names);
/// xs:duration as far as clients use it: PT20S, PT0.500S, PT1M.
std::optional<Millis> read_duration(const std::string& text);
std::string attribute(const sfb::xml::Element* element, std::string_view name);

}  // namespace sim
