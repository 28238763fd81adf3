#include "agent/psrp/pipeline.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::psrp {
namespace {

const Guid kPool = *parse_guid("00112233-4455-6677-8899-aabbccddeeff");
const Guid kPid = *parse_guid("11112233-4455-6677-8899-aabbccddeeff");

class PipelineTest : public ::testing::Test {
 protected:
  static Limits limits() {
    Limits limits;
    limits.object = 2000;
    limits.in_flight = 20'000;
    return limits;
  }
  Status send(MessageType type, const std::string& body, Guid pid = kPid) {
    return pipeline.receive(
        make_fragments(++objects, encode({Destination::client, type, kPool, pid, body})).front());
  }
  Status end(int state) {
    return send(
        MessageType::pipeline_state,
        fmt::format(R"(<Obj RefId="0"><MS><I32 N="PipelineState">{}</I32></MS></Obj>)", state));
  }
  static std::string record(const char* text) {
    return fmt::format(R"(<Obj RefId="0"><MS><S N="InformationalRecord_Message">{}</S></MS></Obj>)",
                       text);
  }

  RunspacePool pool{{kPool, limits(), {}}};
  Pipeline pipeline{pool, kPid, {{"Get-X", false, {}}}};
  std::uint64_t objects = 0;
};

TEST_F(PipelineTest, StreamsStandApart) {
  ASSERT_TRUE(send(MessageType::pipeline_output, "<S>out</S>"));
  ASSERT_TRUE(send(MessageType::pipeline_output, ""));
  ASSERT_TRUE(send(MessageType::error_record, "<S>bad</S>"));
  ASSERT_TRUE(send(MessageType::warning_record, record("w")));
  ASSERT_TRUE(send(MessageType::verbose_record, record("v")));
  ASSERT_TRUE(send(MessageType::debug_record, record("d")));
  ASSERT_TRUE(
      send(MessageType::progress_record, R"(<Obj RefId="0"><MS><S N="Activity">p</S></MS></Obj>)"));
  ASSERT_TRUE(send(MessageType::information_record,
                   R"(<Obj RefId="0"><MS><S N="MessageData">i</S></MS></Obj>)"));
  ASSERT_TRUE(send(static_cast<MessageType>(0x00041999), "<S>?</S>"));
  EXPECT_FALSE(pipeline.finished());
  ASSERT_TRUE(end(4));
  EXPECT_EQ(pipeline.state(), Pipeline::State::completed);
  const PipelineResult result = pipeline.take_result();
  ASSERT_EQ(result.output.size(), 2);
  EXPECT_TRUE(result.output[1].is_null());
  EXPECT_EQ(result.errors.size(), 1);
  EXPECT_THAT(result.warnings, ::testing::ElementsAre("w"));
  EXPECT_EQ(result.state, PipelineState::completed);
}

TEST_F(PipelineTest, OnlyTheLastStatesEndIt) {
  for (const int state : {0, 1, 2, 6, 99}) {
    ASSERT_TRUE(end(state));
    EXPECT_FALSE(pipeline.finished());
  }
  // A start-up script's state has no pipeline's id.
  ASSERT_TRUE(send(MessageType::pipeline_state,
                   R"(<Obj RefId="0"><MS><I32 N="PipelineState">4</I32></MS></Obj>)", {}));
  EXPECT_FALSE(pipeline.finished());
  ASSERT_TRUE(end(3));
  EXPECT_EQ(pipeline.state(), Pipeline::State::stopped);
  const PipelineResult result = pipeline.take_result();
  EXPECT_EQ(result.state, PipelineState::failed);
  ASSERT_EQ(result.errors.size(), 1);
  EXPECT_EQ(ErrorRecord::from(result.graph, result.errors[0]).message,
            "The pipeline has been stopped.");
}

TEST_F(PipelineTest, FailedKeepsOutputAndEndsWithItsError) {
  ASSERT_TRUE(send(MessageType::pipeline_output, "<S>half</S>"));
  ASSERT_TRUE(send(MessageType::error_record, "<S>first</S>"));
  ASSERT_TRUE(send(
      MessageType::pipeline_state,
      R"(<Obj RefId="0"><MS><I32 N="PipelineState">5</I32><S N="ExceptionAsErrorRecord">last</S></MS></Obj>)"));
  EXPECT_EQ(pipeline.state(), Pipeline::State::failed);
  const PipelineResult result = pipeline.take_result();
  EXPECT_EQ(result.output.size(), 1);
  ASSERT_EQ(result.errors.size(), 2);
  EXPECT_EQ(result.errors[1].text, "last");
}

TEST_F(PipelineTest, CompletedWithAnErrorOfItsOwnIsFailed) {
  ASSERT_TRUE(send(MessageType::pipeline_output, "<S>half</S>"));
  ASSERT_TRUE(send(
      MessageType::pipeline_state,
      R"(<Obj RefId="0"><MS><I32 N="PipelineState">4</I32><S N="ExceptionAsErrorRecord">last</S></MS></Obj>)"));
  EXPECT_EQ(pipeline.take_result().state, PipelineState::failed);
}

TEST_F(PipelineTest, AnothersMessagesAndLateOnesAreIgnored) {
  ASSERT_TRUE(send(MessageType::pipeline_output, "<S>x</S>", kPool));
  ASSERT_TRUE(end(4));
  ASSERT_TRUE(send(MessageType::pipeline_output, "<S>late</S>"));
  ASSERT_TRUE(send(MessageType::pipeline_output, "<broken"));
  EXPECT_TRUE(pipeline.take_result().output.empty());
}

TEST_F(PipelineTest, ThePoolsEndIsTold) {
  const Status closed = send(MessageType::runspacepool_state,
                             R"(<Obj RefId="0"><MS><I32 N="RunspaceState">3</I32></MS></Obj>)", {});
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, "psrp.closed");
}

