// Who shares the page of all pairs, and when it is made anew: a real loop and a real worker, a
// clock that only moves when told.
#include "agent/serve/live_status.hpp"

#include "agent/serve/body_budget.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <set>
#include <string>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using testing::body_of;
using testing::get;
using ::testing::HasSubstr;
using testing::header_of;
using ::testing::Not;

class MovingClock final : public Clock {
 public:
  Now now() const override { return now_; }
  void advance(std::chrono::nanoseconds by) { now_.mono += by; }

 private:
  Now now_{testing::kEvaluated, testing::kMade + 5s};
};

class StatusDoorTest : public testing::ServiceTest {
 protected:
  std::size_t open(const std::string& path = "/", const std::string& query = "",
                   std::vector<http::Header> headers = {}) {
    const std::size_t place = answers_.size();
    answers_.emplace_back();
    testing::asio::co_spawn(
        io_,
        door_.answer(*find_route(path),
                     std::make_shared<const http::Request>(get(path, query, std::move(headers))),
                     settings_, {},
                     [this](Result<http::Response> page, const LiveSettings& now) {
                       ++made_;
                       if (page && !now.bodies.hold(*page)) {
                         return Result<http::Response>(fail(Reason::throttled, "x", "no room"));
                       }
                       return page;
                     }),
        [this, place](const std::exception_ptr& failure, http::Response response) {
          ASSERT_FALSE(failure);
          answers_[place] = std::move(response);
        });
    return place;
  }
  void run() {
    io_.restart();
    io_.run();
  }
  /// Handlers that are ready run, jobs that block do not count.
  void poll() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }
  http::Response page(const std::string& query = "", std::vector<http::Header> headers = {}) {
    const std::size_t place = open("/", query, std::move(headers));
    run();
    return result(place);
  }
  void change() {
    engine_.current =
        std::make_shared<const status::Snapshot>(testing::with_one_change(*engine_.current));
  }
  void reload(ServiceOptions options = testing::service_options()) {
    settings_ = std::make_shared<const LiveSettings>(std::move(options), settings_.get());
  }

  MovingClock moving_;
  net::WorkerPool worker_{"cpu", 1, 64};
  StatusDoor door_{{engine_, worker_, moving_, "1.2.3", "/metrics"}};
  std::shared_ptr<const LiveSettings> settings_ =
      std::make_shared<const LiveSettings>(testing::service_options());
  int made_ = 0;
};

TEST_F(StatusDoorTest, AHundredBrowsersShareOnePageOfEachChange) {
  for (int change_number = 1; change_number <= 3; ++change_number) {
    answers_.clear();
    for (int i = 0; i < 100; ++i) {
      open();
    }
    run();
    std::set<const std::string*> bodies;
    for (std::size_t i = 0; i < answers_.size(); ++i) {
      EXPECT_EQ(result(i).status, 200);
      bodies.insert(result(i).body.get());
    }
    EXPECT_EQ(bodies.size(), 1U);
    EXPECT_EQ(made_, change_number);
    change();
  }
}

TEST_F(StatusDoorTest, ABrowserDuringABuildGetsWhatHappenedBeforeItCame) {
  testing::asio::co_spawn(io_, worker_.run([this]() -> Result<int> {
    release_.wait();
    return 0;
  }),
                          [](const std::exception_ptr&, const Result<int>&) {});
  const std::size_t early = open();
  poll();
  change();
  const std::size_t late = open();
  poll();
  EXPECT_FALSE(answers_[early].has_value()) << "the worker is busy";
  release_.count_down();
  run();
  EXPECT_NE(result(early).body, result(late).body);
  EXPECT_EQ(made_, 2);
}

