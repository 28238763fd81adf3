// The command line's client against our own server and against peers that misbehave.
#include "agent/http/client.hpp"

#include "tests/integration/http/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace sfb::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// Takes one connection, reads what is there, sends `answer`, waits `stay`, closes.
class OnePeer {
 public:
  explicit OnePeer(std::string answer, std::chrono::milliseconds stay = 0ms)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&name);
    socklen_t size = sizeof(name);
    ::bind(fd_, generic, size);
    ::listen(fd_, 1);
    ::getsockname(fd_, generic, &size);
    port = ntohs(name.sin_port);
    thread_ = std::thread([this, answer = std::move(answer), stay] {
      const int client = ::accept(fd_, nullptr, nullptr);
      char bytes[4096];
      static_cast<void>(::recv(client, bytes, sizeof(bytes), 0));
      static_cast<void>(::send(client, answer.data(), answer.size(), MSG_NOSIGNAL));
      std::this_thread::sleep_for(stay);
      ::close(client);
    });
  }
  ~OnePeer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  OnePeer(const OnePeer&) = delete;
  OnePeer& operator=(const OnePeer&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port); }
  std::uint16_t port = 0;

 private:
  int fd_;
  std::thread thread_;
};

Result<Response> ask(net::Loop& loop, const std::string& where, const std::string& target = "/",
                     std::chrono::milliseconds time = 20s, std::size_t max_bytes = 1U << 24U,
                     std::vector<Header> headers = {}) {
  return loop
      .start(get(parse_client_target(where).value(), target, std::move(headers),
                 net::mono_now() + time, max_bytes))
      .get();
}

TEST(Client, GetsAnAnswerOverTcp) {
  TestServer server;
  const auto answer = ask(server.loop, "http://" + server.where + "/base", "/x?y=z");
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(answer->status, 200);
  EXPECT_THAT(*answer->body, HasSubstr("GET /base/x?y=z "));
  ASSERT_NE(answer->header("content-type"), nullptr);
  EXPECT_EQ(*answer->header("content-type"), "text/plain; charset=utf-8");
}

TEST(Client, GetsAnAnswerByName) {
  TestServer server({}, "localhost:0");
  const auto port = server.where.substr(server.where.rfind(':'));
  net::WorkerPool pool("resolve", 1, 1);
  auto answer = server.loop
                    .start(get(parse_client_target("localhost" + port).value(), "/", {},
                               net::mono_now() + 20s, 1000, &pool))
                    .get();
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(answer->status, 200);
  EXPECT_TRUE(ask(server.loop, "localhost" + port)) << "and without a pool";
}

TEST(Client, GetsAnAnswerOverAUnixSocket) {
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("sfb-client-{}", ::getpid())).string();
  TestServer server({}, "unix:" + path);
  ASSERT_EQ(server.error, "");
  const auto answer = ask(server.loop, "unix:" + path);
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_THAT(*answer->body, HasSubstr("unix=true"));
}

TEST(Client, GetsALargeBodyAndHasALimit) {
  TestServer server;
  const auto answer = ask(server.loop, server.where, "/big");
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_TRUE(*answer->body == *server.state->big);
  const auto cut = ask(server.loop, server.where, "/big", 20s, 1000);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, "client.too_large");
  EXPECT_EQ(cut.error().reason, Reason::protocol);
}

TEST(Client, GivesStatusesAsTheyAre) {
  TestServer server;
  const auto answer = ask(server.loop, server.where, "/throw");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500);
}

TEST(Client, ReadsChunksAndBodiesThatEndWithTheConnection) {
  net::Loop loop;
  const OnePeer chunked(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
  EXPECT_EQ(*ask(loop, chunked.address()).value().body, "ab");
  const OnePeer plain("HTTP/1.0 404 Nope\r\n\r\nabc");
  const auto answer = ask(loop, plain.address());
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(*answer->body, "abc");
}

TEST(Client, NobodyListensOverTcp) {
  net::Loop loop;
  std::string where;
  {
    const TestServer server;
    where = server.where;
  }
  const auto answer = ask(loop, where);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::connect);
  EXPECT_EQ(answer.error().code, "client.refused");
  EXPECT_EQ(answer.error().stage, Stage::connect);
  EXPECT_EQ(describe(answer.error()),
            "http://" + where +
                ": connection refused (check that the agent is running, or set "
                "SFB_BACKUP_EXPORTER_URL)");
}

TEST(Client, ThereIsNoSocket) {
  net::Loop loop;
  const auto answer = ask(loop, "unix:/nonexistent/x.sock");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "client.no_socket");
  EXPECT_THAT(describe(answer.error()),
              HasSubstr("unix:/nonexistent/x.sock: there is no such socket"));
}

TEST(Client, TheNameDoesNotExist) {
  net::Loop loop;
  const auto answer = ask(loop, "no-such-host.invalid:1");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::dns);
  EXPECT_EQ(answer.error().code, "client.resolve");
  EXPECT_EQ(answer.error().stage, Stage::resolve);
  EXPECT_THAT(answer.error().message, HasSubstr("no-such-host.invalid"));
}

TEST(Client, TheServerIsSilent) {
  TestServer server;
  const auto answer = ask(server.loop, server.where, "/hang", 200ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().reason, Reason::timeout);
  EXPECT_EQ(answer.error().code, "client.timeout");
  EXPECT_EQ(answer.error().stage, Stage::query);
  EXPECT_THAT(answer.error().message, HasSubstr("the answer did not come in time"));
}

TEST(Client, ThePeerClosesEarlyOrSpeaksAnotherTongue) {
  struct Case {
    std::string answer;
    std::string_view code;
  };
  net::Loop loop;
  for (const Case& c :
       {Case{"", "client.closed"}, Case{"HTTP/1.1 200 OK\r\n", "client.closed"},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "client.closed"},
        Case{"SSH-2.0-OpenSSH_9.2\r\n", "client.protocol"},
        Case{"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'), "client.protocol"},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nabc", "client.too_large"},
        Case{"\x15\x03\x03 no http, no http", "client.protocol"}}) {
    const OnePeer peer(c.answer);
    const auto answer = ask(loop, peer.address());
    ASSERT_FALSE(answer) << c.answer;
    EXPECT_EQ(answer.error().code, c.code) << c.answer << ": " << describe(answer.error());
    EXPECT_EQ(answer.error().reason, Reason::protocol) << c.answer;
    EXPECT_EQ(answer.error().stage, Stage::query) << c.answer;
    EXPECT_THAT(describe(answer.error()), Not(HasSubstr("limits."))) << "an endpoint's affair";
  }
}

TEST(Client, CannotBeMadeToSendAnotherRequest) {
  TestServer server;
  for (const std::string target : {"/a b", "/a\r\nX: y", "a", ""}) {
    EXPECT_EQ(ask(server.loop, server.where, target).error().code, "client.request") << target;
  }
  EXPECT_EQ(ask(server.loop, server.where, "/", 20s, 100, {{"X", "a\r\nY: b"}}).error().code,
            "client.request");
  EXPECT_EQ(server.state->started, 0);
}

}  // namespace
}  // namespace sfb::http
