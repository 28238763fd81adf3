// The command against a server on a thread of its own, and against nobody.
#include "agent/client/client.hpp"
#include "agent/http/server.hpp"
#include "tests/integration/net/loop.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace sfb::client {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

boost::asio::awaitable<http::Response> answer(std::shared_ptr<const http::Request> request,
                                              http::Response response) {
  if (response.body == nullptr) {
    response.body = std::make_shared<const std::string>(fmt::format(
        "{} {}?{} agent={}\n", request->method, request->path, request->query,
        request->header("User-Agent") == nullptr ? "" : *request->header("User-Agent")));
  }
  co_return response;
}

// Answers every request alike; a null body becomes a description of the request.
class Agent {
 public:
  explicit Agent(http::Response response, const std::string& address = "127.0.0.1:0") {
    loop_.call([&] {
      server_ = std::make_unique<http::Server>(
          loop_.executor(), http::ServerOptions(),
          [response](std::shared_ptr<const http::Request> request) {
            return answer(std::move(request), response);
          },
          Logger());
      const Status listening = server_->listen({*net::parse_listen_address(address)});
      where = listening ? server_->addresses().front() : describe(listening.error());
    });
  }
  ~Agent() {
    loop_.call([&] { server_.reset(); });
  }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  std::string where;

 private:
  net::Loop loop_;
  std::unique_ptr<http::Server> server_;
};

http::Response good() {
  http::Response response;
  response.headers = {{"X-Outcome", "good"}};
  return response;
}

Printout ask(const std::string& url, std::chrono::seconds timeout = 20s) {
  RunOptions options;
  options.access.url = url;
  options.width = 80;
  options.timeout = timeout;
  return run(collectors::pool_status().cmdlet(), {"-Pool", "ATL.example.com", "-c", "cms"},
             options);
}

TEST(Run, AsksOverHttpAndOverAUnixSocket) {
  constexpr std::string_view kAsked =
      "GET /api/v1/Get-CsBackupServiceStatus?Pool=ATL.example.com&c=cms&as=text&width=80"
      " agent=Get-CsBackupServiceStatus\n";
  const Agent tcp(good());
  for (const std::string& url : {"http://" + tcp.where, tcp.where}) {
    const Printout shown = ask(url);
    EXPECT_EQ(shown.out, kAsked) << url;
    EXPECT_EQ(shown.err, "") << url;
    EXPECT_EQ(shown.exit_code, 0) << url;
  }
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("sfb-run-{}", ::getpid())).string();
  const Agent unix_socket(good(), "unix:" + path);
  ASSERT_EQ(unix_socket.where, "unix:" + path);
  EXPECT_EQ(ask("unix:" + path).out, kAsked);
}

TEST(Run, AFailedEvaluationIsPrintedOnStderr) {
  http::Response failed = http::text_response(502, "Get-CsBackupServiceStatus : no such pool");
  failed.headers.push_back({"X-Outcome", "failed"});
  const Agent agent(failed);
  const Printout shown = ask(agent.where);
  EXPECT_EQ(shown.out, "");
  EXPECT_EQ(shown.err, "Get-CsBackupServiceStatus : no such pool\n");
  EXPECT_EQ(shown.exit_code, 1);
}

TEST(Run, NobodyListens) {
  std::string where;
  {
    const Agent agent(good());
    where = agent.where;
  }
  const Printout shown = ask("http://" + where);
  EXPECT_EQ(shown.out, "");
  EXPECT_THAT(shown.err, AllOf(testing::StartsWith("Get-CsBackupServiceStatus : http://" + where),
                               HasSubstr("connection refused"), HasSubstr("agent is running"),
                               HasSubstr("SFB_BACKUP_EXPORTER_URL")));
  EXPECT_EQ(shown.exit_code, 1);
  const Printout no_socket = ask("unix:/nonexistent/agent.sock");
  EXPECT_THAT(no_socket.err, HasSubstr("unix:/nonexistent/agent.sock: there is no such socket"));
  EXPECT_EQ(no_socket.exit_code, 1);
}

}  // namespace
}  // namespace sfb::client
