// PSRP out of process (README.md): what `pwsh -s` and the ssh subsystem speak on their stdin and
// stdout. One packet per line, the fragments as base64 inside. Pure; thread rule: one owner.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/guid.hpp"
#include "agent/base/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::psrp {

/// The elements of the framing. Servers send `data` and the acks, clients the others.
enum class PacketKind : std::uint8_t {
  data,
  data_ack,
  command,
  command_ack,
  signal,
  signal_ack,
  close,
  close_ack
};
/// `DataAck`.
std::string_view to_string(PacketKind kind);

/// One packet. A zero `id` is the session, that is, the runspace pool.
struct Packet {
  PacketKind kind = PacketKind::data;
  Guid id;
  std::string bytes = {};        ///< fragments; of `data` only
  bool prompt_response = false;  ///< `data` that answers a host call
  bool operator==(const Packet&) const = default;
};

/// The packet as the line that goes out, line end included.
std::string write_packet(const Packet& packet);

/// Cuts what comes in into packets.
class PacketReader {
 public:
  explicit PacketReader(const Limits& limits) : limits_(limits) {}

  /// The packets that these bytes completed. After an error nothing more is taken. Errors:
  /// - Reason::protocol, psrp.not_a_packet: a line that is not a packet, such as a banner or a
  ///   profile's output; the line is the peer's text
  /// - Reason::protocol, psrp.packet: an unknown element, a wrong attribute, bad base64
  /// - Reason::parse, psrp.too_large: a line longer than limits.envelope
  Result<std::vector<Packet>> feed(std::string_view bytes);

  /// What the server wrote as `__NamedPipeError__:` lines, the ssh subsystem's stderr: its last
  /// part, at most kPeerText bytes. Untrusted.
  const std::string& errors() const { return errors_; }
  /// Bytes of a line that is half-way.
  std::size_t held() const { return line_.size(); }

 private:
  Status take_line(std::string_view line, std::vector<Packet>& packets);
  void add_error(std::string_view text);

  Limits limits_;
  std::string line_;
  std::string errors_;
  bool in_error_ = false;  ///< lines without prefix belong to the error before
  bool broken_ = false;
};

/// Keeps the client's packets in order. Each line waits until the one before is acknowledged,
/// because the server handles every line on a thread of its own, and the next one may overtake it.
class Outofproc {
 public:
  explicit Outofproc(const Limits& limits) : reader_(limits) {}

  /// Queues a packet to go out.
  void send(Packet packet) { queue_.push_back(std::move(packet)); }
  /// Queues it without waiting for the acknowledgement of a Signal. A cmdlet that does not hear its
  /// stop delays that one, but the server acknowledges a Close at once.
  void send_regardless(Packet packet);
  /// The next line to be written, once. Nothing while the one before waits for its acknowledgement.
  std::optional<std::string> next_line();

  /// The data that came, in order. Acknowledgements let the next line go. Errors:
  /// - those of PacketReader
  /// - Reason::protocol, psrp.ack: an acknowledgement that nothing waits for. Servers acknowledge a
  ///   Close or Signal even when they do not know its pipeline.
  Result<std::vector<Packet>> receive(std::string_view bytes);

  /// Everything that was queued has been written and acknowledged.
  bool settled() const { return queue_.empty() && waiting_.empty(); }
  /// Everything that was queued has been written; its acknowledgement may be missing.
  bool all_said() const { return queue_.empty(); }
  /// An acknowledgement of this kind is missing for a line that was written.
  bool awaits(PacketKind kind) const;
  /// What a line waits for: `DataAck`; empty when none does.
  std::string_view waits_for() const;
  const std::string& errors() const { return reader_.errors(); }
  std::size_t held() const { return reader_.held(); }

 private:
  struct Awaited {
    PacketKind kind;
    Guid id;
  };
  PacketReader reader_;
  std::deque<Packet> queue_;
  std::vector<Awaited> waiting_;  ///< acks; more than one behind send_regardless only
  bool regardless_ = false;       ///< the first of the queue does not wait
};

}  // namespace sfb::psrp
