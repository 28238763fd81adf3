// What gets lost on the way to a pipeline that completes: an error, or a doubt. Nothing that is
// lost makes an answer that looks whole.
#include "agent/psrp/pipeline.hpp"
#include "tests/unit/psrp/recording.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

namespace sfb::psrp {
namespace {

const Guid kPool = *parse_guid("00112233-4455-6677-8899-aabbccddeeff");
const Guid kPid = *parse_guid("11112233-4455-6677-8899-aabbccddeeff");
const Guid kOther = *parse_guid("22222233-4455-6677-8899-aabbccddeeff");

struct Sent {
  MessageType type = MessageType::pipeline_output;
  std::string body = "<S>out</S>";
  Guid pid = kPid;
  Guid rpid = kPool;
  Destination destination = Destination::client;
};

Sent state(int number) {
  return {MessageType::pipeline_state,
          fmt::format(R"(<Obj RefId="0"><MS><I32 N="PipelineState">{}</I32></MS></Obj>)", number)};
}

std::vector<std::string> fragments(std::uint64_t object, const Sent& sent,
                                   std::size_t blob = kMaxBlob) {
  return make_fragments(
      object, encode({sent.destination, sent.type, sent.rpid, sent.pid, sent.body}), blob);
}

std::string whole(std::uint64_t object, const Sent& sent) {
  return fragments(object, sent).front();
}

// An object of two fragments of which the last lacks its end flag.
std::string endless(std::uint64_t object) {
  auto parts = fragments(object, {}, 30);
  parts[1][16] = 0;
  return parts[0] + parts[1];
}

struct Line {
  RunspacePool pool{{kPool, {}, {}}};
  Pipeline pipeline{pool, kPid, {{"Get-X", false, {}}}};
};

// What is said of a pipeline that gets these, each in a reply of its own.
std::string doubt_of(const std::vector<std::string>& replies) {
  Line line;
  for (const std::string& bytes : replies) {
    if (const Status taken = line.pipeline.receive(bytes); !taken) {
      return taken.error().code;
    }
  }
  return line.pipeline.take_result().doubt;
}

TEST(PipelineLoss, CompletedWithSomethingHalfWayIsUnfinished) {
  const std::string begun = endless(4);
  const std::string end = whole(5, state(4));
  const std::string cut = whole(6, {}).substr(0, 30);
  for (const auto& replies : std::vector<std::vector<std::string>>{
           {begun, end}, {begun + end}, {end + begun}, {end + cut}, {begun, end + cut}}) {
    Line line;
    Status taken;
    for (const std::string& bytes : replies) {
      taken = line.pipeline.receive(bytes);
    }
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, "psrp.unfinished");
    EXPECT_EQ(taken.error().reason, Reason::protocol);
    EXPECT_FALSE(taken.error().remedy.empty());
  }
  EXPECT_EQ(doubt_of({whole(4, {}) + end}), "");
  const auto parts = fragments(4, {}, 30);
  EXPECT_EQ(doubt_of({parts[0], parts[1] + end.substr(0, 10), end.substr(10)}), "");
}

TEST(PipelineLoss, WhatFailsNeedsNoOtherReason) {
  for (const int number : {3, 5}) {
    Line line;
    EXPECT_TRUE(line.pipeline.receive(endless(4) + whole(5, state(number))));
    EXPECT_EQ(line.pipeline.take_result().state, PipelineState::failed);
  }
}

TEST(PipelineLoss, ADoubtSaysWhatCame) {
  const Sent record{MessageType::progress_record,
                    R"(<Obj RefId="0"><MS><S N="Activity">x</S></MS></Obj>)"};
  const auto with = [](MessageType type, std::string body = "<S>out</S>") {
    return Sent{type, std::move(body)};
  };
  const auto from = [](Guid pid, Guid rpid = kPool) { return Sent{.pid = pid, .rpid = rpid}; };
  const Sent session{MessageType::runspace_availability, "<S/>", {}};
  const std::vector<std::pair<Sent, std::string>> cases = {
      {{}, ""},
      {record, ""},
      {session, ""},
      {from(kPid, {}), ""},
      {from(kOther), "a message of another pipeline came"},
      {from({}), "a message of a pipeline came without its id"},
      {from(kPid, kOther), "a message of another session came"},
      {{.destination = Destination::server}, "a message to a server came"},
      {with(static_cast<MessageType>(0x00041999)), "a message of an unknown type came"},
      {with(MessageType::pipeline_input), "a message of an unknown type came"},
      {with(MessageType::user_event), "a message of the session came with a pipeline's id"},
      // An output whose type was changed on the way would be ignored as one of these.
      {with(MessageType::progress_record), "a record came in a message of another type"},
      {with(MessageType::verbose_record), "a record came in a message of another type"},
      {with(MessageType::information_record), "a record came in a message of another type"},
      {with(MessageType::warning_record), "a record came in a message of another type"},
  };
  for (const auto& [sent, doubt] : cases) {
    EXPECT_EQ(doubt_of({whole(4, sent), whole(5, state(4))}), doubt) << to_string(sent.type);
    // One stays, and nothing of what the peer says is in it.
    EXPECT_EQ(doubt_of({whole(4, sent), whole(9, {}), whole(10, state(4))}),
              doubt.empty() ? "objects 5 to 8 did not come" : doubt);
  }
  for (const auto& [object, doubt] : {std::pair{5, ""},
                                      {6, "object 5 did not come"},
                                      {8, "objects 5 to 7 did not come"},
                                      {4, "object 4 came behind object 4"},
                                      {1, "object 1 came behind object 4"}}) {
    const auto id = static_cast<std::uint64_t>(object);
    EXPECT_EQ(doubt_of({whole(4, {}), whole(id, state(4))}), doubt);
  }
  EXPECT_EQ(doubt_of({whole(4, state(4)) + whole(5, {})}),
            "a message came after the pipeline's last state");
  EXPECT_EQ(doubt_of({whole(4, state(4)), whole(5, state(4))}),
            "a message came after the pipeline's last state");
}

TEST(PipelineLoss, IdsFollowOnOverTheSession) {
  RunspacePool pool{{kPool, {}, {}}};
  static_cast<void>(pool.open());
  const auto run = [&](const std::vector<std::string>& replies) {
    Pipeline pipeline{pool, kPid, {{"Get-X", false, {}}}};
    for (const std::string& bytes : replies) {
      EXPECT_TRUE(pipeline.receive(bytes));
    }
    return pipeline.take_result().doubt;
  };
  const Sent session{MessageType::runspace_availability, "<S/>", {}};
  // The process served others before.
  ASSERT_TRUE(pool.receive(whole(70, session)));
  EXPECT_EQ(run({whole(71, {}), whole(72, state(4))}), "");
  EXPECT_EQ(run({whole(74, state(4))}), "object 73 did not come") << "the first is missing";
  EXPECT_EQ(run({whole(75, state(4))}), "") << "that was the other one's";
  // What came to the session between two pipelines is no loss.
  ASSERT_TRUE(pool.receive(whole(76, session)));
  EXPECT_EQ(run({whole(77, state(4))}), "");
  ASSERT_TRUE(pool.receive(whole(90, {})));
  EXPECT_EQ(run({whole(91, state(4))}), "") << "before it began";
}

TEST(PipelineLoss, WhatComesToTheSessionMeanwhileCountsToo) {
  const Sent output{};
  for (const auto& [bytes, doubt] :
       {std::pair{whole(4, output), "a message of a pipeline came to the session"},
        {whole(4, {.pid = {}}), "a message of a pipeline came to the session"},
        {whole(4, {MessageType::runspace_availability, "<S/>", {}}), ""},
        {fragments(4, output, 30)[0], "the end of an object of the session did not come"}}) {
    Line line;
    static_cast<void>(line.pool.open());
    ASSERT_TRUE(line.pool.receive(bytes));
    ASSERT_TRUE(line.pipeline.receive(whole(5, state(4))));
    EXPECT_EQ(line.pipeline.take_result().doubt, doubt);
  }
}

// What a recording amounts to: its pipelines one after the other.
struct Outcome {
  std::string code;  ///< of the first error
  std::vector<std::string> doubts;
  std::vector<std::size_t> objects;  ///< output and errors of each pipeline
  bool ended = true;                 ///< all of them

