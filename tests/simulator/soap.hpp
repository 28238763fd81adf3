// The simulator's own WS-Management envelopes: requests read, replies and faults written.
#pragma once

#include "agent/xml/reader.hpp"
#include "tests/simulator/scenario.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

/// One request of a client.
struct SoapRequest {
  std::string action;  ///< `Create`, `Receive`, `Command`, `Send`, `Signal`, `Delete`
  std::string message_id;
  std::string resource;  ///< the resource URI
  std::string shell_id;
  Millis operation_timeout{60'000};
  std::size_t max_envelope = 512'000;
  sfb::xml::Element envelope;
  /// Rules of the protocol that the request breaks.
  std::vector<std::string> violations;

  const sfb::xml::Element* body() const;
};

/// What is no envelope at all is an error text.
std::expected<SoapRequest, std::string> read_soap(std::string_view xml);

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

inline constexpr std::string_view kShellSpace =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";

}  // namespace sim
