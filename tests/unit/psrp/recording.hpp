// Recorded conversations of tests/golden/psrp.
#pragma once

#include "agent/psrp/message.hpp"

#include <string>
#include <vector>

namespace sfb::psrp {

/// One packet.
struct RecordedPacket {
  bool to_server = false;
  std::string kind;    ///< `Data`, `Command`, `Close`, ...
  std::string stream;  ///< `Default`, `PromptResponse`; Data only
  std::string guid;    ///< zero: the session's
  std::string bytes;   ///< fragments; Data only
};

/// Names of all recordings, without folder.
std::vector<std::string> recordings();
/// Throws when the file cannot be read: a test without its data must fail.
std::vector<RecordedPacket> read_recording(const std::string& name);
/// The bytes of one direction and PSGuid, joined.
std::string bytes_of(const std::vector<RecordedPacket>& packets, bool to_server,
                     const std::string& guid);
/// PSGuids of the pipelines in the order of their Command.
std::vector<std::string> pipelines_of(const std::vector<RecordedPacket>& packets);
/// Messages of one direction, in order.
std::vector<Message> messages_of(const std::vector<RecordedPacket>& packets, bool to_server);

inline const std::string kSession = "00000000-0000-0000-0000-000000000000";

}  // namespace sfb::psrp