  bool doubtful() const {
    return !ended || !code.empty() ||
           std::ranges::any_of(doubts, [](const auto& doubt) { return !doubt.empty(); });
  }
};

using Change = std::function<std::optional<std::string>(const std::string& fragment)>;

Outcome replay(const std::vector<RecordedPacket>& packets, const Change& change) {
  Guid rpid;
  for (const Message& message : messages_of(packets, false)) {
    rpid = message.rpid.is_zero() ? rpid : message.rpid;
  }
  RunspacePool pool{{rpid, {}, {}}};
  static_cast<void>(pool.open());
  std::unique_ptr<Pipeline> pipeline;
  Outcome outcome;
  const auto conclude = [&] {
    outcome.ended = outcome.ended && (!pipeline || pipeline->finished());
    if (auto last = std::exchange(pipeline, nullptr)) {
      const PipelineResult result = last->take_result();
      outcome.doubts.push_back(result.doubt);
      outcome.objects.push_back(result.output.size() + result.errors.size());
    }
  };
  for (const RecordedPacket& packet : packets) {
    if (packet.to_server && packet.kind == "Command") {
      conclude();
      pipeline = std::make_unique<Pipeline>(pool, *parse_guid(packet.guid), std::vector<Command>{});
    }
    if (packet.to_server || packet.bytes.empty()) {
      continue;
    }
    const auto bytes = change(packet.bytes);
    const bool to_pool = packet.guid == kSession;
    if (!bytes || (to_pool && pool.state() != RunspacePool::State::opening)) {
      continue;  // lost; or what a client does not wait for
    }
    if (const Status taken = to_pool ? pool.receive(*bytes) : pipeline->receive(*bytes); !taken) {
      outcome.code = taken.error().code;
      return outcome;
    }
  }
  conclude();
  return outcome;
}

TEST(PipelineLoss, EveryRecordedPacketThatGetsLostOrLosesItsIdsIsNoticed) {
  int changes = 0;
  for (const std::string& name : recordings()) {
    const auto packets = read_recording(name);
    SCOPED_TRACE(name);
    const Outcome good = replay(packets, [](const std::string& bytes) { return bytes; });
    if (pipelines_of(packets).empty()) {
      continue;
    }
    EXPECT_FALSE(good.doubtful()) << good.code << ' ' << ::testing::PrintToString(good.doubts);
    for (int at = 0;; ++at) {
      bool came = false;
      const auto only = [&](const Change& change) {
        return replay(packets, [&, number = 0](const std::string& bytes) mutable {
          const bool now = number++ == at;
          came = came || now;
          return now ? change(bytes) : bytes;
        });
      };
      const Outcome lost = only([](const std::string&) { return std::nullopt; });
      const Outcome endless = only([](std::string bytes) {
        bytes[16] = static_cast<char>(bytes[16] & 1);
        return bytes;
      });
      const Outcome foreign = only([](std::string bytes) {
        if (bytes.size() >= kFragmentHeader + kMessageHeader && (bytes[16] & 1) != 0) {
          bytes[kFragmentHeader + 24] = static_cast<char>(bytes[kFragmentHeader + 24] ^ 1);
        }
        return bytes;
      });
      if (!came) {
        break;
      }
      for (const Outcome* outcome : {&lost, &endless, &foreign}) {
        EXPECT_TRUE(outcome->doubtful() || outcome->objects == good.objects) << "packet " << at;
        changes += outcome->doubtful() ? 1 : 0;
      }
    }
  }
  EXPECT_GT(changes, 150);
}

}  // namespace
}  // namespace sfb::psrp
