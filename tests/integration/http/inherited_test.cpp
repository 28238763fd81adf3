#include "agent/http/inherited.hpp"

#include "tests/integration/http/test_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace sfb::http {
namespace {

using testing::HasSubstr;

Descriptor listening_tcp() {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
  EXPECT_EQ(::listen(socket.get(), 8), 0);
  return socket;
}

std::vector<Descriptor> one(Descriptor socket) {
  std::vector<Descriptor> sockets;
  sockets.push_back(std::move(socket));
  return sockets;
}

// What a server that was given this socket says.
struct Given {
  std::string error;
  std::vector<std::string> addresses;
};
Given give(TestServer& server, Descriptor socket) {
  return server.loop.call([&] {
    const Status status = server.server->inherit(one(std::move(socket)));
    return Given{status ? "" : status.error().code + " " + status.error().message,
                 server.server->addresses()};
  });
}

TEST(Inherited, ASocketOfIpIsServed) {
  TestServer server;
  Descriptor socket = listening_tcp();
  const std::string address = socket_address(socket);
  EXPECT_THAT(address, HasSubstr("127.0.0.1:"));
  const Given given = give(server, std::move(socket));
  ASSERT_EQ(given.error, "");
  ASSERT_EQ(given.addresses.size(), 2U) << "beside its own";
  EXPECT_EQ(given.addresses[1], address);
  RawClient client(given.addresses[1]);
  client.send(get_request("/"));
  const RawAnswer answer = client.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body,
              HasSubstr("peer=127.0.0.1 loopback=true unix=false local=" + given.addresses[1]));
}

TEST(Inherited, AUnixSocketIsServedAndItsFileStays) {
  const std::string path = testing::TempDir() + "/sfb-inherited.sock";
  ::unlink(path.c_str());
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::ranges::copy(path, name.sun_path);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
  ASSERT_EQ(::listen(socket.get(), 8), 0);
  {
    TestServer server;
    const Given given = give(server, std::move(socket));
    ASSERT_EQ(given.error, "");
    EXPECT_EQ(given.addresses[1], "unix:" + path);
    RawClient client("unix:" + path);
    client.send(get_request("/"));
    EXPECT_THAT(client.read().body, HasSubstr("loopback=true unix=true local=unix:" + path));
  }
  EXPECT_EQ(::access(path.c_str(), F_OK), 0) << "whoever made it removes it";
  ::unlink(path.c_str());
}

TEST(Inherited, ASocketHasAnAddressAlsoWithoutAFile) {
  const Descriptor six(::socket(AF_INET6, SOCK_STREAM, 0));
  if (six.get() >= 0) {
    EXPECT_EQ(socket_address(six), "[::]:0");
  }
  EXPECT_EQ(socket_address(Descriptor(::socket(AF_UNIX, SOCK_STREAM, 0))), "unix:");
  EXPECT_EQ(socket_address(Descriptor(::socket(AF_NETLINK, SOCK_RAW, 0))), "");
  EXPECT_EQ(socket_address(Descriptor(::open("/dev/null", O_RDONLY))), "");
}

TEST(Inherited, WhatDoesNotListenIsRefused) {
  TestServer server;
  Descriptor bound(::socket(AF_INET, SOCK_STREAM, 0));
  Descriptor datagrams(::socket(AF_INET, SOCK_DGRAM, 0));
  Descriptor file(::open("/dev/null", O_RDONLY));
  for (Descriptor* each : {&bound, &datagrams, &file}) {
    const Given given = give(server, std::move(*each));
    EXPECT_THAT(given.error, HasSubstr("listen.systemd descriptor"));
    EXPECT_THAT(given.error, HasSubstr("is no stream socket that listens"));
  }
}

std::string refusal_of(const std::string& pid, const char* count) {
  ::setenv("LISTEN_PID", pid.c_str(), 1);
  ::unsetenv("LISTEN_FDS");
  if (count != nullptr) {
    ::setenv("LISTEN_FDS", count, 1);
  }
  const auto sockets = inherited_sockets();
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr) << "programs that we start must not see it";
  EXPECT_EQ(std::getenv("LISTEN_PID"), nullptr);
  return sockets ? "taken" : sockets.error().code + " " + sockets.error().message;
}

TEST(Inherited, TheVariablesMustTellOfThisProcess) {
  const std::string me = std::to_string(::getpid());
  const std::string none = "listen.systemd no socket was handed over ($LISTEN_FDS, $LISTEN_PID)";
  EXPECT_EQ(refusal_of(me, nullptr), none);
  EXPECT_EQ(refusal_of(me, "0"), none);
  EXPECT_EQ(refusal_of(me, "-1"), none);
  EXPECT_EQ(refusal_of(me, "1x"), none);
  EXPECT_EQ(refusal_of(me, "99999999999"), none);
  EXPECT_EQ(refusal_of("1", "1"), none) << "for another process";
  EXPECT_EQ(refusal_of(me, "65"), "listen.systemd more than 64 sockets were handed over");
}

}  // namespace
}  // namespace sfb::http
