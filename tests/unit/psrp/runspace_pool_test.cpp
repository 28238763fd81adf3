#include "agent/psrp/runspace_pool.hpp"

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
  std::vector<MessageType> seen;
  RunspacePool pool({kId, {}, [&](const Message& message) { seen.push_back(message.type); }});
  EXPECT_EQ(pool.state(), RunspacePool::State::before_open);
  Defragmenter input{{}};
  const auto messages = *input.feed(pool.open());
  ASSERT_EQ(messages.size(), 2);
  EXPECT_EQ(decode(messages[0])->rpid, kId);
  EXPECT_THAT(seen, ::testing::ElementsAre(MessageType::session_capability,
                                           MessageType::init_runspacepool));
  EXPECT_EQ(pool.state(), RunspacePool::State::opening);
  EXPECT_EQ(pool.next_object_id(), 3);
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
