// The simulator's bytes against hand-made ones and against what Microsoft's engine sent.
#include "tests/simulator/psrp_wire.hpp"

#include "agent/base/base64.hpp"
#include "tests/simulator/psrp_read.hpp"
#include "tests/simulator/soap.hpp"
#include "tests/simulator/world.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace sim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(SimulatorWire, GuidsInWireOrder) {
  const GuidBytes bytes = guid_bytes("00112233-4455-6677-8899-AABBCCDDEEFF");
  const GuidBytes expected = {0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
                              0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};
  EXPECT_EQ(bytes, expected);
  EXPECT_EQ(guid_text(bytes), "00112233-4455-6677-8899-AABBCCDDEEFF");
  EXPECT_EQ(guid_bytes("nonsense"), GuidBytes{});
}

TEST(SimulatorWire, FragmentsByHand) {
  const auto parts = fragments_of(1, 0x00041006, {}, {}, "abc", 50);
  ASSERT_EQ(parts.size(), 1);
  EXPECT_EQ(parts[0].size(), 21 + 40 + 3 + 3);
  EXPECT_EQ(parts[0].substr(0, 21),
            std::string("\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\x03\0\0\0\x2E", 21));
  EXPECT_EQ(parts[0].substr(21, 8), std::string("\x01\0\0\0\x06\x10\x04\0", 8));
  EXPECT_EQ(fragments_of(1, 1, {}, {}, std::string(100, 'x'), 50).size(), 3);
}

// What Microsoft's own client sends is understood.
TEST(SimulatorWire, ARecordedClientIsUnderstood) {
  std::ifstream file(SFB_SOURCE_DIR "/tests/golden/psrp/client-command-all-parameters.txt");
  std::vector<PsrpMessage> messages;
  Assembler input;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("> Data ")) {
      const auto bytes = sfb::base64_decode(line.substr(line.rfind(' ') + 1));
      ASSERT_TRUE(bytes && input.feed(*bytes, messages));
    }
  }
  ASSERT_EQ(messages.size(), 3);
  EXPECT_EQ(messages[0].type, kSessionCapability);
  EXPECT_EQ(messages[1].type, kInitRunspacePool);
  EXPECT_THAT(read_capability(messages[0].body).problems, IsEmpty());
  EXPECT_EQ(read_capability(messages[0].body).protocol, (Version{2, 4}));
  EXPECT_THAT(problems_of_pool(messages[1].body), IsEmpty());
  const PipelineRequest request = read_create_pipeline(messages[2].body, {2, 4});
  EXPECT_THAT(request.problems, IsEmpty());
  ASSERT_EQ(request.commands.size(), 1);
  EXPECT_EQ(request.commands[0].text, "Get-CsBackupServiceStatus");
  EXPECT_FALSE(request.commands[0].script);
  EXPECT_EQ(request.commands[0].arguments.at("force"), "true");
}

// Nothing that Microsoft's client sends breaks a rule; its answers to a prompt are results.
TEST(SimulatorWire, ARecordedClientBreaksNoRule) {
  for (const char* const name : {"command", "command-all-parameters", "script", "stop",
                                 "host-prompt", "open-close", "pipeline-of-two"}) {
    std::ifstream file(fmt::format("{}/tests/golden/psrp/client-{}.txt", SFB_SOURCE_DIR, name));
    std::vector<PsrpMessage> messages;
    Assembler input;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("> Data ")) {
        const auto bytes = sfb::base64_decode(line.substr(line.rfind(' ') + 1));
        ASSERT_TRUE(bytes && input.feed(*bytes, messages)) << name;
      }
    }
    EXPECT_GE(messages.size(), 2) << name;
    for (const PsrpMessage& message : messages) {
      EXPECT_THAT(message.type == kSessionCapability  ? read_capability(message.body).problems
                  : message.type == kInitRunspacePool ? problems_of_pool(message.body)
                  : message.type == kCreatePipeline
                      ? read_create_pipeline(message.body, {2, 4}).problems
                  : message.type == kHostResponse ? read_host_response(message.body).problems
                                                  : std::vector<std::string>{"unknown"},
                  IsEmpty())
          << name;
    }
  }
}

