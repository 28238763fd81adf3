// The framing out of process (agent/psrp/README.md): lines, acknowledgements and their order.
#include "agent/psrp/outofproc.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "tests/unit/psrp/recording.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sfb::psrp {
namespace {

const Guid kPid = *parse_guid("bebf7f96-6a43-41a6-bab9-6ec9c07e1008");
constexpr std::string_view kPidText = "bebf7f96-6a43-41a6-bab9-6ec9c07e1008";

std::string ack(std::string_view name, std::string_view id = kPidText) {
  return "<" + std::string(name) + " PSGuid='" + std::string(id) + "' />\n";
}

std::string data(std::string_view bytes, std::string_view id = kPidText) {
  return "<Data Stream='Default' PSGuid='" + std::string(id) + "'>" + base64_encode(bytes) +
         "</Data>\n";
}

// The line as the server wrote it, from what a recording kept of it.
std::string line_of(const RecordedPacket& packet) {
  return packet.kind == "Data" ? "<Data Stream='" + packet.stream + "' PSGuid='" + packet.guid +
                                     "'>" + base64_encode(packet.bytes) + "</Data>\n"
                               : ack(packet.kind, packet.guid);
}

std::string code_of(std::string_view bytes, Limits limits = {}) {
  const auto packets = PacketReader(limits).feed(bytes);
  return packets ? "none" : packets.error().code;
}

TEST(WritePacket, LooksAsServersTakeIt) {
  EXPECT_EQ(write_packet({.kind = PacketKind::command, .id = kPid}),
            "<Command PSGuid='bebf7f96-6a43-41a6-bab9-6ec9c07e1008' />\n");
  EXPECT_EQ(write_packet({.kind = PacketKind::data, .id = {}, .bytes = "abc"}),
            "<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>YWJj</Data>\n");
  EXPECT_EQ(
      write_packet({.kind = PacketKind::data, .id = kPid, .bytes = "abc", .prompt_response = true}),
      "<Data Stream='PromptResponse' PSGuid='bebf7f96-6a43-41a6-bab9-6ec9c07e1008'>YWJj</Data>\n");
}

TEST(PacketReader, ReadsWhatTheRecordedServersSent) {
  std::size_t packets = 0;
  for (const std::string& name : recordings()) {
    PacketReader reader({});
    for (const RecordedPacket& recorded : read_recording(name)) {
      // Data without its bytes was left out of the recording for its length.
      if (recorded.to_server || (recorded.kind == "Data" && recorded.bytes.empty())) {
        continue;
      }
      const auto read = reader.feed(line_of(recorded));
      ASSERT_TRUE(read.has_value()) << name << ": " << describe(read.error());
      ASSERT_EQ(read->size(), 1U) << name;
      EXPECT_EQ(to_string(read->front().kind), recorded.kind) << name;
      EXPECT_EQ(to_string(read->front().id), recorded.guid) << name;
      EXPECT_EQ(read->front().bytes, recorded.bytes) << name;
      ++packets;
    }
  }
  EXPECT_GT(packets, 100U);
}

TEST(PacketReader, TakesEveryFormThatTheFramingAllows) {
  const std::string forms =
      "<DataAck PSGuid=\"BEBF7F96-6A43-41A6-BAB9-6EC9C07E1008\"/>\r\n"
      "\xEF\xBB\xBF<DataAck PSGuid='{bebf7f96-6a43-41a6-bab9-6ec9c07e1008}'></DataAck>\n"
      "<!-- a comment --><DataAck PSGuid='bebf7f96-6a43-41a6-bab9-6ec9c07e1008' />"
      "<Data PSGuid='bebf7f96-6a43-41a6-bab9-6ec9c07e1008' Stream='Default'>YWJj</Data>\n"
      "\r\n";
  const auto all = PacketReader({}).feed(forms);
  ASSERT_TRUE(all.has_value()) << describe(all.error());
  ASSERT_EQ(all->size(), 4U);
  EXPECT_TRUE(std::ranges::all_of(*all, [](const Packet& one) { return one.id == kPid; }));
  EXPECT_EQ(all->back().bytes, "abc");

  // Cut anywhere, the same comes out.
  PacketReader reader({});
  std::vector<Packet> pieces;
  for (const char byte : forms) {
    const auto some = reader.feed(std::string_view(&byte, 1));
    ASSERT_TRUE(some.has_value());
    pieces.insert(pieces.end(), some->begin(), some->end());
  }
  EXPECT_EQ(pieces, *all);
  EXPECT_EQ(reader.held(), 0U);
}

TEST(PacketReader, RefusesWhatIsNoPacket) {
  EXPECT_EQ(code_of("Welcome to FE1\n"), "psrp.not_a_packet");
  EXPECT_EQ(code_of("<Data Stream='Default'>YWJj</Data>\n"), "psrp.packet");
  EXPECT_EQ(code_of("<Data Stream='Default' PSGuid='1'>YWJj</Data>\n"), "psrp.packet");
  EXPECT_EQ(code_of("<Data Stream='Default' PSGuid='" + std::string(kPidText) + "'>!</Data>\n"),
            "psrp.packet");
  EXPECT_EQ(code_of("<Data Stream='Default' PSGuid='" + std::string(kPidText) + "'></Data>\n"),
            "psrp.packet");
  EXPECT_EQ(code_of(ack("Other")), "psrp.packet");
  EXPECT_EQ(code_of(ack("Command")), "psrp.packet");
  EXPECT_EQ(code_of("<DataAck\n"), "psrp.packet");
  EXPECT_EQ(code_of("<!DOCTYPE a><DataAck PSGuid='" + std::string(kPidText) + "'/>\n"),
            "psrp.packet");
  EXPECT_EQ(code_of("<html><body>502</body></html>\n"), "psrp.packet");
}

TEST(PacketReader, ALineIsCapped) {
  Limits limits;
  limits.envelope = 200;
  EXPECT_EQ(code_of(std::string(199, 'x'), limits), "none");
  EXPECT_EQ(code_of(std::string(201, 'x'), limits), "psrp.too_large");
  PacketReader reader(limits);
  EXPECT_FALSE(reader.feed(std::string(201, 'x')).has_value());
  const auto behind = reader.feed(ack("DataAck"));
  ASSERT_TRUE(behind.has_value());
  EXPECT_TRUE(behind->empty());  // nothing is taken any more
}

TEST(PacketReader, KeepsTheErrorLinesOfTheSubsystem) {
  PacketReader reader({});
  const auto packets =
      reader.feed("__NamedPipeError__:The module cannot be loaded.\r\n   at Some.Method()\r\n" +
                  ack("DataAck"));
  ASSERT_TRUE(packets.has_value()) << describe(packets.error());
  EXPECT_EQ(packets->size(), 1U);
  EXPECT_EQ(reader.errors(), "The module cannot be loaded.\n   at Some.Method()");
  // Only lines behind one with the prefix belong to an error.
  EXPECT_FALSE(reader.feed("   at Some.Method()\n").has_value());
}

TEST(PacketReader, ErrorLinesAreBounded) {
  PacketReader reader({});
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(reader.feed("__NamedPipeError__:" + std::string(1000, 'x') + "\n").has_value());
  }
  EXPECT_LE(reader.errors().size(), kPeerText);
}

