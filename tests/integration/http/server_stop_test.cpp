// How a server ends: draining, and at once.
#include "tests/integration/http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::http {
namespace {

using namespace std::chrono_literals;

TEST(ServerStop, DrainWaitsForRunningRequestsOnly) {
  TestServer server;
  RawClient idle(server.where);
  RawClient used(server.where);
  used.send(get_request("/"));
  ASSERT_EQ(used.read().status, 200);
  RawClient busy(server.where);
  busy.send(get_request("/slow"));
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 2; }));
  ASSERT_TRUE(server.eventually_open(3));
  auto drained = server.loop.start(server.server->drain(net::mono_now() + 20s));
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(used.is_closed());
  const RawAnswer answer = busy.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has("Connection: close\r\n")) << answer.head;
  EXPECT_TRUE(busy.is_closed());
  EXPECT_TRUE(drained.get());
  EXPECT_FALSE(RawClient(server.where).connected()) << "nobody listens any more";
}

TEST(ServerStop, DrainOfAnIdleServerIsImmediate) {
  TestServer server;
  EXPECT_TRUE(server.loop.start(server.server->drain(net::mono_now())).get());
}

TEST(ServerStop, DrainAnswersARequestThatIsStillComing) {
  TestServer server;
  RawClient client(server.where);
  // The 100 tells that the server has the headers and waits for the body.
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(client.read().has("100 Continue"));
  auto drained = server.loop.start(server.server->drain(net::mono_now() + 20s));
  server.loop.call([] {});  // the drain has begun
  client.send("ok");
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has("Connection: close\r\n")) << answer.head;
  EXPECT_TRUE(drained.get());
}

TEST(ServerStop, DrainWaitsOnlyAMomentForHalfARequest) {
  TestServer server;
  RawClient client(server.where);
  client.send("GET / HTTP/1.1\r\nHost:");
  RawClient other(server.where);  // answered behind the half one was taken in
  other.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_EQ(other.read().status, 200);
  // Far below the header timeout of 10 s, so the true says that the moment ended it.
  EXPECT_TRUE(server.loop.start(server.server->drain(net::mono_now() + 5s)).get());
  EXPECT_EQ(client.read().status, 408);
}

TEST(ServerStop, DrainEndsAtItsDeadlineAndCloseAllCancelsHandlers) {
  TestServer server;
  RawClient client(server.where);
  client.send(get_request("/hang"));
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 1; }));
  EXPECT_FALSE(server.loop.start(server.server->drain(net::mono_now() + 100ms)).get());
  EXPECT_EQ(server.state->cancelled, 0);
  server.loop.call([&] { server.server->close_all(); });
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(net::eventually([&] { return server.state->cancelled == 1; }));
  EXPECT_TRUE(server.eventually_open(0));
  EXPECT_THAT(server.answers_of_its_own(), testing::IsEmpty()) << "a cancelled handler is no 500";
}

TEST(ServerStop, CloseAllEndsEveryKindOfWait) {
  TestServer server;
  RawClient idle(server.where);
  RawClient headers(server.where);
  headers.send("GET / HT");
  RawClient body(server.where);
  body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
  RawClient writing(server.where, 4096);
  writing.send(get_request("/big"));
  RawClient handler(server.where);
  handler.send(get_request("/hang"));
  RawClient lingering(server.where);
  lingering.send("nonsense\r\n\r\n");
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 2; }));
  server.loop.call([&] { server.server->close_all(); });
  EXPECT_TRUE(server.eventually_open(0));
  EXPECT_EQ(server.state->cancelled, 1);
}

TEST(ServerStop, TheLoopMayBeDestroyedUnderAConnection) {
  auto state = std::make_shared<HandlerState>();
  std::unique_ptr<RawClient> client;
  {
    boost::asio::io_context io{1};
    Server server(
        io.get_executor(), {},
        [state](std::shared_ptr<const Request> request) {
          return handle(state, std::move(request));
        },
        Logger());
    ASSERT_TRUE(server.listen({*net::parse_listen_address("127.0.0.1:0")}));
    client = std::make_unique<RawClient>(server.addresses().front());
    client->send(get_request("/hang"));
    const auto end = net::mono_now() + 20s;
    while (state->started == 0 && net::mono_now() < end) {
      io.run_one_for(20ms);
    }
    ASSERT_EQ(state->started, 1);
    EXPECT_EQ(state->cancelled, 0);
  }
  EXPECT_EQ(state->cancelled, 1) << "its frame went with the loop";
  EXPECT_TRUE(client->is_closed());
}

}  // namespace
}  // namespace sfb::http
