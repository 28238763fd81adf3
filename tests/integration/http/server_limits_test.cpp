// The server against clients that are too big, too slow, too many or wrong.
#include "tests/integration/http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace sfb::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

// Sends `bytes` again and again until the server answers; gives that answer.
RawAnswer drip(RawClient& client, std::string_view bytes) {
  const auto end = net::mono_now() + 20s;
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested() && net::mono_now() < end && client.send(bytes)) {
      std::this_thread::sleep_for(20ms);
    }
  });
  return client.read();
}

TEST(ServerLimits, EachHasItsAnswerInOneLineAndCloses) {
  struct Case {
    std::string bytes;
    int status;
    std::string body;
  };
  ServerOptions options;
  options.header_bytes = 1000;
  options.body_bytes = 100;
  TestServer server(options);
  std::vector<int> statuses;
  for (const Case& c : {
           Case{"no http at all\r\n\r\n", 400, "the HTTP version is not 1.0 or 1.1\n"},
           Case{"GET / HTTP/1.1\r\n\r\n", 400, "exactly one Host header is needed\n"},
           Case{get_request("/", "A: " + std::string(5000, 'x') + "\r\n"), 431,
                "the request line and headers are too long\n"},
           Case{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200\r\n\r\n" + std::string(200, 'x'),
                413, "the body is too long\n"},
           Case{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                    get_request("/smuggled"),
                501, "bodies with a transfer encoding are not taken here; send Content-Length\n"},
           Case{"POST / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n", 417,
                "no other expectation than 100-continue is known here\n"},
       }) {
    RawClient client(server.where);
    client.send(c.bytes);
    const RawAnswer answer = client.read();
    EXPECT_EQ(answer.status, c.status) << c.bytes.substr(0, 60);
    EXPECT_EQ(answer.body, c.body) << c.bytes.substr(0, 60);
    EXPECT_TRUE(answer.has("Content-Type: text/plain; charset=utf-8\r\n")) << answer.head;
    EXPECT_TRUE(answer.has("Connection: close\r\n")) << answer.head;
    EXPECT_TRUE(answer.has("X-Of-All: answers\r\n")) << answer.head;
    EXPECT_TRUE(client.is_closed()) << c.bytes.substr(0, 60);
    statuses.push_back(c.status);
  }
  EXPECT_EQ(server.answers_of_its_own(), statuses);
  EXPECT_EQ(server.state->started, 0) << "no handler saw any of them";
}

std::string with_ticket(const std::string& path, std::size_t bytes) {
  return get_request(path, "Authorization: Negotiate " + std::string(bytes, 'x') + "\r\n");
}

TEST(ServerLimits, ATicketOfManyGroupsIsTaken) {
  TestServer server;
  RawClient client(server.where);
  client.send(with_ticket("/", 64'000));  // the largest that Windows makes, in base64
  EXPECT_EQ(client.read().status, 200);
  client.send(get_request("/"));
  EXPECT_EQ(client.read().status, 200);
  client.send(with_ticket("/", 70'000));
  EXPECT_EQ(client.read().status, 431);
}

TEST(ServerLimits, HalfHeadsOfTicketsAreBounded) {
  ServerOptions options;
  options.large_heads_bytes = 100'000;
  TestServer server(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.where));
    clients.back()->send(with_ticket("/", 40'000).substr(0, 30'000));
    // One behind the other, so that the oldest is known.
    ASSERT_TRUE(net::eventually([&] {
      return server.counters().accepted == static_cast<std::size_t>(i) + 1 &&
             server.counters().closed_slow == static_cast<std::size_t>(i < 3 ? 0 : i - 2);
    })) << i;
  }
  EXPECT_TRUE(clients.front()->is_closed());
  RawClient caller(server.where);
  caller.send(with_ticket("/", 60'000));
  EXPECT_EQ(caller.read().status, 200) << "who sends all of it at once is served";
  clients.back()->send("\r\n\r\n");
  EXPECT_EQ(clients.back()->read().status, 200) << "the youngest has its place yet";
}

TEST(ServerLimits, LargeHeadsThatAreAnsweredAreBounded) {
  ServerOptions options;
  options.large_heads_bytes = 100'000;
  TestServer server(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.where));
    clients.back()->send(with_ticket("/hang", 40'000));
  }
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 2; }));
  RawClient more(server.where);
  more.send(with_ticket("/", 40'000));
  const RawAnswer answer = more.read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "too many large requests: try again\n");
  RawClient small(server.where);
  small.send(get_request("/"));
  EXPECT_EQ(small.read().status, 200);
}

TEST(ServerLimits, ARefusalReachesAClientThatIsStillSending) {
  ServerOptions options;
  options.body_bytes = 100;
  TestServer server(options);
  RawClient client(server.where);
  // Half a megabyte that the server never wants: its answer must survive the close.
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n");
  client.send(std::string(500000, 'x'));
  EXPECT_EQ(client.read().status, 413);
}

TEST(ServerLimits, HeadersThatDripAreA408) {
  ServerOptions options;
  options.header_timeout = 200ms;
  TestServer server(options);
  RawClient client(server.where);
  client.send("GET / HTTP/1.1\r\n");
  const auto start = net::mono_now();
  const RawAnswer answer = drip(client, "A: b\r\n");
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.body, "the headers did not come in time\n");
  EXPECT_GE(net::mono_now() - start, 150ms);
}

TEST(ServerLimits, ABodyThatDripsIsA408) {
  ServerOptions options;
  options.body_timeout = 200ms;
  TestServer server(options);
  RawClient client(server.where);
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n");
  const RawAnswer answer = drip(client, "x");
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.body, "the body did not come in time\n");
  EXPECT_THAT(server.answers_of_its_own(), ElementsAre(408));
}

TEST(ServerLimits, TheHeaderDeadlineOfTheNextRequestIsItsOwn) {
  // The timer is armed for a far deadline when the near one comes, and the other way round.
  ServerOptions options;
  options.header_timeout = 200ms;
  TestServer server(options);
  RawClient client(server.where);
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(250ms);
    client.send(get_request("/"));
    ASSERT_EQ(client.read().status, 200) << "request " << i;
  }
  client.send("GET");
  EXPECT_EQ(client.read().status, 408);
}

TEST(ServerLimits, AnIdleConnectionIsClosedWithoutAWord) {
  ServerOptions options;
  options.idle_timeout = 1s;
  TestServer server(options);
  RawClient fresh(server.where);
  EXPECT_EQ(fresh.read_all(), "");
  RawClient used(server.where);
  used.send(get_request("/"));
  EXPECT_EQ(used.read().status, 200);
  EXPECT_EQ(used.read_all(), "");
  EXPECT_THAT(server.answers_of_its_own(), IsEmpty());
  EXPECT_TRUE(server.eventually_open(0));
}

TEST(ServerLimits, TheHandlersTimeIsNotTheClients) {
  ServerOptions options;
  options.header_timeout = 1s;
  options.idle_timeout = 1s;
  options.body_timeout = 1s;
  TestServer server(options);
  RawClient client(server.where);
  client.send(get_request("/slower"));
  EXPECT_EQ(client.read().status, 200);
}

TEST(ServerLimits, AClientThatDoesNotReadIsCutOff) {
  ServerOptions options;
  options.write_timeout = 200ms;
  TestServer server(options);
  RawClient client(server.where, 4096);
  client.send(get_request("/big"));
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 1; }));
  EXPECT_TRUE(server.eventually_open(0));
  EXPECT_EQ(server.loop.call([&] { return server.state->big.use_count(); }), 1)
      << "the body is let go";
}

}  // namespace
}  // namespace sfb::http