TEST(SimulatorWire, FragmentsMustFollowEachOther) {
  const auto parts = fragments_of(1, 1, {}, {}, std::string(100, 'x'), 50);
  const auto fed = [](const std::vector<std::string>& some) {
    Assembler input;
    std::vector<PsrpMessage> messages;
    return std::ranges::all_of(some, [&](const auto& one) { return input.feed(one, messages); });
  };
  EXPECT_TRUE(fed(parts));
  EXPECT_FALSE(fed({parts[0], parts[2]}));
  EXPECT_FALSE(fed({parts[1]}));
  EXPECT_FALSE(fed({parts[0], parts[0]}));
  std::string flags = parts[0];
  flags[16] = 5;
  EXPECT_FALSE(fed({flags}));
}

TEST(SimulatorWire, Versions) {
  EXPECT_EQ(read_version("1.1.0.1"), (Version{1, 1}));
  EXPECT_LT(*read_version("2.9"), *read_version("2.10"));
  for (const char* const bad : {"", "2", "2.", "a.b", "2.3.4.5.6", "-2.3"}) {
    EXPECT_FALSE(read_version(bad)) << bad;
  }
}

// And what the simulator sends has the form of what Microsoft's server sends.
TEST(SimulatorWire, ItsStatesLookLikeTheRecordedOnes) {
  std::ifstream file(SFB_SOURCE_DIR "/tests/golden/psrp/server-healthy.txt");
  std::vector<std::string> bodies;
  Assembler input;
  for (std::string line; std::getline(file, line);) {
    std::vector<PsrpMessage> messages;
    if (line.starts_with("< Data ")) {
      ASSERT_TRUE(input.feed(*sfb::base64_decode(line.substr(line.rfind(' ') + 1)), messages));
      bodies.push_back(messages.at(0).body);
    }
  }
  EXPECT_EQ(capability_xml("2.3"), bodies.at(0));
  EXPECT_EQ(state_xml("RunspaceState", 2), bodies.at(2));
  EXPECT_EQ(state_xml("PipelineState", 4), bodies.at(4));
}

TEST(SimulatorSoap, ReadsEnvelopesAndDurations) {
  EXPECT_FALSE(read_soap("<x/>", {}));
  EXPECT_FALSE(read_soap("nonsense", {}));
  EXPECT_EQ(read_duration("PT0.500S"), Millis(500));
  EXPECT_EQ(read_duration("PT1M2.5S"), Millis(62'500));
  EXPECT_FALSE(read_duration("PT"));
}

TEST(SimulatorSoap, FaultsInEveryDetail) {
  EXPECT_THAT(fault_xml("id", 5, "AccessDenied", "a<b"), HasSubstr("Code=\"5\""));
  EXPECT_THAT(fault_xml("id", 5, "AccessDenied", "a<b"), HasSubstr("a&lt;b"));
  EXPECT_THAT(fault_xml("id", 5, "", "t", "provider"), HasSubstr("ProviderFault"));
  EXPECT_THAT(fault_xml("id", 5, "", "t", "wmi"), HasSubstr("error_Code"));
  EXPECT_THAT(fault_xml("id", 5, "", "t", "none"), ::testing::Not(HasSubstr("Detail")));
}

TEST(SimulatorFaults, AreChosenByWhatTheySay) {
  auto scenario = *read_scenario("listeners: [{name: a}, {name: b}]\npools: {p: {}}\n", "/x", "");
  scenario.faults = *read_faults(
      "[{listener: a, action: Receive, nth: 2, do: hang}, {pool: P, times: 1, do: reset},"
      " {every: 3, do: close}]",
      scenario);
  World world(std::move(scenario));
  const auto act = [&](const char* listener, const char* action, const char* pool) {
    const auto fault = world.pick(listener, action, pool);
    return fault ? fault->act : "none";
  };
  EXPECT_EQ(act("a", "Receive", ""), "none");
  EXPECT_EQ(act("a", "Receive", ""), "hang");
  EXPECT_EQ(act("b", "Create", "P"), "reset");
  EXPECT_EQ(act("b", "Create", "p"), "none");
  EXPECT_EQ(act("b", "Create", ""), "close");
  EXPECT_EQ(world.counters.faults_done.at("reset"), 1);
}

}  // namespace
}  // namespace sim
