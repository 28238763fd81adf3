#include "tests/unit/psrp/recording.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "agent/psrp/fragment.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>

namespace sfb::psrp {

namespace {

const std::filesystem::path kFolder = SFB_SOURCE_DIR "/tests/golden/psrp";

}  // namespace

std::vector<std::string> recordings() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".txt") {
      names.push_back(entry.path().filename().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

std::vector<RecordedPacket> read_recording(const std::string& name) {
  std::ifstream file(kFolder / name);
  std::vector<RecordedPacket> packets;
  for (std::string line; std::getline(file, line);) {
    const auto words = split(line, ' ');
    RecordedPacket packet;
    packet.to_server = words.at(0) == ">";
    packet.kind = words.at(1);
    std::size_t at = 2;
    if (packet.kind == "Data") {
      packet.stream = words.at(at++);
    }
    packet.guid = words.at(at++);
    if (at < words.size()) {
      packet.bytes = base64_decode(words.at(at)).value();
    }
    packets.push_back(std::move(packet));
  }
  if (packets.empty()) {
    throw std::runtime_error("no recording " + name);
  }
  return packets;
}

std::string bytes_of(const std::vector<RecordedPacket>& packets, bool to_server,
                     const std::string& guid) {
  std::string bytes;
  for (const RecordedPacket& packet : packets) {
    if (packet.to_server == to_server && packet.guid == guid) {
      bytes += packet.bytes;
    }
  }
  return bytes;
}

std::vector<std::string> pipelines_of(const std::vector<RecordedPacket>& packets) {
  std::vector<std::string> guids;
  for (const RecordedPacket& packet : packets) {
    if (packet.to_server && packet.kind == "Command") {
      guids.push_back(packet.guid);
    }
  }
  return guids;
}

std::vector<Message> messages_of(const std::vector<RecordedPacket>& packets, bool to_server) {
  std::vector<Message> messages;
  std::map<std::string, Defragmenter> inputs;
  for (const RecordedPacket& packet : packets) {
    if (packet.to_server != to_server || packet.bytes.empty()) {
      continue;
    }
    auto& input = inputs.try_emplace(packet.guid, FragmentLimits{}).first->second;
    for (const std::string& encoded : input.feed(packet.bytes).value()) {
      messages.push_back(decode(encoded).value());
    }
  }
  return messages;
}

}  // namespace sfb::psrp
