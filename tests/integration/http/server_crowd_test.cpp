// A server without a place left: who goes, who is told so.
#include "tests/integration/http/descriptors.hpp"
#include "tests/integration/http/slow_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(ServerCrowd, TheLongestIdleOneGoesFirst) {
  TestServer server(limited(2));
  RawClient first(server.where);
  ASSERT_TRUE(server.eventually_open(1));
  RawClient second(server.where);
  ASSERT_TRUE(server.eventually_open(2));
  first.send(get_request("/"));
  ASSERT_EQ(first.read().status, 200);  // now the second has waited longer
  EXPECT_EQ(status_of(server.where), 200);
  EXPECT_TRUE(second.is_closed());
  first.send(get_request("/"));
  EXPECT_EQ(first.read().status, 200) << "the other one stays";
  EXPECT_THAT(server.answers_of_its_own(), IsEmpty());
  EXPECT_EQ(server.counters().refused, 0U);
  EXPECT_EQ(server.counters().closed_idle, 1U);
  EXPECT_THAT(server.ends(), ElementsAre(Ended::idle));
}

TEST(ServerCrowd, IdleOnesDoNotBlindIt) {
  TestServer server(limited(16));
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 300; ++i) {
    idle.push_back(std::make_unique<RawClient>(server.where));
    if (i % 50 == 0) {
      EXPECT_EQ(status_of(server.where), 200) << i;
    }
  }
  EXPECT_EQ(status_of(server.where), 200);
  EXPECT_LE(server.counters().open, 16U);
}

TEST(ServerCrowd, AnIdleOneGoesBeforeASlowReader) {
  ServerOptions options = limited(2);
  options.young = 0ms;
  TestServer server(options);
  const auto reader = stuck_reader(server);
  RawClient idle(server.where);
  ASSERT_TRUE(server.eventually_open(2));
  EXPECT_EQ(status_of(server.where), 200);
  EXPECT_TRUE(idle.is_closed());
  EXPECT_EQ(reader->read().body.size(), server.state->big->size());
}

TEST(ServerCrowd, TheSlowestReaderGoesThen) {
  TestServer server(limited(2));
  const auto reading = stuck_reader(server);
  const auto stuck = stuck_reader(server);
  // So much that the server must have written in the meantime.
  std::string some;
  while (some.size() < (5U << 20U)) {
    some += reading->read_some();
  }
  EXPECT_EQ(status_of(server.where), 200);
  EXPECT_TRUE(was_cut(*stuck));
  while (some.size() <= (10U << 20U)) {
    const std::string more = reading->read_some();
    ASSERT_NE(more, "") << "the other one is served on";
    some += more;
  }
  EXPECT_THAT(server.ends(), ElementsAre(Ended::slow));
}

TEST(ServerCrowd, HalfARequestHoldsNoPlace) {
  TestServer server(limited(2));
  RawClient headers(server.where);
  headers.send("GET / HT");
  RawClient body(server.where);
  body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
  ASSERT_TRUE(server.eventually_open(2));
  EXPECT_EQ(status_of(server.where), 200);
  EXPECT_TRUE(headers.is_closed());
}

TEST(ServerCrowd, HalfARequestGoesBeforeWhoCameLater) {
  ServerOptions options = limited(2);
  options.young = 1h;
  TestServer server(options);
  RawClient half(server.where);
  half.send("GET / HT");
  ASSERT_TRUE(server.eventually_open(1));
  server.loop.call([] {});
  RawClient scraper(server.where);  // its request is on its way
  ASSERT_TRUE(server.eventually_open(2));
  EXPECT_EQ(status_of(server.where), 200);
  EXPECT_TRUE(half.is_closed());
  scraper.send(get_request("/"));
  EXPECT_EQ(scraper.read().status, 200);
}

TEST(ServerCrowd, BytesThatTrickleMakeHalfARequestNoYounger) {
  TestServer server(limited(2));
  RawClient first(server.where);
  first.send("POST / HTTP/1.1\r\nHost: h\r\n");
  ASSERT_TRUE(server.eventually_open(1));
  server.loop.call([] {});
  RawClient second(server.where);
  second.send("GET / HT");
  ASSERT_TRUE(server.eventually_open(2));
  server.loop.call([] {});
  first.send("Content-Length: 9\r\n\r\nabc");  // its body is the same request
  server.loop.call([] {});
  server.loop.call([] {});
  EXPECT_EQ(status_of(server.where), 200);
  EXPECT_TRUE(first.is_closed());
  second.send("TP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(second.read().status, 200);
}

TEST(ServerCrowd, BytesThatTrickleCutNoReader) {
  for (const auto young : {std::chrono::milliseconds(0), std::chrono::milliseconds(1h)}) {
    ServerOptions options = limited(2);
    options.young = young;
    TestServer server(options);
    const auto reader = stuck_reader(server);
    RawClient dripping(server.where);
    dripping.send("GET / HT");
    ASSERT_TRUE(server.eventually_open(2));
    server.loop.call([] {});
    EXPECT_EQ(status_of(server.where), 200);
    EXPECT_TRUE(dripping.is_closed());
    EXPECT_EQ(reader->read().body.size(), server.state->big->size());
  }
}

TEST(ServerCrowd, OneThatIsToldToGoHoldsNoPlace) {
  TestServer server(limited(1));
  RawClient nonsense(server.where);
  nonsense.send("nonsense\r\n\r\n");
  EXPECT_EQ(nonsense.read().status, 400);  // and now it is read from for a second
  EXPECT_EQ(status_of(server.where), 200);
}

TEST(ServerCrowd, WhereNobodyCanGoItIsA503) {
  TestServer server(limited(2));
  RawClient first(server.where);
  first.send(get_request("/hang"));
  RawClient second(server.where);
  second.send(get_request("/hang"));
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 2; }));
  // More than are told so at leisure: each hears it and is counted.
  constexpr std::size_t kMany = 100;
  std::vector<std::unique_ptr<RawClient>> many;
  for (std::size_t i = 0; i < kMany; ++i) {
    many.push_back(std::make_unique<RawClient>(server.where));
  }
  for (const auto& each : many) {
    each->send(get_request("/"));
    const RawAnswer answer = each->read();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.has("Retry-After: 1\r\n")) << answer.head;
    EXPECT_TRUE(answer.has("Connection: close\r\n")) << answer.head;
    EXPECT_THAT(answer.body, HasSubstr("too many connections"));
  }
  EXPECT_EQ(server.counters().refused, kMany);
  EXPECT_THAT(server.answers_of_its_own(),
              testing::AllOf(testing::SizeIs(kMany), testing::Each(503)));
  EXPECT_THAT(server.ends(), testing::AllOf(testing::SizeIs(kMany), testing::Each(Ended::refused)));
  EXPECT_EQ(server.state->cancelled, 0) << "those inside are served on";
}

