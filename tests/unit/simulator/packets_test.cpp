// Packets of PSRP out of process, against lines that Microsoft's engine and client wrote.
#include "tests/simulator/packets.hpp"

#include "agent/base/base64.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sim::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kGuid = "6f18ed84-ebd9-4233-a272-cd5ed7011bd5";

TEST(Packets, AreWrittenAsTheyWereRecorded) {
  std::ifstream file(SFB_SOURCE_DIR "/tests/golden/psrp/client-input.txt");
  std::size_t seen = 0;
  for (std::string line; std::getline(file, line); ++seen) {
    std::istringstream words(line);
    std::string direction;
    Packet packet;
    std::string base64;
    words >> direction >> packet.kind;
    if (packet.kind == "Data") {
      words >> packet.stream >> packet.guid >> base64;
      packet.bytes = *sfb::base64_decode(base64);
    } else {
      words >> packet.guid;
    }
    const std::string text = packet.kind == "Data"
                                 ? data_packet(packet.guid, packet.bytes, packet.stream)
                                 : bare_packet(packet.kind, packet.guid);
    EXPECT_EQ(text, base64.empty() ? fmt::format("<{} PSGuid='{}' />", packet.kind, packet.guid)
                                   : fmt::format("<Data Stream='Default' PSGuid='{}'>{}</Data>",
                                                 packet.guid, base64));
    const auto read = read_packets(text);
    ASSERT_TRUE(read && read->size() == 1) << line;
    EXPECT_EQ(read->front().kind + read->front().guid, packet.kind + packet.guid);
    EXPECT_EQ(read->front().bytes, packet.bytes);
  }
  EXPECT_EQ(seen, 25U);
}

TEST(Packets, OtherFormsAreTaken) {
  const auto read = read_packets(
      "<Command PSGuid=\"6F18ED84-EBD9-4233-A272-CD5ED7011BD5\"/><!-- x --><Data "
      "PSGuid='6f18ed84-ebd9-4233-a272-cd5ed7011bd5' Stream=\"PromptResponse\">QQ==</Data>");
  ASSERT_TRUE(read && read->size() == 2);
  EXPECT_EQ((*read)[0].guid, kGuid);
  EXPECT_EQ((*read)[1].stream + (*read)[1].bytes, "PromptResponseA");
  EXPECT_FALSE((*read)[1].of_session());
}

TEST(Packets, WhatIsNoneIsTold) {
  const std::string data = fmt::format("<Data Stream='Default' PSGuid='{}'>", kGuid);
  for (const auto& [line, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "An unknown element \"\" was received."},
           {" ", "element \"text\""},
           {"Welcome", "element \"text\""},
           {"<Foo/>", "element \"Foo\""},
           {"<Data", "no XML: \"<Data\""},
           {"</line><line>", "no XML"},
           {"<?xml version='1.0'?><Foo/>", "no XML"},
           {"<!DOCTYPE x><Foo/>", "no XML"},
           {data + "</Data>", "no base64"},
           {data + "QQ=</Data>", "no base64"},
           {data + "<x/></Data>", "has content"},
           {fmt::format("<Close PSGuid='{}'>x</Close>", kGuid), "has content"},
           {"<Close PSGuid='6f18ed84'/>", "\"6f18ed84\" is no GUID"},
           {fmt::format("<Close Stream='Default' PSGuid='{}'/>", kGuid), "not PSGuid alone"},
           {fmt::format("<Data PSGuid='{}'>QQ==</Data>", kGuid), "not Stream and PSGuid"}}) {
    const auto read = read_packets(line);
    ASSERT_FALSE(read) << line;
    EXPECT_THAT(read.error(), HasSubstr(said)) << line;
  }
}

}  // namespace
}  // namespace sim::test