TEST(Outofproc, ALineWaitsForTheAckOfTheOneBefore) {
  Outofproc carrier({});
  carrier.send({.kind = PacketKind::command, .id = kPid});
  carrier.send({.kind = PacketKind::data, .id = kPid, .bytes = "a"});
  carrier.send({.kind = PacketKind::data, .id = kPid, .bytes = "b"});
  EXPECT_TRUE(carrier.next_line()->starts_with("<Command "));
  EXPECT_FALSE(carrier.next_line().has_value());
  EXPECT_EQ(carrier.waits_for(), "CommandAck");
  // Data may come at any time, and is no acknowledgement.
  ASSERT_EQ(carrier.receive(data("x"))->size(), 1U);
  EXPECT_FALSE(carrier.next_line().has_value());
  ASSERT_TRUE(carrier.receive(ack("CommandAck"))->empty());
  EXPECT_TRUE(carrier.next_line()->ends_with(">YQ==</Data>\n"));
  EXPECT_FALSE(carrier.next_line().has_value());
  ASSERT_TRUE(carrier.receive(ack("DataAck")).has_value());
  EXPECT_TRUE(carrier.next_line()->ends_with(">Yg==</Data>\n"));
  EXPECT_FALSE(carrier.settled());
  ASSERT_TRUE(carrier.receive(ack("DataAck")).has_value());
  EXPECT_TRUE(carrier.settled());
  EXPECT_FALSE(carrier.next_line().has_value());
}