TEST(ServerCrowd, RefusalsAreLoggedOnceAMinute) {
  TestServer server(limited(1));
  RawClient inside(server.where);
  inside.send(get_request("/hang"));
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 1; }));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(status_of(server.where), 503);
  }
  EXPECT_THAT(server.log(), ElementsAre("all places for connections are taken limit=1 refused=1 "
                                        "closed_idle=0 closed_slow=0"));
}

TEST(ServerCrowd, TheSumOfRefusalsIsLoggedThoughNothingMoreHappens) {
  ServerOptions options = limited(1);
  options.log_period = 1ms;
  TestServer server(options);
  RawClient inside(server.where);
  inside.send(get_request("/hang"));
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 1; }));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(status_of(server.where), 503);
  }
  EXPECT_TRUE(net::eventually([&] {
    int refused = 0;
    for (const std::string& line : server.log()) {
      const auto at = line.find("refused=") + std::string("refused=").size();
      refused += std::stoi(line.substr(at));
    }
    return refused == 20;
  }));
}

TEST(ServerCrowd, ACallerWhoHangsUpFreesItsPlace) {
  const std::string path = testing::TempDir() + "/sfb-crowd.sock";
  for (const std::string& address : {std::string("127.0.0.1:0"), "unix:" + path}) {
    TestServer server({}, address);
    ASSERT_EQ(server.error, "");
    RawClient closed(server.where);
    closed.send(get_request("/hang"));
    RawClient half(server.where);
    half.send(get_request("/hang"));
    // The end stands behind another request.
    RawClient pipelined(server.where);
    pipelined.send(get_request("/hang") + get_request("/second"));
    RawClient stays(server.where);
    stays.send(get_request("/hang"));
    ASSERT_TRUE(net::eventually([&] { return server.state->started == 4; }));
    closed.close();
    half.shut_down();
    pipelined.shut_down();
    EXPECT_TRUE(net::eventually([&] { return server.state->cancelled == 3; })) << address;
    EXPECT_TRUE(server.eventually_open(1)) << address;
    EXPECT_TRUE(half.is_closed());
    EXPECT_EQ(server.counters().gone, 3U);
    EXPECT_THAT(server.answers_of_its_own(), IsEmpty());
  }
}

TEST(ServerCrowd, ACallerWhoHungUpMakesRoomAtOnce) {
  TestServer server(limited(1));
  for (int i = 1; i <= 5; ++i) {
    RawClient client(server.where);
    client.send(get_request("/hang"));
    ASSERT_TRUE(net::eventually([&] { return server.state->started == 2 * i - 1; }));
    client.close();
    EXPECT_EQ(status_of(server.where), 200);
  }
  EXPECT_EQ(server.counters().refused, 0U);
}

TEST(ServerCrowd, AQuickAnswerReachesACallerThatClosedItsHalf) {
  TestServer server;
  for (const std::string path : {"/", "/slow", "/big"}) {
    RawClient client(server.where);
    client.send(get_request(path));
    client.shut_down();
    EXPECT_EQ(client.read().status, 200) << path;
  }
}

TEST(ServerCrowd, WithoutADescriptorAnIdleOneGoes) {
  TestServer server;
  RawClient idle(server.where);
  ASSERT_TRUE(server.eventually_open(1));
  NoDescriptors none;
  none.give_one();
  EXPECT_EQ(status_of(server.where), 200);
  EXPECT_TRUE(idle.is_closed());
}

TEST(ServerCrowd, WithoutADescriptorTheSpareOneAdmitsACaller) {
  TestServer server;
  RawClient busy(server.where);
  busy.send(get_request("/hang"));
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 1; }));
  NoDescriptors none;
  for (int i = 0; i < 3; ++i) {
    none.give_one();
    EXPECT_EQ(status_of(server.where), 200) << i;
    none.take_all();
    ASSERT_TRUE(server.eventually_open(1));
  }
  EXPECT_EQ(server.state->cancelled, 0);
  EXPECT_THAT(server.log(), ElementsAre(HasSubstr("connections cannot be accepted")));
}

}  // namespace
}  // namespace sfb::http
