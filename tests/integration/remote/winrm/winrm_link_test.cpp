// The seam for authentication: legs without a body, sealed bodies, and servers that never have
// enough.
#include "agent/remote/winrm/winrm_link.hpp"

#include "tests/integration/remote/winrm/winrm_rig.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <future>
#include <thread>

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

/// A proof that is good for one request.
class Once final : public auth::Scheme {
 public:
  Result<auth::Step> step(std::span<const std::string>) override {
    return auth::Step{.authorization = Secret("Test once"), .once = true};
  }
  Result<auth::Payload> seal(auth::Payload plain) override { return plain; }
  Result<auth::Payload> unseal(auth::Payload sealed, int) override { return sealed; }
  void tell_secrets(Redactor&) const override {}
  auth::Proof proof() const override { return {}; }
};

/// Waits for other machines in its first step, until it is let go.
class Blocking final : public auth::Scheme {
 public:
  bool blocks() const override { return true; }
  Result<auth::Step> step(std::span<const std::string>) override {
    const std::shared_future<void> end = released;
    stepping = true;
    end.wait_for(10s);
    stepping = false;
    thread = std::this_thread::get_id();
    return auth::Step{Secret(), true};
  }
  std::vector<std::pair<std::string, std::string>> progress() const override {
    return {{"spn", "HTTP/fe"}, {"kdcs", "10.0.0.1:88 tcp: no answer"}};
  }
  Result<auth::Payload> seal(auth::Payload plain) override { return plain; }
  Result<auth::Payload> unseal(auth::Payload sealed, int) override { return sealed; }
  void tell_secrets(Redactor&) const override {}
  auth::Proof proof() const override {
    raced = raced || stepping;
    return {.method = "ntlm",
            .mutual = false,
            .ticket_ends = WallTime(std::chrono::seconds(1'900'000'000)),
            .contexts = 1,
            .facts = {{"spn", "HTTP/fe"}, {"kerberos", "no KDC"}}};
  }

  static inline std::atomic<bool> stepping = false;
  static inline std::atomic<bool> raced = false;  ///< asked while a step ran
  static inline std::shared_future<void> released;
  static inline std::thread::id thread;
};

/// Each 401 is answered with a new context, or with more of the old one.
template <bool Begins>
class Anew final : public auth::Scheme {
 public:
  Result<auth::Step> step(std::span<const std::string>) override {
    return auth::Step{.authorization = Secret("Test " + std::to_string(++steps)),
                      .body = false,
                      .begins = steps == 1 || Begins};
  }
  Result<auth::Step> let_in(std::span<const std::string>) override { return auth::Step{}; }
  Result<auth::Payload> seal(auth::Payload plain) override { return plain; }
  Result<auth::Payload> unseal(auth::Payload sealed, int) override { return sealed; }
  void tell_secrets(Redactor&) const override {}
  auth::Proof proof() const override { return {}; }

  int steps = 0;
};

/// A proof for each request, and the server's in each answer.
class Each final : public auth::Scheme {
 public:
  Result<auth::Step> step(std::span<const std::string>) override { return unasked(); }
  bool each_request() const override { return true; }
  Result<auth::Step> unasked() override {
    return auth::Step{.authorization = Secret("Test " + std::to_string(++steps)), .once = true};
  }
  Status check_answer(std::span<const std::string> challenges, int) override {
    return challenges.empty() ? fail(Reason::protocol, "auth.no_proof", "no proof") : Status();
  }
  Result<auth::Payload> seal(auth::Payload plain) override { return plain; }
  Result<auth::Payload> unseal(auth::Payload sealed, int) override { return sealed; }
  void tell_secrets(Redactor&) const override {}
  auth::Proof proof() const override { return {}; }

  int steps = 0;
};

/// What `evaluate` would show.
class Facts final : public Observer {
 public:
  void stage(const StageTime&) override {}
  void fact(std::string_view name, std::string_view value) override {
    seen.push_back(std::string(name) + "=" + std::string(value));
  }
  bool wants_wire() const override { return false; }
  void wire(std::string_view, std::string_view) override {}

  std::vector<std::string> seen;
};

class WinrmLinkTest : public ::testing::Test {
 protected:
  WinrmLinkTest() {
    server_loop.call([&] {
      server = std::make_unique<http::Server>(
          server_loop.executor(), http::ServerOptions{},
          [this](std::shared_ptr<const http::Request> request)
              -> boost::asio::awaitable<http::Response> {
            const std::string_view proof = request->authorization.reveal();
            asked.push_back(std::string(proof.empty() ? "-" : proof) + "|" + request->body);
            co_return answer(asked.size());
          },
          Logger());
      EXPECT_TRUE(server->listen({*net::parse_listen_address("127.0.0.1:0")}));
    });
    rig.options.urls = {*parse_url("http://" + server->addresses().front() + "/wsman")};
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
    prepare<Scheme>();
    return post_again();
  }

  static WinrmLink::Posting posting() {
    return {.stage = Stage::query,
            .envelope = "<envelope/>",
            .patience = 5s,
            .cap = 5s,
            .deadline = net::mono_now() + 10s};
  }

  template <typename Scheme>
  void prepare() {
    rig.loop.call([&] {
      auto options = rig.options;
      options.budget = std::make_shared<ByteBudget>(1UL << 20U);
      options.services = std::make_shared<WinrmServices>(rig.loop.executor());
      const auto files = std::make_shared<net::WorkerPool>("secrets", 1, 8, 20ms);
      auto password = PasswordFile::create(rig.loop.executor(), files, options.services->secrets,
                                           options.logon.password_file, Logger());
      options.logon.make_scheme = [](const auth::Peer&) -> std::unique_ptr<auth::Scheme> {
        return std::make_unique<Scheme>();
      };
      endpoint = std::make_shared<WinrmEndpoint>(
          WinrmEndpoint{.executor = rig.loop.executor(),
                        .options = options,
                        .secret = std::move(password),
                        .files = files,
                        .logons = std::make_shared<net::WorkerPool>("logons", 1, 8, 20ms),
                        .tls = nullptr,
                        .redactor = {},
                        .facts = {.certificate_ends = {}, .ticket_ends = {}, .ntlm_logons = 0},
                        .clock = rig.clock,
                        .logger = Logger(),
                        .observer = facts});
      link = std::make_unique<WinrmLink>(endpoint);
    });
  }

  Result<http::HttpReply> post_again() {
    StageTimes times;
    return rig.loop.start(link->post(posting(), times)).get();
  }

  WinrmRig rig;
  net::Loop server_loop;
  std::unique_ptr<http::Server> server;
  std::vector<std::string> asked;  // server's loop, until the answer is there
  std::function<http::Response(std::size_t)> answer;
  std::shared_ptr<Facts> facts = std::make_shared<Facts>();
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

TEST_F(WinrmLinkTest, AProofThatIsGoodForOneRequestIsNotSentTwice) {
  answer = [](std::size_t) { return http::text_response(200, "answer"); };
  ASSERT_TRUE(post<Once>());
  ASSERT_TRUE(post_again());
  EXPECT_THAT(asked, ElementsAre("Test once|<envelope/>", "-|<envelope/>"));
}

TEST_F(WinrmLinkTest, AStepThatWaitsForOthersRunsBesideTheLoop) {
  std::promise<void> release;
  Blocking::released = release.get_future().share();
  release.set_value();
  answer = [](std::size_t) { return http::text_response(200, "answer"); };
  const auto reply = post<Blocking>();
  ASSERT_TRUE(reply) << describe(reply.error());
  std::thread::id loop;
  rig.loop.call([&] { loop = std::this_thread::get_id(); });
  EXPECT_NE(Blocking::thread, loop);
  EXPECT_THAT(facts->seen,
              ::testing::IsSupersetOf({"method=ntlm", "spn=HTTP/fe",
                                       "warning=NTLM was used instead of Kerberos: no KDC"}));
  EXPECT_EQ(endpoint->facts.ntlm_logons, 1U);
  EXPECT_EQ(endpoint->facts.ticket_ends, WallTime(std::chrono::seconds(1'900'000'000)));
}

TEST_F(WinrmLinkTest, AStepThatDoesNotEndCostsTheCapOfItsStage) {
  std::promise<void> release;
  Blocking::released = release.get_future().share();
  rig.options.auth_cap = 50ms;
  const auto reply = post<Blocking>();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "auth.timeout");
  EXPECT_EQ(reply.error().reason, Reason::timeout) << "no refusal: the account is not left alone";
  EXPECT_EQ(reply.error().stage, Stage::auth);
  EXPECT_TRUE(asked.empty()) << "nothing was sent";
  EXPECT_THAT(reply.error().message, ::testing::HasSubstr("10.0.0.1:88 tcp: no answer"));
  EXPECT_THAT(facts->seen, ::testing::IsSupersetOf({"spn=HTTP/fe"})) << "while the step runs on";
  EXPECT_FALSE(Blocking::raced);
  release.set_value();
}

TEST_F(WinrmLinkTest, AStepThatIsCutOffIsNotAskedWhileItRuns) {
  std::promise<void> release;
  Blocking::released = release.get_future().share();
  boost::asio::cancellation_signal cut;
  prepare<Blocking>();
  StageTimes times;
  std::promise<bool> ended;
  rig.loop.call([&] {
    boost::asio::co_spawn(
        rig.loop.executor(), link->post(posting(), times),
        boost::asio::bind_cancellation_slot(
            cut.slot(), [&](const std::exception_ptr& error, const Result<http::HttpReply>& reply) {
              ended.set_value(error != nullptr || !reply);
            }));
  });
  while (!Blocking::stepping) {
    std::this_thread::sleep_for(1ms);
  }
  rig.loop.call([&] { cut.emit(boost::asio::cancellation_type::terminal); });
  EXPECT_TRUE(ended.get_future().get());
  EXPECT_FALSE(Blocking::raced);
  release.set_value();
}

TEST_F(WinrmLinkTest, A401ThatClosesIsFollowedByANewConnection) {
  answer = [](std::size_t count) {
    http::Response response = http::text_response(count == 1 ? 401 : 200, "answer");
    response.close = count == 1;
    return response;
  };
  const auto reply = post<Anew<true>>();
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_THAT(asked, ElementsAre("Test 1|", "Test 2|", "-|<envelope/>"))
      << "the scheme is the same, so it knows what was retried";
}

TEST_F(WinrmLinkTest, AContextEndsWithItsConnection) {
  answer = [](std::size_t) {
    http::Response response = http::text_response(401, "");
    response.close = true;
    return response;
  };
  const auto reply = post<Anew<false>>();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "http.closed");
  EXPECT_EQ(reply.error().stage, Stage::auth) << "nothing was executed";
  EXPECT_THAT(asked, ElementsAre("Test 1|"));
}

TEST_F(WinrmLinkTest, AServerMayWantAProofWithEachRequest) {
  answer = [](std::size_t count) {
    http::Response response = http::text_response(200, "answer");
    if (count < 3) {
      response.headers.push_back({"WWW-Authenticate", "Test proof"});
    }
    return response;
  };
  ASSERT_TRUE(post<Each>());
  ASSERT_TRUE(post_again());
  EXPECT_THAT(asked, ElementsAre("Test 1|<envelope/>", "Test 2|<envelope/>"));
  EXPECT_EQ(post_again().error().code, "auth.no_proof");
}

}  // namespace
}  // namespace sfb::remote