TEST(Outofproc, AnAckThatNothingWaitsForIsRefused) {
  for (const std::string& wrong :
       {ack("DataAck"), ack("CommandAck", kSession), ack("CommandAck") + ack("CommandAck")}) {
    Outofproc carrier({});
    carrier.send({.kind = PacketKind::command, .id = kPid});
    ASSERT_TRUE(carrier.next_line().has_value());
    const auto taken = carrier.receive(wrong);
    ASSERT_FALSE(taken.has_value()) << wrong;
    EXPECT_EQ(taken.error().code, "psrp.ack");
  }
}

TEST(Outofproc, ACloseOvertakesTheAckOfASignalThatIsNotHeard) {
  Outofproc carrier({});
  carrier.send({.kind = PacketKind::signal, .id = kPid});
  carrier.send({.kind = PacketKind::data, .id = kPid, .bytes = "never said"});
  ASSERT_TRUE(carrier.next_line().has_value());
  carrier.send_regardless({.kind = PacketKind::close, .id = kPid});
  EXPECT_TRUE(carrier.next_line()->starts_with("<Close "));
  EXPECT_FALSE(carrier.next_line().has_value());
  ASSERT_TRUE(carrier.receive(ack("CloseAck")).has_value());
  EXPECT_FALSE(carrier.settled());
  EXPECT_EQ(carrier.waits_for(), "SignalAck");
  ASSERT_TRUE(carrier.receive(ack("SignalAck")).has_value());
  EXPECT_TRUE(carrier.settled());
}

// What the recorded clients did, the carrier lets us do in the same order, and no sooner.
TEST(Outofproc, FollowsTheRecordedConversations) {
  std::size_t lines = 0;
  for (const std::string& name : recordings()) {
    const auto packets = read_recording(name);
    const bool whole = std::ranges::none_of(
        packets, [](const RecordedPacket& one) { return one.kind == "Data" && one.bytes.empty(); });
    // Those two break the rules on purpose.
    if (!whole || name == "server-bad-element.txt" || name == "server-version-3.0.txt") {
      continue;
    }
    Outofproc carrier({});
    for (const RecordedPacket& recorded : packets) {
      if (!recorded.to_server) {
        const auto taken = carrier.receive(line_of(recorded));
        ASSERT_TRUE(taken.has_value()) << name << ": " << describe(taken.error());
        continue;
      }
      Packet packet{.id = *parse_guid(recorded.guid),
                    .bytes = recorded.bytes,
                    .prompt_response = recorded.stream == "PromptResponse"};
      packet.kind = recorded.kind == "Data"      ? PacketKind::data
                    : recorded.kind == "Command" ? PacketKind::command
                    : recorded.kind == "Signal"  ? PacketKind::signal
                                                 : PacketKind::close;
      carrier.send(packet);
      const auto line = carrier.next_line();
      ASSERT_TRUE(line.has_value()) << name << ": waits for " << carrier.waits_for();
      EXPECT_EQ(*line,
                recorded.kind == "Data" ? line_of(recorded) : ack(recorded.kind, recorded.guid));
      ++lines;
    }
    EXPECT_TRUE(carrier.settled()) << name;
  }
  EXPECT_GT(lines, 60U);
}

}  // namespace
}  // namespace sfb::psrp
