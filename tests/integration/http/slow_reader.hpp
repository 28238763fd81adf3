// Clients of a server that has no place or no memory left.
#pragma once

#include "tests/integration/http/test_server.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sfb::http {

inline ServerOptions limited(std::size_t connections) {
  ServerOptions options;
  options.max_connections = connections;
  return options;
}

/// One request on a connection of its own.
inline int status_of(const std::string& where, const std::string& path = "/") {
  RawClient client(where);
  client.send(get_request(path));
  return client.read().status;
}

/// Asks for the large body and reads none of it.
inline std::unique_ptr<RawClient> stuck_reader(TestServer& server,
                                               const std::string& path = "/big") {
  const int before = server.state->started;
  auto client = std::make_unique<RawClient>(server.where, 4096);
  client->send(get_request(path));
  EXPECT_TRUE(net::eventually([&] { return server.state->started == before + 1; }));
  server.loop.call([] {});  // the write has begun
  return client;
}

inline bool was_cut(RawClient& reader) {
  return reader.read_all().size() < (10U << 20U);
}

}  // namespace sfb::http
