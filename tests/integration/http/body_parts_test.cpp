// Bodies that are made while they are written.
#include "agent/http/body_parts.hpp"

#include "tests/integration/http/slow_reader.hpp"
#include "tests/integration/http/tls_raw_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace sfb::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string ten_parts() {
  std::string whole;
  for (char letter = 'k'; letter > 'a'; --letter) {
    whole.append(1'000'000, letter);
  }
  return whole;
}

TEST(BodyParts, AllAreWrittenAndTheConnectionStays) {
  TestServer server;
  RawClient client(server.where);
  for (int round = 0; round < 2; ++round) {
    client.send(get_request("/parts/10"));
    const RawAnswer answer = client.read();
    EXPECT_TRUE(answer.has("Content-Length: 10000000\r\n"));
    EXPECT_TRUE(answer.body == ten_parts());
  }
}

TEST(BodyParts, SmallPiecesGoTogether) {
  TestServer server;
  RawClient client(server.where);
  for (int round = 0; round < 2; ++round) {
    client.send(get_request("/pieces"));
    EXPECT_TRUE(client.read().body == ManyPieces().whole());
  }
}

TEST(BodyParts, OverTlsToo) {
  TestServer server(over_tls(test_tls()));
  TlsRawClient client(server.where);
  client.send("GET /pieces HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string all = client.read_all();
  const std::size_t head = all.find("\r\n\r\n") + 4;
  EXPECT_TRUE(all.substr(head) == ManyPieces().whole());
}

TEST(BodyParts, OfHeadOnlyTheLength) {
  TestServer server;
  RawClient client(server.where);
  client.send("HEAD /parts/10 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.read(false).has("Content-Length: 10000000\r\n"));
  client.send(get_request("/"));
  EXPECT_EQ(client.read().status, 200);
}

TEST(BodyParts, WhatEndsTooEarlyOrTooLateEndsTheConnection) {
  TestServer server;
  for (const int parts : {0, 1, 9}) {
    RawClient client(server.where);
    client.send(get_request(fmt::format("/parts/{}", parts)));
    const std::string all = client.read_all();
    EXPECT_LT(all.size(), 10'000'000U);
    EXPECT_GE(all.size(), static_cast<std::size_t>(parts) * 1'000'000);
  }
  RawClient client(server.where);
  client.send(get_request("/parts/11") + get_request("/"));
  EXPECT_EQ(client.read().body.size(), 10'000'000U) << "no more than was said";
  EXPECT_EQ(client.read().status, 200);
}

TEST(BodyParts, SlowReadersCountByWhatTheyHold) {
  ServerOptions options;
  options.unsent_bytes = 5'500'000;
  TestServer server(options);
  std::vector<std::unique_ptr<RawClient>> readers;
  for (int i = 0; i < 5; ++i) {
    readers.push_back(stuck_reader(server, "/parts/10"));
  }
  EXPECT_THAT(server.ends(), IsEmpty());
  readers.push_back(stuck_reader(server, "/parts/10"));
  EXPECT_THAT(server.ends(), ElementsAre(Ended::slow));
  EXPECT_LT(readers.front()->read_all().size(), 10'000'000U);
}

}  // namespace
}  // namespace sfb::http