TEST(PipelineHostCalls, MoreThanAnyHostGetsAreRefused) {
  for (const MessageType type :
       {MessageType::pipeline_host_call, MessageType::runspacepool_host_call}) {
    RunspacePool pool{{kPool, {}, {}}};
    Pipeline pipeline{pool, kPid, {{"Get-X", false, {}}}};
    std::uint64_t objects = 0;
    const auto call = [&] {
      return pipeline.receive(
          make_fragments(++objects, encode({Destination::client, type, kPool, kPid,
                                            R"(<Obj RefId="0"><MS><I64 N="ci">1</I64>)"
                                            R"(<I32 N="mi">11</I32></MS></Obj>)"}))
              .front());
    };
    for (std::size_t i = 0; i < kMostHostResponses; ++i) {
      ASSERT_TRUE(call()) << i;
    }
    const Status more = call();
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, "psrp.too_large");
    EXPECT_EQ(pool.take_host_responses().size() + pipeline.take_host_responses().size(),
              kMostHostResponses);
  }
}

TEST_F(PipelineTest, PromptsAreRefusedOnce) {
  ASSERT_TRUE(send(MessageType::pipeline_host_call,
                   R"(<Obj RefId="0"><MS><I64 N="ci">1</I64><I32 N="mi">11</I32></MS></Obj>)"));
  ASSERT_TRUE(send(MessageType::pipeline_host_call,
                   R"(<Obj RefId="0"><MS><I64 N="ci">-100</I64><I32 N="mi">16</I32></MS></Obj>)"));
  const auto responses = pipeline.take_host_responses();
  ASSERT_EQ(responses.size(), 1);
  Defragmenter input{{}};
  const auto message = decode(input.feed(responses[0])->front());
  EXPECT_EQ(message->pid, kPid);
  EXPECT_TRUE(pipeline.take_host_responses().empty());
}

TEST_F(PipelineTest, CapsHold) {
  Status sent;
  int count = 0;
  for (; sent && count < 100; ++count) {
    sent = send(MessageType::pipeline_output, "<S>" + std::string(900, 'x') + "</S>");
  }
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, "psrp.too_large");
  EXPECT_EQ(count, 6);
}

// A few bytes of XML become hundreds in memory.
TEST_F(PipelineTest, WhatIsKeptOfTheMessagesIsCappedToo) {
  std::string objects_only = "<Obj><LST>";
  for (int i = 0; i < 200; ++i) {
    objects_only += "<Obj/>";
  }
  objects_only += "</LST></Obj>";
  for (const MessageType type : {MessageType::pipeline_output, MessageType::error_record}) {
    RunspacePool other{{kPool, limits(), {}}};
    Pipeline filled{other, kPid, {{"Get-X", false, {}}}};
    Status sent;
    std::size_t bytes = 0;
    std::uint64_t object = 0;
    while (sent && bytes < 5000) {
      sent = filled.receive(
          make_fragments(++object, encode({Destination::client, type, kPool, kPid, objects_only}))
              .front());
      bytes += sent ? objects_only.size() : 0;
    }
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, "psrp.too_large");
    EXPECT_THAT(sent.error().message,
                ::testing::HasSubstr("16000 bytes of memory (8 x limits.object)"));
    const PipelineResult result = filled.take_result();
    EXPECT_LE(result.graph.memory(), 16'000 + sizeof(Object));
    EXPECT_EQ(bytes, objects_only.size() * (result.output.size() + result.errors.size()));
  }
  const Status end_of_run =
      send(MessageType::pipeline_state,
           R"(<Obj RefId="0"><MS><I32 N="PipelineState">5</I32><Obj N="ExceptionAsErrorRecord">)"
           "<LST>" +
               objects_only.substr(10, 1200) + "</LST></Obj></MS></Obj>");
  ASSERT_FALSE(end_of_run);
  EXPECT_EQ(end_of_run.error().code, "psrp.too_large");
}

