#include "agent/serve/live_service.hpp"

#include "agent/serve/routes.hpp"
#include "tests/unit/serve/parts.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using testing::body_of;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using testing::kMade;
using testing::kPool;
using testing::kQuery;
using ::testing::MatchesRegex;
using testing::service_options;
using testing::ServiceTest;

TEST_F(ServiceTest, EveryRouteAnswersGetAndRefusesTheRest) {
  for (const Route& route : routes()) {
    const std::string path = testing::path_of(route);
    const bool needs_pool = route.door == Door::query || route.door == Door::history;
    const bool names_pool = route.door == Door::history || collectors::asks_pool(cmdlet_of(path));
    if (!allows(route, "GET")) {
      EXPECT_EQ(ask(get(path, "")).status, 405) << path;
      continue;  // live_reload_test.cpp
    }
    http::Request request =
        get(path, needs_pool ? std::string(names_pool ? "PoolFqdn=" : "via=") + kPool : "");
    if (route.door == Door::probe) {
      request.query = std::string("target=") + kPool;
    }
    EXPECT_EQ(ask(request).status, 200) << path;
    request.method = "HEAD";
    EXPECT_EQ(ask(request).status, 200) << path;
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
      request.method = method;
      const http::Response refused = ask(request);
      EXPECT_EQ(refused.status, 405) << method << ' ' << path;
      EXPECT_EQ(header_of(refused, "Allow"), "GET, HEAD") << path;
    }
  }
  EXPECT_EQ(ask(get("/nowhere", "")).status, 404);
  EXPECT_EQ(ask(get("/metrics/", "")).status, 404);
}

