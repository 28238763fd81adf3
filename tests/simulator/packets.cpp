#include "tests/simulator/packets.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "agent/xml/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sim {

namespace {

using Element = sfb::xml::Element;

// A packet of a hundred fragments is still far below.

bool is_guid(std::string_view text) {
  constexpr std::string_view kForm = "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX";
  return std::ranges::equal(text, kForm, [](unsigned char c, char form) {
    return form == '-' ? c == '-' : std::isxdigit(c) != 0;
  });
}

std::expected<Packet, std::string> packet_of(const Element& element) {
  constexpr std::array<std::string_view, 8> kKinds = {
      "Data", "DataAck", "Command", "CommandAck", "Signal", "SignalAck", "Close", "CloseAck"};
  if (std::ranges::find(kKinds, element.name) == kKinds.end()) {
    return std::unexpected(unknown_element(element.name));
  }
  const bool data = element.name == "Data";
  const std::string* const guid = element.attribute("PSGuid");
  const std::string* const stream = element.attribute("Stream");
  if (guid == nullptr || (stream == nullptr) == data ||
      element.attributes.size() != (data ? 2 : 1)) {
    return std::unexpected(fmt::format("The attributes of element \"{}\" are not {}.", element.name,
                                       data ? "Stream and PSGuid" : "PSGuid alone"));
  }
  if (!is_guid(*guid)) {
    return std::unexpected(fmt::format("PSGuid {} is no GUID.", sfb::quote(*guid)));
  }
  Packet packet{element.name, data ? *stream : "", sfb::to_lower(*guid), {}};
  if (!element.children.empty() || (!data && !element.text.empty())) {
    return std::unexpected(fmt::format("Element \"{}\" has content.", element.name));
  }
  if (data) {
    packet.bytes = sfb::base64_decode(element.text).value_or("");
    if (packet.bytes.empty()) {
      return std::unexpected("The content of element \"Data\" is no base64.");
    }
  }
  return packet;
}

}  // namespace

std::string unknown_element(std::string_view name) {
  return fmt::format(
      "An unknown element \"{}\" was received. This can happen if the remote process closed or "
      "ended abnormally.",
      name);
}

std::expected<std::vector<Packet>, std::string> read_packets(std::string_view line) {
  // In a root of our own: a line may hold several elements, and comments.
  const auto root = line.size() > kLargestLine || line.contains("<?")
                        ? sfb::xml::read("<", {})
                        : sfb::xml::read(fmt::format("<line>{}</line>", line),
                                         {.bytes = kLargestLine + 100, .depth = 64});
  if (!root) {
    return std::unexpected(fmt::format("A line is no XML: {}", sfb::quote(line, 60)));
  }
  if (!root->text.empty() || root->children.empty()) {
    return std::unexpected(unknown_element(line.empty() ? "" : "text"));
  }
  std::vector<Packet> packets;
  for (const Element& element : root->children) {
    auto packet = packet_of(element);
    if (!packet) {
      return std::unexpected(packet.error());
    }
    packets.push_back(std::move(*packet));
  }
  return packets;
}

std::string data_packet(std::string_view guid, std::string_view bytes, std::string_view stream) {
  return fmt::format("<Data Stream='{}' PSGuid='{}'>{}</Data>", stream, sfb::to_lower(guid),
                     sfb::base64_encode(bytes));
}

std::string bare_packet(std::string_view kind, std::string_view guid) {
  return fmt::format("<{} PSGuid='{}' />", kind, sfb::to_lower(guid));
}

}  // namespace sim