TEST_F(PipelineTest, EveryKindOfMessageCounts) {
  for (const MessageType type :
       {MessageType::verbose_record, MessageType::warning_record, MessageType::pipeline_state,
        MessageType::user_event, static_cast<MessageType>(0x00041999)}) {
    RunspacePool other{{kPool, limits(), {}}};
    Pipeline flooded{other, kPid, {{"Get-X", false, {}}}};
    const std::string body = R"(<Obj RefId="0"><MS><I32 N="PipelineState">1</I32><S N="x">)" +
                             std::string(900, 'x') + "</S></MS></Obj>";
    Status sent;
    for (std::uint64_t object = 1; sent && object < 100; ++object) {
      sent = flooded.receive(
          make_fragments(object, encode({Destination::client, type, kPool, kPid, body})).front());
    }
    ASSERT_FALSE(sent) << to_string(type);
    EXPECT_EQ(sent.error().code, "psrp.too_large");
  }
}

TEST(PipelineText, FragmentsMayEndInsideACharacter) {
  const std::string text = "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80";  // two, three, four bytes
  const std::string message = encode(
      {Destination::client, MessageType::pipeline_output, kPool, kPid, "<S>" + text + "</S>"});
  for (std::size_t blob = 1; blob <= message.size(); ++blob) {
    RunspacePool pool{{kPool, {}, {}}};
    Pipeline pipeline{pool, kPid, {{"Get-X", false, {}}}};
    for (const std::string& fragment : make_fragments(1, message, blob)) {
      ASSERT_TRUE(pipeline.receive(fragment)) << blob;
    }
    const PipelineResult result = pipeline.take_result();
    ASSERT_EQ(result.output.size(), 1) << blob;
    EXPECT_EQ(result.output[0].text, text) << blob;
  }
}

TEST(PipelineRefusal, IsKnownByItsIdOrItsWords) {
  const auto refused = [](std::string id, std::string type, std::string message) {
    PipelineResult result;
    result.state = PipelineState::failed;
    ErrorRecord record;
    record.error_id = std::move(id);
    record.exception_type = "System.Management.Automation." + std::move(type);
    record.message = std::move(message);
    result.errors.push_back(record.to_value(result.graph));
    return refuses_scripts(result);
  };
  const std::string words = "The syntax is not supported by this runspace. ";
  EXPECT_TRUE(refused("ScriptsNotAllowed", "ParseException", "in another language"));
  EXPECT_TRUE(refused("ParseException", "ParseException",
                      words + "This can occur if the runspace is in no-language mode."));
  EXPECT_TRUE(refused("ParseException", "ParseException",
                      words + "This might be because it is in no-language mode."));
  // A module with a syntax error, imported with -ErrorAction Stop: as the engine of 7.6 says it (no
  // command behind the id), and as other versions may.
  const std::string syntax = "At Broken.psm1:2 char:7\nMissing condition in if statement.";
  for (const char* const type :
       {"ActionPreferenceStopException", "ParseException", "IncompleteParseException"}) {
    EXPECT_FALSE(refused("IfStatementMissingCondition", type, syntax));
    EXPECT_FALSE(refused("IfStatementMissingCondition,ImportModuleCommand", type, syntax));
  }
  EXPECT_FALSE(refused("x", "RuntimeException", words)) << "the cmdlet's own words";
  PipelineResult good;
  EXPECT_FALSE(refuses_scripts(good));
}

TEST_F(PipelineTest, NullsCountToo) {
  Status sent;
  for (int i = 0; sent && i < 10'000; ++i) {
    sent = send(MessageType::pipeline_output, "");
  }
  EXPECT_FALSE(sent);
}

TEST(PipelineFragments, FollowTheCarriersLimit) {
  RunspacePool pool({kPool, {}, {}});
  static_cast<void>(pool.open());
  const Pipeline pipeline(pool, kPid, {{"Get-X", false, {}}}, 500);
  EXPECT_GT(pipeline.fragments().size(), 3);
  Defragmenter input{{}};
  std::vector<std::string> messages;
  for (const std::string& fragment : pipeline.fragments()) {
    EXPECT_LE(fragment.size(), 521);
    for (const std::string& message : *input.feed(fragment)) {
      messages.push_back(message);
    }
  }
  ASSERT_EQ(messages.size(), 1);
  EXPECT_EQ(decode(messages[0])->type, MessageType::create_pipeline);
}

}  // namespace
}  // namespace sfb::psrp
