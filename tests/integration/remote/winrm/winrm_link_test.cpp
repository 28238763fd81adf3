// The seam for authentication: legs without a body, sealed bodies, and servers that never have
// enough.
#include "agent/remote/winrm/winrm_link.hpp"

#include "tests/integration/remote/winrm/winrm_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

/// As a negotiation is: two legs without a body, then the real one, which is sealed.
class TwoLegs final : public auth::Scheme {
 public:
  Result<auth::Step> step(std::span<const std::string> challenges) override {
    heard.emplace_back(challenges.empty() ? "nothing" : challenges.front());
    switch (++steps) {
      case 1:
        return auth::Step{Secret("Test one"), false};
      case 2:
        return auth::Step{Secret("Test two"), false};
      case 3:
        return auth::Step{Secret(), true};
      default:
        return fail(Reason::auth, "auth.refused", "no more legs");
    }
  }
  Result<auth::Payload> seal(auth::Payload plain) override {
    return auth::Payload{"multipart/encrypted", "sealed " + plain.body};
  }
  Result<auth::Payload> unseal(auth::Payload sealed, int) override {
    return auth::Payload{"application/soap+xml", "unsealed " + sealed.body};
  }
  void tell_secrets(Redactor&) const override {}
  auth::Proof proof() const override { return {}; }

  static inline std::vector<std::string> heard;
  int steps = 0;
};

/// Never ends.
class Endless final : public auth::Scheme {
 public:
  Result<auth::Step> step(std::span<const std::string>) override {
    return auth::Step{Secret("Test again"), false};
  }
  Result<auth::Payload> seal(auth::Payload plain) override { return plain; }
  Result<auth::Payload> unseal(auth::Payload sealed, int) override { return sealed; }
  void tell_secrets(Redactor&) const override {}
  auth::Proof proof() const override { return {}; }
};

class WinrmLinkTest : public ::testing::Test {
 protected:
  WinrmLinkTest() {
    server_loop.call([&] {
      server = std::make_unique<http::Server>(
          server_loop.executor(), http::ServerOptions{},
          [this](std::shared_ptr<const http::Request> request)
              -> boost::asio::awaitable<http::Response> {
            const std::string* proof = request->header("Authorization");
            asked.push_back((proof == nullptr ? "-" : *proof) + "|" + request->body);
            co_return answer(asked.size());
          },
          Logger());
      EXPECT_TRUE(server->listen(*net::parse_listen_address("127.0.0.1:0")));
    });
    rig.options.url = *parse_url("http://" + server->addresses().front() + "/wsman");
    TwoLegs::heard.clear();
  }
  ~WinrmLinkTest() override {
    rig.loop.call([&] {
      link.reset();
      endpoint.reset();
    });
    server_loop.call([&] {
      server->close_all();
      server.reset();
    });
  }

  template <typename Scheme>
  Result<http::HttpReply> post() {
    rig.loop.call([&] {
      auto options = rig.options;
      options.budget = std::make_shared<ByteBudget>(1UL << 20U);
      options.services = std::make_shared<WinrmServices>(rig.loop.executor());
      const auto files = std::make_shared<net::WorkerPool>("secrets", 1, 8, 20ms);
      auto password = PasswordFile::create(rig.loop.executor(), files, options.services->secrets,
                                           options.credentials.password_file, Logger());
      endpoint = std::make_shared<WinrmEndpoint>(
          WinrmEndpoint{.executor = rig.loop.executor(),
                        .options = options,
                        .password = std::move(password),
                        .files = files,
                        .make_scheme = [](const auth::Peer&) -> std::unique_ptr<auth::Scheme> {
                          return std::make_unique<Scheme>();
                        },
                        .tls = nullptr,
                        .redactor = {},
                        .clock = rig.clock,
                        .logger = Logger(),
                        .observer = nullptr});
      link = std::make_unique<WinrmLink>(endpoint);
    });
    StageTimes times;
    return rig.loop
        .start(link->post({.stage = Stage::query,
                           .envelope = "<envelope/>",
                           .patience = 5s,
                           .cap = 5s,
                           .deadline = net::mono_now() + 10s},
                          times))
        .get();
  }

  WinrmRig rig;
  net::Loop server_loop;
  std::unique_ptr<http::Server> server;
  std::vector<std::string> asked;  // server's loop, until the answer is there
  std::function<http::Response(std::size_t)> answer;
  std::shared_ptr<WinrmEndpoint> endpoint;
  std::unique_ptr<WinrmLink> link;
};

TEST_F(WinrmLinkTest, TheBodyGoesWithTheLastLegAndIsSealed) {
  answer = [](std::size_t count) {
    http::Response response =
        http::text_response(count == 1 ? 401 : 200, count < 3 ? "" : "answer");
    response.headers.push_back({"WWW-Authenticate", "Test token" + std::to_string(count)});
    return response;
  };
  const auto reply = post<TwoLegs>();
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_THAT(asked, ElementsAre("Test one|", "Test two|", "-|sealed <envelope/>"));
  EXPECT_THAT(TwoLegs::heard, ElementsAre("nothing", "Test token1", "Test token2"))
      << "the last token comes with the 200";
  EXPECT_EQ(reply->body, "unsealed answer\n");
  EXPECT_EQ(*reply->header("Content-Type"), "application/soap+xml");
}

TEST_F(WinrmLinkTest, AnErrorInTheMiddleOfItIsNoAnswer) {
  answer = [](std::size_t) { return http::text_response(404, "no such page"); };
  const auto reply = post<TwoLegs>();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "http.status");
  EXPECT_EQ(reply.error().stage, Stage::auth) << "nothing was executed";
}

TEST_F(WinrmLinkTest, LegsWithoutEndAreEnded) {
  answer = [](std::size_t) { return http::text_response(401, ""); };
  const auto reply = post<Endless>();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "auth.refused");
  EXPECT_EQ(asked.size(), 8U);
}

}  // namespace
}  // namespace sfb::remote
