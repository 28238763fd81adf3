// The server over real sockets: what well-behaved clients see.
#include "agent/http/server.hpp"

#include "tests/integration/http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace sfb::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(Server, KeepsTheConnection) {
  TestServer server;
  RawClient client(server.where);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(get_request(fmt::format("/{}", i))));
    const RawAnswer answer = client.read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, HasSubstr(fmt::format("GET /{}?", i)));
    EXPECT_TRUE(answer.has("Date: ")) << answer.head;
    EXPECT_TRUE(answer.has("X-Content-Type-Options: nosniff\r\n")) << answer.head;
    EXPECT_FALSE(answer.has("Connection:")) << answer.head;
  }
  EXPECT_EQ(server.counters().accepted, 1U);
  EXPECT_EQ(server.counters().open, 1U);
  client.close();
  EXPECT_TRUE(server.eventually_open(0));
}

TEST(Server, ClosesWhenTheClientOrTheHandlerWants) {
  TestServer server;
  for (const std::string& request :
       {get_request("/", "Connection: close\r\n"), get_request("/close"),
        std::string("GET / HTTP/1.0\r\n\r\n")}) {
    RawClient client(server.where);
    client.send(request);
    const RawAnswer answer = client.read();
    EXPECT_EQ(answer.status, 200) << request;
    EXPECT_TRUE(answer.has("Connection: close\r\n")) << request << answer.head;
    EXPECT_TRUE(client.is_closed()) << request;
  }
}

TEST(Server, KeepsAnHttp10ConnectionOnlyWhenAsked) {
  TestServer server;
  RawClient client(server.where);
  for (int i = 0; i < 2; ++i) {
    client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const RawAnswer answer = client.read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.has("Connection: keep-alive\r\n")) << answer.head;
  }
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server;
  RawClient client(server.where);
  client.send(get_request("/slow") + get_request("/second") +
              "POST /third HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" +
              get_request("/fourth"));
  EXPECT_THAT(client.read().body, HasSubstr("/slow"));
  EXPECT_THAT(client.read().body, HasSubstr("/second"));
  EXPECT_THAT(client.read().body, HasSubstr("/third? body=abc"));
  EXPECT_THAT(client.read().body, HasSubstr("/fourth"));
}

TEST(Server, AnswersHeadWithTheLengthButNoBody) {
  TestServer server;
  RawClient client(server.where);
  client.send("HEAD /big HTTP/1.1\r\nHost: h\r\n\r\n" + get_request("/next"));
  const RawAnswer head = client.read(false);
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.has(fmt::format("Content-Length: {}\r\n", server.state->big->size())))
      << head.head;
  EXPECT_THAT(client.read().body, HasSubstr("/next"));
}

TEST(Server, DecodesThePathAndPassesMethodsThrough) {
  TestServer server;
  RawClient client(server.where);
  client.send("BREW /a%20b?c=%20 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read().body, HasSubstr("BREW /a b?c=%20 body="));
}

TEST(Server, AsksForABodyThatIsAwaited) {
  TestServer server;
  RawClient client(server.where);
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read().head, "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("he");
  client.send("llo");
  EXPECT_THAT(client.read().body, HasSubstr("body=hello "));
}

TEST(Server, TellsWhoAsksAndWhere) {
  TestServer server;
  RawClient client(server.where);
  client.send(get_request("/"));
  EXPECT_THAT(client.read().body,
              EndsWith("peer=127.0.0.1 loopback=true unix=false local=" + server.where + "\n"));
}

TEST(Server, SeesAMappedAddressAsIpv4) {
  TestServer server({}, ":0");
  ASSERT_EQ(server.error, "");
  const std::string port = server.where.substr(server.where.rfind(':'));
  RawClient client("127.0.0.1" + port);
  client.send(get_request("/"));
  EXPECT_THAT(client.read().body,
              EndsWith("peer=127.0.0.1 loopback=true unix=false local=127.0.0.1" + port + "\n"));
}

TEST(Server, AHandlerThatThrowsIsA500) {
  TestServer server;
  RawClient client(server.where);
  client.send(get_request("/throw"));
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, Not(HasSubstr("own trouble")));
  EXPECT_TRUE(client.is_closed());
  EXPECT_THAT(server.answers_of_its_own(), testing::ElementsAre(500));
  RawClient next(server.where);
  next.send(get_request("/"));
  EXPECT_EQ(next.read().status, 200);
}

TEST(Server, AClientThatLeavesHarmsNobody) {
  TestServer server;
  for (const std::string& bytes :
       {std::string(), std::string("GET / HT"), get_request("/slow"), get_request("/big"),
        std::string("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")}) {
    RawClient client(server.where);
    client.send(bytes);
  }
  EXPECT_TRUE(server.eventually_open(0));
  RawClient client(server.where);
  client.send(get_request("/"));
  EXPECT_EQ(client.read().status, 200);
  EXPECT_THAT(server.answers_of_its_own(), testing::IsEmpty());
}

long resident_pages() {
  std::ifstream statm("/proc/self/statm");
  long size = 0;
  long resident = 0;
  statm >> size >> resident;
  return resident;
}

TEST(Server, SlowReadersOfALargeBodyShareIt) {
  constexpr int kReaders = 16;
  TestServer server;
  const long before = resident_pages();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < kReaders; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.where, 4096));
    clients.back()->send(get_request("/big"));
  }
  ASSERT_TRUE(net::eventually([&] { return server.state->started == kReaders; }));
  server.loop.call([] {});  // each has begun to write and waits
  // Copies would be 160 MiB.
  const long grown = (resident_pages() - before) * ::sysconf(_SC_PAGESIZE);
  EXPECT_LT(grown, 40L << 20U);
  for (const auto& client : clients) {
    const RawAnswer answer = client->read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.body == *server.state->big) << answer.body.size() << " bytes came";
  }
}

}  // namespace
}  // namespace sfb::http