TEST_F(StatusDoorTest, OnlyWhatIsShownMakesAnotherPage) {
  page("site=Atlanta&verdict=bad");
  page("verdict=bad&site=Atlanta&utm=1");
  EXPECT_EQ(made_, 1) << "the same filter";
  page("site=Atlanta");
  page();
  const http::Response packed = page("", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(made_, 4);
  EXPECT_EQ(header_of(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(page("", {{"Accept-Encoding", "gzip, br"}}).body, packed.body);
}

TEST_F(StatusDoorTest, APageIsNotOlderThanASecond) {
  const http::Response first = page();
  moving_.advance(1s);
  EXPECT_EQ(page().body, first.body);
  moving_.advance(1ns);
  EXPECT_NE(page().body, first.body);
}

TEST_F(StatusDoorTest, AReloadMakesAnotherPage) {
  page();
  ServiceOptions options = testing::service_options();
  options.runbooks = "http://wiki.example.org/new";
  reload(options);
  EXPECT_THAT(body_of(page()), HasSubstr("http://wiki.example.org/new/"));
  EXPECT_EQ(made_, 2);
}

TEST_F(StatusDoorTest, WhatIsKeptIsBounded) {
  const std::weak_ptr<const std::string> first = page("site=0").body;
  answers_.clear();
  EXPECT_FALSE(first.expired()) << "kept for the next browser";
  for (std::size_t i = 1; i <= StatusDoor::kMostKinds; ++i) {
    page("site=" + std::to_string(i));
  }
  EXPECT_TRUE(first.expired());
  const std::weak_ptr<const std::string> last = page("site=1").body;
  answers_.clear();
  moving_.advance(2s);
  door_.drop_outdated(moving_.now().mono);
  EXPECT_TRUE(last.expired()) << "nobody may get it any more";
}

TEST_F(StatusDoorTest, ASharedBodyHoldsItsBytesOnce) {
  const std::size_t bytes = page().body->size();
  ServiceOptions options = testing::service_options();
  options.budget = std::make_shared<ByteBudget>(3 * bytes);  // bodies may take half
  reload(options);
  answers_.clear();
  for (int i = 0; i < 10; ++i) {
    open();
  }
  run();
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    EXPECT_EQ(result(i).status, 200);
  }
}

TEST_F(StatusDoorTest, AFailureIsEveryonesAndIsNotKept) {
  ServiceOptions options = testing::service_options();
  options.budget = std::make_shared<ByteBudget>(1);
  reload(options);
  const std::size_t one = open();
  const std::size_t other = open();
  run();
  EXPECT_EQ(result(one).status, 503);
  EXPECT_EQ(result(other).status, 503);
  EXPECT_EQ(made_, 1);
  reload();
  EXPECT_EQ(page().status, 200);
}

TEST_F(StatusDoorTest, WhoMayNotSeeThePoolsGetsNothingOfASharedPage) {
  EXPECT_THAT(body_of(page()), HasSubstr("litwareinc"));
  ServiceOptions options = testing::service_options();
  options.access.allow_anonymous = Anonymous::none;
  settings_ = std::make_shared<const LiveSettings>(std::move(options));
  EXPECT_THAT(body_of(page()), Not(HasSubstr("litwareinc")));
  EXPECT_EQ(made_, 1);
}

TEST_F(StatusDoorTest, StrangersShareOneRefusal) {
  ServiceOptions options = testing::service_options();
  options.access.allow_anonymous = Anonymous::none;
  reload(options);
  for (int i = 0; i < 100; ++i) {
    open(i % 2 == 0 ? "/" : std::string("/pools/") + testing::kPool);
  }
  run();
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    EXPECT_EQ(result(i).status, i % 2 == 0 ? 200 : 403);
    EXPECT_EQ(result(i).body, result(0).body);
  }
  EXPECT_EQ(header_of(result(0), "X-Reason"), "forbidden");
  EXPECT_THAT(body_of(result(0)), HasSubstr("access.anonymous"));
  const http::Response first = page();
  moving_.advance(1s);
  EXPECT_EQ(page().body, first.body);
  moving_.advance(1ns);
  EXPECT_NE(page().body, first.body) << "it tells the time";
  reload(options);
  EXPECT_NE(page().body, first.body);
}

TEST_F(StatusDoorTest, ARefusalIsWordedByWhatIsConfigured) {
  ServiceOptions options = testing::service_options();
  options.access.allow_anonymous = Anonymous::none;
  options.identities.tokens = {TokenFile{}};
  reload(options);
  const http::Response refused = page();
  EXPECT_EQ(refused.status, 401);
  EXPECT_THAT(body_of(refused), HasSubstr("a browser sends no token"));
  EXPECT_THAT(body_of(refused), Not(HasSubstr("WWW-Authenticate")));
}

TEST_F(StatusDoorTest, WhereNoWorkerIsFreeARefusalIsText) {
  ServiceOptions options = testing::service_options();
  options.access.allow_anonymous = Anonymous::none;
  reload(options);
  worker_.stop();
  const std::size_t place = open(std::string("/pools/") + testing::kPool);
  run();
  EXPECT_EQ(result(place).status, 403);
  EXPECT_EQ(header_of(result(place), "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_THAT(body_of(result(place)), HasSubstr("(access.anonymous)"));
}

TEST_F(StatusDoorTest, PagesOfPoolsAreMadeForEach) {
  const std::size_t one = open(std::string("/pools/") + testing::kPool);
  const std::size_t other = open(std::string("/pools/") + testing::kPool);
  run();
  EXPECT_THAT(body_of(result(one)), HasSubstr(testing::kPool));
  EXPECT_NE(result(one).body, result(other).body);
}

}  // namespace
}  // namespace sfb::serve
