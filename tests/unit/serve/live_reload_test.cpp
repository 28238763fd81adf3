#include "agent/serve/live_reload.hpp"

#include "tests/unit/serve/service_rig.hpp"

#include <gmock/gmock.h>

#include <string>

namespace sfb::serve {
namespace {

using testing::body_of;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;

class ReloadDoor : public testing::ServiceTest {
 protected:
  access::BasicUsers door_users_{io_.get_executor(), logins_};
  Service door_{{engine_,
                 engine_,
                 self_,
                 cpu_,
                 cpu_,
                 door_users_,
                 clock_,
                 Logger(sink_, LogLevel::info, "http"),
                 "0.1.0",
                 io_.get_executor(),
                 {},
                 std::chrono::milliseconds(1),
                 std::string(kMetricsPath),
                 [this]() -> testing::asio::awaitable<Reloaded> {
                   ++reloads_;
                   co_return outcome_;
                 }},
                testing::service_options()};

  http::Response post(Service& service, http::Request request) {
    request.method = "POST";
    std::optional<http::Response> answer;
    testing::asio::co_spawn(
        io_, service.handle(std::make_shared<const http::Request>(std::move(request))),
        [&](const std::exception_ptr& failure, http::Response response) {
          ASSERT_FALSE(failure);
          answer = std::move(response);
        });
    io_.restart();
    io_.run();
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(http::Response{});
  }
  http::Response post(http::Request request) { return post(door_, std::move(request)); }

  Reloaded outcome_ = {200, {"configuration reloaded: 2 pools, hash 0", "warning: doubt"}};
  int reloads_ = 0;
};

TEST_F(ReloadDoor, TellsHowTheReloadEnded) {
  const http::Response taken = post(get("/-/reload", "", {{"X-Request-Id", "night-1"}}));
  EXPECT_EQ(taken.status, 200);
  EXPECT_EQ(header_of(taken, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(body_of(taken), "configuration reloaded: 2 pools, hash 0\nwarning: doubt\n");
  outcome_ = {500, {"a.yml:1:1: pools: is missing", "a.yml:2:1: foo: is unknown"}};
  const http::Response refused = post(get("/-/reload", ""));
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(body_of(refused), "a.yml:1:1: pools: is missing\na.yml:2:1: foo: is unknown\n");
  EXPECT_EQ(reloads_, 2);
  EXPECT_THAT(metrics(), HasSubstr(counted("/-/reload", 200) + "1\n"));
  ASSERT_FALSE(sink_->lines.empty());
  EXPECT_EQ(sink_->lines[0], "reload asked for over HTTP peer=127.0.0.1 request_id=night-1");
}

TEST_F(ReloadDoor, IsNoPageToLookAt) {
  for (const char* method : {"GET", "HEAD", "DELETE", "OPTIONS"}) {
    http::Request request = get("/-/reload", "");
    request.method = method;
    const http::Response refused = ask(request);
    EXPECT_EQ(refused.status, 405) << method;
    EXPECT_EQ(header_of(refused, "Allow"), "POST, PUT") << method;
  }
  EXPECT_EQ(reloads_, 0);
}

TEST_F(ReloadDoor, WithoutTheFlagNamesIt) {
  const http::Response refused = post(service_, get("/-/reload", ""));
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(body_of(refused), HasSubstr("--web.enable-lifecycle"));
}

TEST_F(ReloadDoor, OnlyCallersWhoMayAsk) {
  http::Request far = get("/-/reload", "");
  far.peer = {false, "192.0.2.7", false};
  EXPECT_EQ(post(far).status, 403);
  EXPECT_EQ(post(get("/-/reload", "", {{"Via", "1.1 proxy"}})).status, 403);
  EXPECT_EQ(post(get("/-/reload", "", {{"Sec-Fetch-Site", "cross-site"}})).status, 403);
  EXPECT_EQ(post(get("/-/reload", "", {{"Origin", "http://evil.example.net"}})).status, 403);
  EXPECT_EQ(reloads_, 0);
}

}  // namespace
}  // namespace sfb::serve
