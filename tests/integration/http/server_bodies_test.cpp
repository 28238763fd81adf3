// Bodies that a handler reads itself, when it has seen the headers: of any length, in time, or not
// at all.
#include "tests/integration/http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>

namespace sfb::http {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

ServerOptions with_bodies() {
  ServerOptions options;
  options.body_bytes = 100;
  options.reads_body = [](const Request& head) { return head.path.starts_with("/read"); };
  return options;
}

std::string put(std::string_view path, std::size_t size, std::string_view headers = "") {
  return fmt::format("PUT {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n{}\r\n", path, size,
                     headers);
}

TEST(ServerBodies, TheHandlerReadsWhatItWants) {
  TestServer server(with_bodies());
  RawClient client(server.where);
  const std::string body(3'000'000, 'x');
  for (int round = 0; round < 2; ++round) {
    client.send(put("/read", body.size()));
    std::jthread writer([&] { client.send(body); });
    const RawAnswer answer = client.read();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "3000000\n");
  }
  client.send(put("/read", 0));
  EXPECT_THAT(client.read().body, HasSubstr("PUT /read?")) << "there was nothing to read";
}

TEST(ServerBodies, AClientThatWaitsIsToldToGoOnWhenItIsRead) {
  TestServer server(with_bodies());
  RawClient client(server.where);
  client.send(put("/read", 5, "Expect: 100-continue\r\n"));
  ASSERT_TRUE(client.read().has("100 Continue"));
  client.send("hello");
  EXPECT_EQ(client.read().body, "5\n");
}

TEST(ServerBodies, ABodyThatIsNotReadCostsTheConnectionAndNoAnswer) {
  TestServer server(with_bodies());
  {
    RawClient client(server.where);
    client.send(put("/read/not", 5, "Expect: 100-continue\r\n"));
    const RawAnswer answer = client.read();
    EXPECT_EQ(answer.status, 403) << "no 100 before it";
    EXPECT_TRUE(answer.has("Connection: close\r\n"));
  }
  RawClient client(server.where);
  client.send(put("/read/not", 500'000));
  std::jthread writer([&] { client.send(std::string(500'000, 'x') + get_request("/smuggled")); });
  EXPECT_EQ(client.read().status, 403);
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(server.state->started, 2) << "what follows is no request";
}

TEST(ServerBodies, OneThatDoesNotComeIsNotWaitedFor) {
  TestServer server(with_bodies());
  RawClient client(server.where);
  client.send(put("/read/soon", 5) + "he");
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.body, "http.body_slow\n");
  EXPECT_TRUE(answer.has("Connection: close\r\n"));
}

TEST(ServerBodies, AClientThatGoesEndsTheReading) {
  TestServer server(with_bodies());
  {
    RawClient client(server.where);
    client.send(put("/read", 5) + "he");
    client.shut_down();
    EXPECT_EQ(client.read().body, "http.body\n");
  }
  EXPECT_THAT(server.answers_of_its_own(), IsEmpty());
}

TEST(ServerBodies, TheEndOfTheServerEndsTheReading) {
  TestServer server(with_bodies());
  RawClient client(server.where);
  client.send(put("/read", 5) + "he");
  ASSERT_TRUE(net::eventually([&] { return server.state->started == 1; }));
  server.loop.call([&] { server.server->close_all(); });
  EXPECT_TRUE(client.is_closed());
}

TEST(ServerBodies, OtherBodiesKeepTheirLimit) {
  TestServer server(with_bodies());
  RawClient client(server.where);
  client.send(put("/on", 101));
  EXPECT_EQ(client.read().status, 413);
}

}  // namespace
}  // namespace sfb::http
