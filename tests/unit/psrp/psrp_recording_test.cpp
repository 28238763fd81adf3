// What Microsoft's server said, replayed into our pool and pipeline, whole and cut anywhere.
#include "agent/clixml/clixml.hpp"
#include "agent/clixml/writer.hpp"
#include "agent/psrp/pipeline.hpp"
#include "agent/value/access.hpp"
#include "tests/unit/psrp/recording.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>

namespace sfb::psrp {
namespace {

using State = Pipeline::State;

struct Expected {
  State state;
  std::size_t output;
  std::size_t errors;
  std::size_t refusals;
};

// By recording, one line a pipeline.
const std::map<std::string, std::vector<Expected>> kExpected = {
    {"client-command-all-parameters.txt", {{State::completed, 1, 0, 0}}},
    {"client-command.txt", {{State::completed, 1, 0, 0}}},
    {"client-host-prompt.txt", {{State::completed, 3, 0, 3}}},
    {"client-input.txt", {{State::completed, 7, 0, 0}}},
    {"client-open-close.txt", {}},
    {"client-pipeline-of-two.txt", {{State::completed, 3, 0, 0}}},
    {"client-script.txt", {{State::completed, 3, 0, 0}}},
    {"client-stop.txt", {{State::stopped, 0, 1, 0}}},
    {"server-bad-element.txt", {}},
    {"server-fatal.txt", {{State::failed, 0, 1, 0}}},
    {"server-healthy-depth2.txt", {{State::completed, 1, 0, 0}}},
    {"server-healthy.txt", {{State::completed, 1, 0, 0}}},
    {"server-host-readline-refused.txt", {{State::failed, 0, 1, 1}}},
    {"server-host-readline.txt", {{State::completed, 2, 0, 1}}},
    {"server-nolanguage.txt",
     {{State::completed, 1, 0, 0}, {State::failed, 0, 1, 0}, {State::failed, 0, 1, 0}}},
    {"server-nonfatal.txt", {{State::completed, 1, 1, 0}, {State::completed, 1, 0, 0}}},
    {"server-script-modules.txt", {{State::completed, 3, 0, 0}}},
    {"server-stop-signal.txt", {{State::stopped, 0, 1, 0}, {State::completed, 1, 0, 0}}},
    {"server-unknown-pool.txt", {{State::completed, 0, 1, 0}}},
    {"server-version-3.0.txt", {}},
};

// Feeds in pieces of `first`, then `rest` bytes.
template <typename Machine>
Status feed(Machine& machine, std::string_view bytes, std::size_t first, std::size_t rest) {
  std::size_t size = first;
  while (!bytes.empty()) {
    if (Status fed = machine.receive(bytes.substr(0, size)); !fed) {
      return fed;
    }
    bytes.remove_prefix(std::min(size, bytes.size()));
    size = rest;
  }
  return {};
}

std::unique_ptr<RunspacePool> opening(Guid id = {}) {
  auto pool = std::make_unique<RunspacePool>(PoolOptions{id, {}, {}});
  static_cast<void>(pool->open());
  return pool;
}

// Up to the message that opens it: what follows is the end of the conversation.
std::string until_opened(const std::vector<RecordedPacket>& packets) {
  std::string bytes;
  for (const RecordedPacket& packet : packets) {
    if (packet.to_server && packet.kind != "Data") {
      break;
    }
    if (!packet.to_server && packet.guid == kSession) {
      bytes += packet.bytes;
    }
  }
  return bytes;
}

std::string outcome(const std::string& bytes, const std::string& guid, std::size_t first,
                    std::size_t rest) {
  auto pool = opening();
  Pipeline pipeline(*pool, *parse_guid(guid), {});
  const Status fed = feed(pipeline, bytes, first, rest);
  std::string text = fed ? "" : fed.error().code;
  const auto refusals = pipeline.take_host_responses().size();
  const State state = pipeline.state();
  const PipelineResult result = pipeline.take_result();
  text += fmt::format("{} {} {} {} {}", static_cast<int>(state), result.output.size(),
                      result.errors.size(), result.warnings.size(), refusals);
  for (const Value& value : result.output) {
    text += "\n" + clixml::write_message(result.graph, value);
  }
  for (const Value& value : result.errors) {
    text += "\n" + clixml::write_message(result.graph, value);
  }
  return text;
}

TEST(PsrpRecordings, AllAreThere) {
  std::vector<std::string> names;
  names.reserve(kExpected.size());
  for (const auto& [name, expected] : kExpected) {
    names.push_back(name);
  }
  EXPECT_EQ(recordings(), names);
}

TEST(PsrpRecordings, EveryMessageDecodesAndEveryBodyParses) {
  std::size_t messages = 0;
  for (const std::string& name : recordings()) {
    for (const bool to_server : {true, false}) {
      for (const Message& message : messages_of(read_recording(name), to_server)) {
        EXPECT_EQ(message.destination, to_server ? Destination::server : Destination::client);
        EXPECT_FALSE(to_string(message.type).starts_with("0x")) << name;
        EXPECT_TRUE(clixml::read_message(message.body, {})) << name << show(message);
        ++messages;
      }
    }
  }
  EXPECT_GT(messages, 150);
}

TEST(PsrpRecordings, PoolsOpen) {
  for (const std::string& name : recordings()) {
    SCOPED_TRACE(name);
    const auto packets = read_recording(name);
    if (name == "server-version-3.0.txt") {
      continue;
    }
    auto pool = opening();
    ASSERT_TRUE(pool->receive(until_opened(packets)));
    EXPECT_EQ(pool->state(), RunspacePool::State::opened);
    EXPECT_EQ(pool->ps_version(), "7.6.9");
    EXPECT_EQ(to_string(pool->version()), "2.3");
  }
}

TEST(PsrpRecordings, PoolsTellTheirEnd) {
  const auto packets = read_recording("server-healthy.txt");
  auto pool = opening();
  const Status closed = pool->receive(bytes_of(packets, false, kSession));
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, "psrp.closed");
  EXPECT_EQ(pool->state(), RunspacePool::State::closed);
}

TEST(PsrpRecordings, PipelinesEndAsRecorded) {
  for (const auto& [name, expected] : kExpected) {
    const auto packets = read_recording(name);
    const auto guids = pipelines_of(packets);
    EXPECT_EQ(guids.size(), expected.size()) << name;
    for (std::size_t i = 0; i < std::min(guids.size(), expected.size()); ++i) {
      SCOPED_TRACE(fmt::format("{} pipeline {}", name, i));
      auto pool = opening();
      Pipeline pipeline(*pool, *parse_guid(guids[i]), {});
      const Status fed = pipeline.receive(bytes_of(packets, false, guids[i]));
      ASSERT_TRUE(fed) << describe(fed.error());
      EXPECT_EQ(pipeline.state(), expected[i].state);
      EXPECT_EQ(pipeline.take_host_responses().size(), expected[i].refusals);
      const PipelineResult result = pipeline.take_result();
      EXPECT_EQ(result.output.size(), expected[i].output);
      EXPECT_EQ(result.errors.size(), expected[i].errors);
    }
  }
}

// A command, a script, and a command that is refused for another reason.
TEST(PsrpRecordings, ASessionWithoutScriptsSaysSo) {
  const auto packets = read_recording("server-nolanguage.txt");
  std::vector<bool> refused;
  for (const std::string& guid : pipelines_of(packets)) {
    auto pool = opening();
    ASSERT_TRUE(pool->receive(until_opened(packets)));
    Pipeline pipeline(*pool, *parse_guid(guid), {});
    ASSERT_TRUE(pipeline.receive(bytes_of(packets, false, guid)));
    const PipelineResult result = pipeline.take_result();
    refused.push_back(refuses_scripts(result));
    if (!result.output.empty()) {
      EXPECT_TRUE(find_property(result.graph, result.output[0], "BackupModules") != nullptr);
    }
  }
  EXPECT_THAT(refused, ::testing::ElementsAre(false, true, false));
}

TEST(PsrpRecordings, CutsAnywhereChangeNothing) {
  for (const std::string& name : recordings()) {
    const auto packets = read_recording(name);
    for (const std::string& guid : pipelines_of(packets)) {
      SCOPED_TRACE(name);
      const std::string bytes = bytes_of(packets, false, guid);
      const std::string whole = outcome(bytes, guid, bytes.size(), 1);
      EXPECT_EQ(outcome(bytes, guid, 1, 1), whole);
      EXPECT_EQ(outcome(bytes, guid, 7, 13), whole);
      for (std::size_t cut = 1; cut < bytes.size(); cut += bytes.size() > 1500 ? 11 : 1) {
        ASSERT_EQ(outcome(bytes, guid, cut, bytes.size()), whole) << "cut at " << cut;
      }
    }
  }
}

TEST(PsrpRecordings, EveryBeginningIsUnfinishedAndNoError) {
  const auto packets = read_recording("server-nonfatal.txt");
  const std::string guid = pipelines_of(packets).front();
  const std::string bytes = bytes_of(packets, false, guid);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    auto pool = opening();
    Pipeline pipeline(*pool, *parse_guid(guid), {});
    ASSERT_TRUE(pipeline.receive(bytes.substr(0, size)));
    ASSERT_FALSE(pipeline.finished()) << size;
  }
  const std::string session = until_opened(packets);
  for (std::size_t size = 0; size < session.size(); ++size) {
    auto pool = opening();
    ASSERT_TRUE(pool->receive(session.substr(0, size)));
    ASSERT_EQ(pool->state(), RunspacePool::State::opening) << size;
  }
}

}  // namespace
}  // namespace sfb::psrp
