#include "agent/psrp/runspace_pool.hpp"

#include "agent/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::psrp {
namespace {

const Guid kId = *parse_guid("00112233-4455-6677-8899-aabbccddeeff");

// What a server sends as one message.
std::string from_server(MessageType type, const std::string& body, std::uint64_t object = 1) {
  return make_fragments(object, encode({Destination::client, type, {}, {}, body})).front();
}

std::string state(int number) {
  return from_server(MessageType::runspacepool_state,
                     R"(<Obj RefId="0"><MS><I32 N="RunspaceState">)" + std::to_string(number) +
                         "</I32></MS></Obj>");
}

std::string capability(const char* version) {
  return from_server(MessageType::session_capability,
                     session_capability({{2, std::atoi(version)}, "2.0", "1.1.0.1"}));
}

TEST(RunspacePool, OpensWithTwoMessagesOfItsOwnId) {
  RunspacePool pool({kId, {}, {}});
  EXPECT_EQ(pool.state(), RunspacePool::State::before_open);
  Defragmenter input{{}};
  const auto messages = *input.feed(pool.open());
  ASSERT_EQ(messages.size(), 2);
  EXPECT_EQ(decode(messages[0])->rpid, kId);
  EXPECT_EQ(decode(messages[0])->type, MessageType::session_capability);
  EXPECT_EQ(decode(messages[1])->type, MessageType::init_runspacepool);
  EXPECT_EQ(pool.state(), RunspacePool::State::opening);
  EXPECT_EQ(pool.next_object_id(), 3);
}

TEST(RunspacePool, TheObserverSeesWhatTheServerSays) {
  std::vector<MessageType> seen;
  RunspacePool pool({kId, {}, [&](const Message& message) { seen.push_back(message.type); }});
  static_cast<void>(pool.open());
  ASSERT_TRUE(pool.receive(capability("3") + state(2)));
  EXPECT_THAT(seen, ::testing::ElementsAre(MessageType::session_capability,
                                           MessageType::runspacepool_state));
}

TEST(RunspacePool, HalfAMessageIsHeld) {
  RunspacePool pool({kId, {}, {}});
  static_cast<void>(pool.open());
  const std::string message = capability("3");
  ASSERT_TRUE(pool.receive(message.substr(0, 60)));
  EXPECT_EQ(pool.held(), 60);
  ASSERT_TRUE(pool.receive(message.substr(60)));
  EXPECT_EQ(pool.held(), 0);
}

TEST(RunspacePool, ThePeersWordsAreCut) {
  const std::string long_text(100'000, 'x');
  const auto error_of = [](const std::string& bytes) {
    RunspacePool pool({kId, {}, {}});
    static_cast<void>(pool.open());
    const Status refused = pool.receive(bytes);
    return refused ? Error{} : refused.error();
  };
  const auto whole = [](MessageType type, const std::string& body) {
    std::string bytes;
    for (const std::string& fragment :
         make_fragments(1, encode({Destination::client, type, {}, {}, body}))) {
      bytes += fragment;
    }
    return bytes;
  };
  for (const auto& [number, code] : {std::pair{"5", "psrp.broken"}, {"3", "psrp.closed"}}) {
    const Error error = error_of(
        whole(MessageType::runspacepool_state,
              std::string(R"(<Obj RefId="0"><MS><I32 N="RunspaceState">)") + number +
                  R"(</I32><S N="ExceptionAsErrorRecord">)" + long_text + "</S></MS></Obj>"));
    EXPECT_EQ(error.code, code);
    EXPECT_EQ(error.peer, long_text.substr(0, kPeerText));
  }
  const Error none = error_of(whole(MessageType::session_capability, "<S>" + long_text + "</S>"));
  EXPECT_EQ(none.code, "psrp.capability");
  EXPECT_EQ(none.peer.size(), kPeerText);
  const Error version = error_of(whole(MessageType::session_capability,
                                       R"(<Obj RefId="0"><MS><S N="protocolversion">9.0.)" +
                                           long_text + R"(</S><S N="SerializationVersion">1.1.)" +
                                           long_text + "</S></MS></Obj>"));
  EXPECT_EQ(version.code, "psrp.version");
  EXPECT_LT(version.peer.size(), 200);
  EXPECT_EQ(
      read_ps_version(R"(<Obj RefId="0"><MS><Obj N="ApplicationPrivateData" RefId="1"><DCT><En>)"
                      R"(<S N="Key">PSVersionTable</S><Obj N="Value" RefId="2"><DCT><En>)"
                      R"(<S N="Key">PSVersion</S><S N="Value">)" +
                          long_text + "</S></En></DCT></Obj></En></DCT></Obj></MS></Obj>",
                      {})
          .size(),
      kPeerText);
}

TEST(RunspacePool, TheAnswerIsTheSmallerVersion) {
  for (const auto& [minor, used] : {std::pair{"1", 1}, {"2", 2}, {"3", 3}, {"4", 3}, {"9", 3}}) {
    RunspacePool pool({kId, {}, {}});
    static_cast<void>(pool.open());
    ASSERT_TRUE(pool.receive(capability(minor) + state(2)));
    EXPECT_EQ(pool.version(), (ProtocolVersion{2, used}));
    EXPECT_EQ(pool.server_version(), std::string("2.") + minor);
    EXPECT_EQ(pool.state(), RunspacePool::State::opened);
  }
}

TEST(RunspacePool, WithoutItsCapabilityItDoesNotOpen) {
  RunspacePool pool({kId, {}, {}});
  static_cast<void>(pool.open());
  const Status opened = pool.receive(state(2));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "psrp.capability");
  EXPECT_EQ(opened.error().reason, Reason::protocol);
  EXPECT_EQ(pool.state(), RunspacePool::State::broken);
}

TEST(RunspacePool, OtherStates) {
  for (const int number : {0, 1, 6, 7, 8, 9}) {
    RunspacePool pool({kId, {}, {}});
    static_cast<void>(pool.open());
    EXPECT_TRUE(pool.receive(state(number)));
    EXPECT_EQ(pool.state(), RunspacePool::State::opening);
  }
  for (const int number : {3, 4}) {
    RunspacePool pool({kId, {}, {}});
    static_cast<void>(pool.open());
    EXPECT_EQ(pool.receive(state(number)).error().code, "psrp.closed");
    EXPECT_EQ(pool.state(), RunspacePool::State::closed);
  }
  RunspacePool pool({kId, {}, {}});
  static_cast<void>(pool.open());
  const Status broken = pool.receive(state(5));
  EXPECT_EQ(broken.error().code, "psrp.broken");
  EXPECT_EQ(broken.error().reason, Reason::cmdlet);
  EXPECT_EQ(pool.state(), RunspacePool::State::broken);
}

TEST(RunspacePool, UnknownMessagesAndEventsAreIgnored) {
  RunspacePool pool({kId, {}, {}});
  static_cast<void>(pool.open());
  for (const auto type : {MessageType::user_event, MessageType::public_key_request,
                          MessageType::runspace_availability, MessageType::pipeline_state,
                          static_cast<MessageType>(0x00021234)}) {
    EXPECT_TRUE(pool.receive(from_server(type, "<S>x</S>")));
  }
  EXPECT_EQ(pool.state(), RunspacePool::State::opening);
}

TEST(RunspacePool, AHostCallThatWaitsIsRefused) {
  RunspacePool pool({kId, {}, {}});
  static_cast<void>(pool.open());
  const std::string call =
      R"(<Obj RefId="0"><MS><I64 N="ci">CI</I64><I32 N="mi">11</I32></MS></Obj>)";
  const auto with_id = [&](const char* id) {
    std::string body = call;
    return from_server(MessageType::runspacepool_host_call, body.replace(body.find("CI"), 2, id));
  };
  ASSERT_TRUE(pool.receive(with_id("-100")));
  EXPECT_TRUE(pool.take_host_responses().empty());
  ASSERT_TRUE(pool.receive(with_id("3")));
  const auto responses = pool.take_host_responses();
  ASSERT_EQ(responses.size(), 1);
  Defragmenter input{{}};
  const auto message = decode(input.feed(responses[0])->front());
  EXPECT_EQ(message->type, MessageType::runspacepool_host_response);
  EXPECT_THAT(message->body, ::testing::HasSubstr(R"(N="me")"));
  EXPECT_TRUE(pool.take_host_responses().empty());
}

TEST(RunspacePool, GarbageBreaksIt) {
  for (const std::string& bytes :
       {make_fragments(1, "short").front(), from_server(MessageType::runspacepool_state, "<S>"),
        from_server(MessageType::session_capability, "<S>x</S>"),
        from_server(MessageType::runspacepool_host_call, "<S>x</S>")}) {
    RunspacePool pool({kId, {}, {}});
    static_cast<void>(pool.open());
    EXPECT_FALSE(pool.receive(bytes));
    EXPECT_EQ(pool.state(), RunspacePool::State::broken);
  }
}

}  // namespace
}  // namespace sfb::psrp