TEST_F(ServiceTest, MetricsAreNegotiated) {
  const http::Response plain = ask(get("/metrics", ""));
  EXPECT_EQ(header_of(plain, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(header_of(plain, "Vary"), "Accept, Accept-Encoding");
  EXPECT_EQ(header_of(plain, "Content-Encoding"), "");
  EXPECT_THAT(body_of(plain), HasSubstr("sfb_backup_up{"));
  const http::Response open = ask(
      get("/metrics", "",
          {{"Accept", "application/openmetrics-text;version=1.0.0"}, {"Accept-Encoding", "gzip"}}));
  EXPECT_THAT(header_of(open, "Content-Type"), HasSubstr("application/openmetrics-text"));
  EXPECT_EQ(header_of(open, "Content-Encoding"), "gzip");
  EXPECT_EQ(body_of(open).substr(0, 2), "\x1F\x8B");
  EXPECT_TRUE(engine_.questions.empty()) << "a scrape never causes an evaluation";
}

TEST_F(ServiceTest, ALargePageComesInParts) {
  const std::string small = body_of(ask(get("/metrics", "")));
  engine_.current = std::make_shared<const status::Snapshot>(many_pools(2001));
  const http::Response whole = ask(get("/metrics", ""));
  ASSERT_NE(whole.parts, nullptr);
  EXPECT_EQ(whole.body, nullptr);
  EXPECT_EQ(header_of(whole, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(header_of(whole, "Content-Encoding"), "");
  const std::string text = testing::all_of(*whole.parts);
  EXPECT_EQ(text.substr(0, 200), small.substr(0, 200));
  EXPECT_THAT(text, HasSubstr("\nprocess_"));
  const http::Response packed = ask(get("/metrics", "", {{"Accept-Encoding", "gzip"}}));
  ASSERT_NE(packed.parts, nullptr);
  EXPECT_EQ(header_of(packed, "Content-Encoding"), "gzip");
  EXPECT_LT(testing::all_of(*packed.parts).size(), text.size() / 10);
}

TEST_F(ServiceTest, TheQueryAsksTheEngine) {
  const http::Response response =
      query("&Category=cms&Force&max_age=30", {{"X-Request-Id", "night-1"}});
  EXPECT_EQ(response.status, 200) << body_of(response);
  ASSERT_EQ(engine_.questions.size(), 1U);
  EXPECT_EQ(engine_.questions[0].pool.str(), kPool);
  EXPECT_EQ(collectors::parameters_text(engine_.questions[0]), "-Category CMS -Force");
  EXPECT_EQ(engine_.wishes[0].request_id, "night-1");
  EXPECT_EQ(engine_.wishes[0].trigger, status::Trigger::query);
  EXPECT_EQ(engine_.wishes[0].max_age, 30s);
  EXPECT_EQ(engine_.wishes[0].deadline, kMade + 65s);
  EXPECT_EQ(header_of(response, "X-Request-Id"), "night-1");
  EXPECT_EQ(header_of(response, "Age"), "5");
  EXPECT_THAT(body_of(response), HasSubstr("fe1.example.com"));
}

TEST_F(ServiceTest, TheQueryWaitsForTheEngine) {
  engine_.hold = true;
  const std::size_t place = start(get(kQuery, std::string("PoolFqdn=") + kPool));
  while (io_.poll() > 0) {
  }
  ASSERT_EQ(engine_.held.size(), 1U);
  EXPECT_FALSE(answers_[place].has_value());
  engine_.held[0](engine_.outcome);
  io_.restart();
  io_.run();
  EXPECT_EQ(result(place).status, 200);
}

TEST_F(ServiceTest, RequestIdsThatAreNoneAreReplaced) {
  const std::string longest(64, 'a');
  for (const std::string& good : {std::string("a"), longest, std::string("A-z.0_9")}) {
    EXPECT_EQ(header_of(query("", {{"X-Request-Id", good}}), "X-Request-Id"), good);
  }
  for (const std::string& bad : {std::string(), longest + "a", std::string("a b"),
                                 std::string("a\nb"), std::string("\xC3\xA9")}) {
    EXPECT_THAT(header_of(query("", {{"X-Request-Id", bad}}), "X-Request-Id"),
                MatchesRegex("[0-9a-f]{16}"));
  }
  EXPECT_NE(header_of(query(), "X-Request-Id"), header_of(query(), "X-Request-Id"));
}

TEST_F(ServiceTest, BadParametersNeverReachTheEngine) {
  const http::Response response = query("&Category=Foo");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(body_of(response), HasSubstr("Cannot bind parameter 'Category'"));
  EXPECT_TRUE(engine_.questions.empty());
}

TEST_F(ServiceTest, RefusalsOfTheEngine) {
  engine_.outcome = std::unexpected(status::Refusal{
      Error{Reason::throttled, "engine.backoff", "left alone", {}, {}, Stage::queue}, 60s, {}});
  const http::Response busy = query("&as=json");
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(header_of(busy, "Retry-After"), "60");
  EXPECT_THAT(body_of(busy), HasSubstr("\"code\":\"engine.backoff\""));
}

TEST_F(ServiceTest, FailuresShowThePoolsLastGoodAnswer) {
  status::Snapshot snapshot = *engine_.current;
  for (status::PoolSnapshotPtr& pool : snapshot.pools) {
    if (pool->identity.fqdn.str() == kPool) {
      status::PoolSnapshot changed = *pool;
      status::Evaluation good = testing::good_evaluation(kPool);
      good.id = 41;
      changed.last_good = testing::shared(std::move(good));
      pool = std::make_shared<const status::PoolSnapshot>(std::move(changed));
    }
  }
  engine_.current = std::make_shared<const status::Snapshot>(std::move(snapshot));
  engine_.outcome = status::Answer{
      testing::shared(testing::failed_evaluation(Reason::not_found, "file.missing"))};
  const http::Response response = query("&as=json");
  EXPECT_EQ(response.status, 502);
  EXPECT_THAT(body_of(response), HasSubstr("\"last_known\":{\"evaluation_id\":41,"));
  EXPECT_THAT(body_of(query("&as=json&Category=CMS")), HasSubstr("\"last_known\":null"))
      << "another question's answer is none of this one's";
}

TEST_F(ServiceTest, GuardedDoorsNeedACaller) {
  service_.reconfigure({});  // nobody may ask, no host is ours
  for (const Route& route : routes()) {
    const std::string path = testing::path_of(route);
    const auto status = [&](const std::string& at, std::vector<http::Header> headers = {}) {
      http::Request request = get(at, std::string("PoolFqdn=") + kPool, std::move(headers));
      request.method = allows(route, "GET") ? "GET" : allows(route, "POST") ? "POST" : "PUT";
      return ask(std::move(request)).status;
    };
    const bool asks = route.guard == Guard::caller || route.guard == Guard::pusher;
    EXPECT_EQ(status(path), asks ? 403 : 200) << path;
    EXPECT_EQ(status(path, {{"Host", "evil.example.net"}}), route.guard == Guard::open ? 200 : 403)
        << path;
    EXPECT_EQ(status(path, {{"Sec-Fetch-Site", "cross-site"}}),
              route.guard == Guard::open ? 200 : 403)
        << path;
  }
  EXPECT_TRUE(engine_.questions.empty());
}

TEST_F(ServiceTest, ProbeAndDiscoveryRefuseAsTheApiDoes) {
  for (const char* const path : {"/probe", "/http_sd"}) {
    http::Request request = get(path, std::string("target=") + kPool);
    request.peer = {false, "192.0.2.7", false};
    const http::Response denied = ask(request);
    EXPECT_EQ(denied.status, 403);
    EXPECT_EQ(header_of(denied, "Content-Type"), "application/problem+json") << path;
    EXPECT_THAT(body_of(denied), HasSubstr("\"code\":\"access.anonymous\"")) << path;
    request.method = "DELETE";
    const http::Response method = ask(request);
    EXPECT_EQ(method.status, 405);
    EXPECT_EQ(header_of(method, "Content-Type"), "application/problem+json") << path;
    const http::Response wrong = ask(get(path, "nonsense=1"));
    EXPECT_EQ(wrong.status, 400);
    EXPECT_EQ(header_of(wrong, "Content-Type"), "application/problem+json") << path;
  }
}

TEST_F(ServiceTest, RefusedCallersGetTheFormTheyAskedFor) {
  http::Request request = get(kQuery, "PoolFqdn=atl");
  request.peer = {false, "192.0.2.7", false};
  const http::Response text = ask(request);
  EXPECT_EQ(text.status, 403);
  EXPECT_EQ(header_of(text, "X-Reason"), "forbidden");
  EXPECT_THAT(body_of(text), HasSubstr("+ FullyQualifiedErrorId : access.anonymous"));
  request.query += "&as=json";
  EXPECT_THAT(body_of(ask(request)), HasSubstr("\"code\":\"access.anonymous\""));
}

TEST_F(ServiceTest, ReconfigureChangesConfigAndAccess) {
  EXPECT_EQ(body_of(ask(get("/config", ""))), "pools: [] # one\n");
  ServiceOptions options = service_options();
  options.config_yaml = "pools: [] # two\n";
  service_.reconfigure(options);
  EXPECT_EQ(body_of(ask(get("/config", ""))), "pools: [] # two\n");
}

TEST_F(ServiceTest, ReadyFollowsTheEngineAndTheEnd) {
  engine_.ready = false;
  EXPECT_EQ(ask(get("/-/ready", "")).status, 503);
  engine_.ready = true;
  EXPECT_EQ(ask(get("/-/ready", "")).status, 200);
  service_.set_draining();
  EXPECT_EQ(ask(get("/-/ready", "")).status, 503);
  EXPECT_EQ(ask(get("/-/healthy", "")).status, 200);
}

TEST_F(ServiceTest, HistoryOfOnePool) {
  const http::Response page = ask(get("/api/v1/history", std::string("PoolFqdn=") + kPool));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(body_of(page), HasSubstr("\"request_id\":\"night-1\""));
  EXPECT_EQ(ask(get("/api/v1/history", "PoolFqdn=nowhere")).status, 404);
  EXPECT_EQ(ask(get("/api/v1/history", "")).status, 400);
}

// Whoever asks and does not read keeps the answer in memory.
status::Answer large_answer() {
  status::Evaluation evaluation = testing::good_evaluation(kPool);
  PipelineResult result;
  result.output.push_back(Value::string(std::string(10'000, 'x')));
  evaluation.result = pack(result);
  return {testing::shared(std::move(evaluation)), status::Source::live};
}

TEST_F(ServiceTest, AnswersThatAreNotSentYetHoldBytesInFlight) {
  engine_.outcome = large_answer();
  ServiceOptions options = service_options();
  options.budget = std::make_shared<ByteBudget>(50'000);
  service_.reconfigure(options);
  http::Response first = query("&as=json");
  http::Response second = query("&as=json");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(second.status, 200);
  const http::Response refused = query("&as=json");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(header_of(refused, "Retry-After"), "1");
  EXPECT_THAT(body_of(refused), HasSubstr("query.in_flight"));
  answers_.clear();
  first = {};
  EXPECT_EQ(query("&as=json").status, 200) << "a sent answer holds nothing";
}

TEST_F(ServiceTest, ASlowReaderGivesItsBytesToWhoAsks) {
  engine_.outcome = large_answer();
  ServiceOptions options = service_options();
  options.budget = std::make_shared<ByteBudget>(50'000);
  service_.reconfigure(options);
  for (int i = 0; i < 2; ++i) {
    slow_readers_.push_back(query("&as=json"));
  }
  answers_.clear();
  EXPECT_EQ(query("&as=json").status, 200);
  EXPECT_EQ(slow_readers_.size(), 1U) << "one is enough";
  EXPECT_THAT(sink_->lines, ::testing::IsEmpty());
  options.budget = std::make_shared<ByteBudget>(15'000);
  service_.reconfigure(options);
  EXPECT_EQ(query("&as=json").status, 503);
  EXPECT_EQ(slow_readers_.size(), 1U) << "no room of anybody's would do";
}

TEST_F(ServiceTest, AReloadForgetsNoBytesInFlight) {
  engine_.outcome = large_answer();
  ServiceOptions options = service_options();
  options.budget = std::make_shared<ByteBudget>(50'000);
  for (int i = 0; i < 2; ++i) {
    service_.reconfigure(options);
    EXPECT_EQ(query("&as=json").status, 200);
  }
  service_.reconfigure(options);
  EXPECT_EQ(query("&as=json").status, 503) << "bodies have half of it at most";
}

TEST_F(ServiceTest, AnswersWithoutRoomAreLoggedWithTheirSum) {
  engine_.outcome = large_answer();
  ServiceOptions options = service_options();
  options.budget = std::make_shared<ByteBudget>(10'000);
  service_.reconfigure(options);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(query("&as=json").status, 503);  // and the period ends
  }
  EXPECT_THAT(sink_->lines,
              ::testing::Each("answers refused, others that are not read yet take too much "
                              "refused=1 code=query.in_flight"));
  EXPECT_EQ(sink_->lines.size(), 2U);
}

TEST_F(ServiceTest, AnAnswerHasTwiceTheBytesOfAnObjectAtMost) {
  ServiceOptions options = service_options();
  options.limits.object = 50;
  service_.reconfigure(options);
  const http::Response refused = query("&as=json");
  EXPECT_EQ(refused.status, 502);
  EXPECT_THAT(body_of(refused), HasSubstr("render.too_large"));
}

TEST_F(ServiceTest, RequestsAreCountedByPattern) {
  ask(get("/nowhere", ""));
  ask(get("/nowhere/else", ""));
  query();
  query("&Category=Foo");
  const std::string page = metrics();
  EXPECT_THAT(page, HasSubstr(counted("other", 404) + "2\n"));
  EXPECT_THAT(page, HasSubstr(counted(kQuery, 200) + "1\n"));
  EXPECT_THAT(page, HasSubstr(counted(kQuery, 400) + "1\n"));
}

TEST_F(ServiceTest, AFullWorkerPoolIs503WithRetryAfter) {
  const auto block = [this]() -> Result<int> {
    release_.wait();
    return 0;
  };
  const auto forget = [](const std::exception_ptr&, const Result<int>&) {};
  const auto poll = [this] {
    io_.restart();
    while (io_.poll() > 0) {
    }
  };
  asio::co_spawn(io_, cpu_.run(block), forget);  // takes the one thread
  poll();
  while (cpu_.counters().queued > 0) {
    std::this_thread::yield();  // until the thread has taken it
  }
  asio::co_spawn(io_, cpu_.run(block), forget);  // takes the one place in the queue
  poll();
  std::vector<std::size_t> places;
  for (const char* path : {kQuery, "/api/v1/history", "/metrics"}) {
    places.push_back(start(get(path, std::string("PoolFqdn=") + kPool)));
  }
  poll();
  for (const std::size_t place : places) {
    const http::Response response = result(place);
    EXPECT_EQ(response.status, 503) << body_of(response);
    EXPECT_EQ(header_of(response, "Retry-After"), "1");
  }
  release_.count_down();
  io_.restart();
  io_.run();
}

}  // namespace
}  // namespace sfb::serve
