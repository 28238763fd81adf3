// Any bytes as the output of a PSRP process, in pieces: no crash, nothing held beyond the line, and
// the same packets whatever the pieces.
#include "agent/psrp/outofproc.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using sfb::psrp::Packet;
  sfb::Limits limits;
  limits.envelope = 4096;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = sfb::psrp::PacketReader(limits).feed(bytes);

  sfb::psrp::PacketReader reader(limits);
  std::vector<Packet> pieces;
  bool good = true;
  for (std::size_t at = 0, step = 1; good && at < bytes.size(); at += step, step = step % 7 + 1) {
    const auto some = reader.feed(bytes.substr(at, step));
    good = some.has_value();
    if (good) {
      pieces.insert(pieces.end(), some->begin(), some->end());
    }
    if (reader.held() > limits.envelope) {
      std::abort();
    }
  }
  if (good != whole.has_value() || (good && pieces != *whole)) {
    std::abort();
  }

  sfb::psrp::Outofproc carrier(limits);
  carrier.send({.kind = sfb::psrp::PacketKind::command, .id = {}});
  static_cast<void>(carrier.next_line());
  static_cast<void>(carrier.receive(bytes));
  return 0;
}
