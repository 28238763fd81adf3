// Listening addresses: what is bound, and what is said when it cannot be.
#include "tests/integration/http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sfb::http {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::MatchesRegex;

// A folder of its own, removed at the end.
class ListenTest : public testing::Test {
 protected:
  ListenTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sfb-listen-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ListenTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/agent.sock"; }
  std::string address() const { return "unix:" + path(); }

  std::string folder_;
};

TEST_F(ListenTest, TellsTheRealPort) {
  TestServer server;
  EXPECT_THAT(server.where, MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]+"));
}

TEST_F(ListenTest, SeveralAddressesServeTogether) {
  TestServer server;
  const auto all = server.loop.call([&] {
    EXPECT_TRUE(server.server->listen({*net::parse_listen_address("localhost:0")}));
    EXPECT_TRUE(server.server->listen({*net::parse_listen_address(address())}));
    EXPECT_TRUE(server.server->listen({*net::parse_listen_address("[::ffff:127.0.0.1]:0")}))
        << "an address of IPv4, written as one of IPv6";
    return server.server->addresses();
  });
  ASSERT_EQ(all.size(), 4U);
  for (const std::string& where : all) {
    RawClient client(where);
    client.send(get_request("/"));
    EXPECT_EQ(client.read().status, 200) << where;
  }
}

/// `:PORT` with a port that is free in both families.
std::string free_address() {
  const TestServer server({}, ":0");
  return server.where.substr(server.where.rfind(':'));
}

/// What a server binds for these, and what it says of them when it cannot.
std::vector<std::string> bound(const std::vector<std::string>& addresses) {
  boost::asio::io_context io{1};
  Server server(io.get_executor(), {}, nullptr, Logger());
  std::vector<net::ListenAddress> wanted;
  for (const std::string& address : addresses) {
    wanted.push_back(*net::parse_listen_address(address));
  }
  const Status listening = server.listen(wanted);
  return listening ? server.addresses() : std::vector<std::string>{describe(listening.error())};
}

TEST_F(ListenTest, TheSameAddressTwiceIsServedOnce) {
  const std::string port = free_address();
  const std::string v4 = "127.0.0.1" + port;
  EXPECT_THAT(bound({v4, v4}), ElementsAre(v4));
  EXPECT_THAT(bound({"localhost" + port, v4}), ElementsAre(v4));
  EXPECT_THAT(bound({"[::1]" + port, "[0:0::1]" + port}), ElementsAre("[::1]" + port));
  EXPECT_THAT(bound({port, "[::]" + port, port}), ElementsAre("[::]" + port));
  EXPECT_THAT(bound({address(), "unix:" + folder_ + "/./agent.sock"}), ElementsAre(address()));
  EXPECT_THAT(bound({v4, "[::1]" + port}), ElementsAre(v4, "[::1]" + port));
  EXPECT_EQ(bound({"127.0.0.1:0", "127.0.0.1:0"}).size(), 2U) << "two ports";
}

TEST_F(ListenTest, AnAddressOfAWildcardIsServedByIt) {
  const std::string port = free_address();
  EXPECT_THAT(bound({"127.0.0.1" + port, "0.0.0.0" + port}), ElementsAre("0.0.0.0" + port));
  EXPECT_THAT(bound({"[::]" + port, "[::1]" + port}), ElementsAre("[::]" + port));
  EXPECT_THAT(bound({"[::]" + port, "127.0.0.1" + port}), ElementsAre("[::]" + port));
}

TEST_F(ListenTest, BothWildcardsStandBesideEachOther) {
  const std::string port = free_address();
  for (const std::string& v6 : {"[::]" + port, port}) {
    EXPECT_THAT(bound({"0.0.0.0" + port, v6}), ElementsAre("0.0.0.0" + port, "[::]" + port));
    EXPECT_THAT(bound({v6, "0.0.0.0" + port}), ElementsAre("[::]" + port, "0.0.0.0" + port));
    EXPECT_THAT(bound({v6, "0.0.0.0" + port, "127.0.0.1" + port, "[::1]" + port}),
                ElementsAre("[::]" + port, "0.0.0.0" + port));
  }
}

TEST_F(ListenTest, APortInUseIsNamedWithTheRemedy) {
  TestServer first;
  TestServer second({}, first.where);
  EXPECT_EQ(second.error, first.where +
                              ": address already in use (stop the other program or choose another "
                              "--web.listen-address)");
}

TEST_F(ListenTest, AnAddressOfAnotherMachineIsRefused) {
  TestServer server({}, "192.0.2.1:0");
  EXPECT_EQ(server.error,
            "192.0.2.1:0: this machine has no such address (choose another "
            "--web.listen-address)");
}

TEST_F(ListenTest, AUnixSocketIsForOwnerAndGroup) {
  TestServer server({}, address());
  ASSERT_EQ(server.error, "");
  EXPECT_EQ(server.where, address());
  struct stat info{};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_TRUE(S_ISSOCK(info.st_mode));
  EXPECT_EQ(info.st_mode & 0777U, 0660U);
  RawClient client(server.where);
  client.send(get_request("/"));
  EXPECT_THAT(client.read().body,
              EndsWith("peer=unix loopback=true unix=true local=" + address() + "\n"));
  server.loop.call([&] { server.server->stop_accepting(); });
  EXPECT_FALSE(std::filesystem::exists(path()));
  client.send(get_request("/still"));
  EXPECT_EQ(client.read().status, 200) << "connections outlive the listener";
}

TEST_F(ListenTest, ASocketNobodyListensOnIsReplaced) {
  {
    // What a killed process leaves behind.
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    boost::asio::io_context io;
    TestServer server({}, address());
    ASSERT_EQ(server.error, "");
    std::filesystem::rename(path(), path() + ".kept");
    ::close(fd);
  }
  std::filesystem::rename(path() + ".kept", path());
  TestServer server({}, address());
  EXPECT_EQ(server.error, "");
  RawClient client(address());
  client.send(get_request("/"));
  EXPECT_EQ(client.read().status, 200);
}

TEST_F(ListenTest, ASocketInUseIsLeftAlone) {
  TestServer first({}, address());
  {
    TestServer second({}, address());
    EXPECT_EQ(second.error, address() +
                                ": address already in use (stop the other program or choose "
                                "another --web.listen-address)");
  }
  RawClient client(address());
  client.send(get_request("/"));
  EXPECT_EQ(client.read().status, 200);
}

TEST_F(ListenTest, AnotherFileInTheWayIsLeftAlone) {
  std::ofstream(path()) << "precious";
  {
    TestServer server({}, address());
    EXPECT_EQ(server.error, address() +
                                ": a file that is no socket is in the way (remove it or choose "
                                "another --web.listen-address)");
  }
  EXPECT_EQ(std::filesystem::file_size(path()), 8U);
}

TEST_F(ListenTest, TheFileOfASuccessorIsNotRemoved) {
  TestServer first({}, address());
  std::filesystem::remove(path());
  TestServer second({}, address());
  ASSERT_EQ(second.error, "");
  first.loop.call([&] { first.server->stop_accepting(); });
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(ListenTest, PathsThatCannotBeAreRefused) {
  TestServer missing({}, "unix:" + folder_ + "/none/x.sock");
  EXPECT_THAT(missing.error, testing::HasSubstr("/none/x.sock: No such file or directory"));
  TestServer too_long({}, "unix:/" + std::string(120, 'x'));
  EXPECT_THAT(too_long.error, testing::HasSubstr("the path is longer than 107 bytes"));
}

}  // namespace
}  // namespace sfb::http
