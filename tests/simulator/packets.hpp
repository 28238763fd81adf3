// PSRP out of process: one packet a line, an XML element with the fragments in base64.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

/// No line is longer.
inline constexpr std::size_t kLargestLine = 64UL << 20U;

/// The session's PSGuid; a pipeline has its PID.
inline constexpr std::string_view kSessionGuid = "00000000-0000-0000-0000-000000000000";

struct Packet {
  std::string kind;    ///< Data, Command, Signal, Close, or one of these with Ack behind it
  std::string stream;  ///< of Data: Default, PromptResponse
  std::string guid;    ///< in lower case
  std::string bytes;   ///< of Data: fragments

  bool of_session() const { return guid == kSessionGuid; }
};

/// The packets of a line without its line end. An error is a text as the real engine says it
/// before it ends.
std::expected<std::vector<Packet>, std::string> read_packets(std::string_view line);
/// The engine's complaint about an element that is none of the packets.
std::string unknown_element(std::string_view name);

/// Without line end, as the engine writes it: GUIDs in lower case.
std::string data_packet(std::string_view guid, std::string_view bytes,
                        std::string_view stream = "Default");
/// A packet without content: an Ack, Command, Signal or Close.
std::string bare_packet(std::string_view kind, std::string_view guid);

}  // namespace sim
