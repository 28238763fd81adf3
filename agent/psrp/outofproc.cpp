#include "agent/psrp/outofproc.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "agent/xml/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sfb::psrp {

namespace {

constexpr std::array<std::string_view, 8> kElements = {
    "Data", "DataAck", "Command", "CommandAck", "Signal", "SignalAck", "Close", "CloseAck"};
constexpr std::string_view kErrorPrefix = "__NamedPipeError__:";
// More on one line is no server's; each is one small element.
constexpr std::size_t kPacketsPerLine = 64;

PacketKind ack_of(PacketKind kind) {
  switch (kind) {
    case PacketKind::command:
      return PacketKind::command_ack;
    case PacketKind::signal:
      return PacketKind::signal_ack;
    case PacketKind::close:
      return PacketKind::close_ack;
    default:
      return PacketKind::data_ack;
  }
}

bool is_ack(PacketKind kind) {
  return kind == PacketKind::data_ack || kind == PacketKind::command_ack ||
         kind == PacketKind::signal_ack || kind == PacketKind::close_ack;
}

std::unexpected<Error> bad_packet(std::string message, std::string_view line) {
  return fail(Reason::protocol, "psrp.packet", std::move(message),
              "look at the log of the server: it speaks PSRP wrongly", std::string(cut_utf8(line)));
}

Result<Packet> to_packet(const xml::Element& element, std::string_view line) {
  const auto name = std::ranges::find(kElements, element.name);
  if (name == kElements.end() || !element.space.empty() || !element.children.empty()) {
    return bad_packet("the server sent an element that is not PSRP's", line);
  }
  Packet packet;
  packet.kind = static_cast<PacketKind>(name - kElements.begin());
  const std::string* const id = element.attribute("PSGuid");
  const auto guid = id == nullptr ? std::nullopt : parse_guid(*id);
  if (!guid) {
    return bad_packet("the server sent a packet without a PSGuid", line);
  }
  packet.id = *guid;
  if (packet.kind == PacketKind::data) {
    auto bytes = base64_decode(element.text);
    if (!bytes || bytes->empty()) {
      return bad_packet("the server sent a packet whose data is not base64", line);
    }
    packet.bytes = std::move(*bytes);
  } else if (!is_ack(packet.kind)) {
    return bad_packet("the server sent a packet that only clients send", line);
  }
  return packet;
}

}  // namespace

std::string_view to_string(PacketKind kind) {
  return kElements.at(static_cast<std::size_t>(kind));
}

std::string write_packet(const Packet& packet) {
  if (packet.kind == PacketKind::data) {
    return fmt::format("<Data Stream='{}' PSGuid='{}'>{}</Data>\n",
                       packet.prompt_response ? "PromptResponse" : "Default", to_string(packet.id),
                       base64_encode(packet.bytes));
  }
  return fmt::format("<{} PSGuid='{}' />\n", to_string(packet.kind), to_string(packet.id));
}

Result<std::vector<Packet>> PacketReader::feed(std::string_view bytes) {
  std::vector<Packet> packets;
  while (!broken_ && !bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > limits_.envelope) {
      broken_ = true;
      return fail(Reason::parse, "psrp.too_large",
                  fmt::format("the server sent a line of more than {} bytes", limits_.envelope),
                  "raise limits.envelope if that is what it has to say");
    }
    line_ += piece;
    if (end == std::string_view::npos) {
      break;
    }
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    if (Status taken = take_line(line, packets); !taken) {
      broken_ = true;
      return std::unexpected(std::move(taken.error()));
    }
  }
  return packets;
}

Status PacketReader::take_line(std::string_view line, std::vector<Packet>& packets) {
  line = line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  if (line.starts_with(kErrorPrefix)) {
    in_error_ = true;
    add_error(line.substr(kErrorPrefix.size()));
    return {};
  }
  if (line.find_first_not_of(" \t\xEF\xBB\xBF") == std::string_view::npos) {
    return {};
  }
  if (!line.starts_with('<') && !line.starts_with("\xEF\xBB\xBF<")) {
    if (in_error_) {  // its stack trace
      add_error(line);
      return {};
    }
    return fail(Reason::protocol, "psrp.not_a_packet",
                "the server's output holds something other than PSRP",
                "look for what the login prints besides: a banner, a profile, another program",
                std::string(cut_utf8(line)));
  }
  in_error_ = false;
  line.remove_prefix(line.find('<'));
  // One element is the rule, but the framing allows several; a document has one.
  const auto document =
      xml::read(fmt::format("<l>{}</l>", line),
                {.bytes = limits_.envelope + 16, .depth = 4, .nodes = 4 * kPacketsPerLine});
  if (!document && document.error().code == "xml.too_large") {
    return fail(Reason::parse, "psrp.too_large",
                fmt::format("a line of the server: {}", document.error().message),
                "raise limits.envelope if that is what it has to say");
  }
  if (!document) {
    return bad_packet("the server sent a line that is not well-formed XML", line);
  }
  if (document->text.find_first_not_of(" \t") != std::string::npos) {
    return bad_packet("the server sent text between its packets", line);
  }
  for (const xml::Element& element : document->children) {
    auto packet = to_packet(element, line);
    if (!packet) {
      return std::unexpected(std::move(packet.error()));
    }
    packets.push_back(std::move(*packet));
  }
  return {};
}

void PacketReader::add_error(std::string_view text) {
  errors_ += errors_.empty() ? "" : "\n";
  errors_ += cut_utf8(text);
  if (errors_.size() > kPeerText) {
    errors_.erase(0, errors_.size() - kPeerText);
  }
}

void Outofproc::send_regardless(Packet packet) {
  // What waits behind the Signal is not to be said any more.
  queue_.clear();
  queue_.push_back(std::move(packet));
  regardless_ = true;
}

std::optional<std::string> Outofproc::next_line() {
  if (queue_.empty() || (!waiting_.empty() && !regardless_)) {
    return std::nullopt;
  }
  regardless_ = false;
  const Packet packet = std::move(queue_.front());
  queue_.pop_front();
  waiting_.push_back({ack_of(packet.kind), packet.id});
  return write_packet(packet);
}

Result<std::vector<Packet>> Outofproc::receive(std::string_view bytes) {
  auto packets = reader_.feed(bytes);
  if (!packets) {
    return packets;
  }
  std::vector<Packet> data;
  for (Packet& packet : *packets) {
    if (!is_ack(packet.kind)) {
      data.push_back(std::move(packet));
      continue;
    }
    const auto awaited = std::ranges::find_if(waiting_, [&](const Awaited& one) {
      return one.kind == packet.kind && one.id == packet.id;
    });
    if (awaited == waiting_.end()) {
      return fail(Reason::protocol, "psrp.ack",
                  fmt::format("the server sent a {} for {}, but nothing waits for it",
                              to_string(packet.kind), to_string(packet.id)),
                  "look at the log of the server: it speaks PSRP wrongly");
    }
    waiting_.erase(awaited);
  }
  return data;
}

bool Outofproc::awaits(PacketKind kind) const {
  return std::ranges::find(waiting_, kind, &Awaited::kind) != waiting_.end();
}

std::string_view Outofproc::waits_for() const {
  return waiting_.empty() ? std::string_view() : to_string(waiting_.front().kind);
}

}  // namespace sfb::psrp
