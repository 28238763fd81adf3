// A ready page over a kept connection, from the socket to the socket: what it answers, and that
// nothing is allocated for it.
#include "agent/http/server.hpp"
#include "agent/serve/live_service.hpp"
#include "tests/integration/http/raw_client.hpp"
#include "tests/integration/net/loop.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>

namespace {

thread_local bool is_counted = false;
std::atomic<std::size_t> allocations = 0;  ///< of threads that are counted

void note_allocation() {
  allocations += is_counted ? 1 : 0;
}

}  // namespace

void* operator new(std::size_t size) {
  note_allocation();
  if (void* const place = std::malloc(size)) {
    return place;
  }
  throw std::bad_alloc();
}
void operator delete(void* place) noexcept {
  std::free(place);
}
void operator delete(void* place, std::size_t /*size*/) noexcept {
  std::free(place);
}

// NOLINTBEGIN(bugprone-reserved-identifier): so the linker wants them
extern "C" void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
extern "C" void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  note_allocation();
  return __real_aligned_alloc(alignment, size);
}
// NOLINTEND(bugprone-reserved-identifier)

namespace sfb::serve {
namespace {

using ::testing::HasSubstr;

/// As Prometheus sends it.
std::string scrape(const std::string& more = {}) {
  return "GET /metrics HTTP/1.1\r\nHost: agent.litwareinc.com:9943\r\n"
         "User-Agent: Prometheus/2.42.0+ds\r\n"
         "Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
         "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
         "Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n" +
         more + "\r\n";
}

class ReadyPageTest : public ::testing::Test {
 protected:
  ReadyPageTest() {
    loop_.call([this] {
      is_counted = true;
      users_ = std::make_unique<access::BasicUsers>(loop_.executor(), logins_);
      service_ = std::make_unique<Service>(
          ServiceParts{engine_, engine_, self_, pages_, pages_, *users_, clock_,
                       Logger(sink_, LogLevel::info, "http"), "0.1.0", loop_.executor()},
          testing::service_options());
      http::ServerOptions options;
      options.ready = [this](const http::Request& request, http::Response& response) {
        const bool ready = service_->ready(request, response);
        ready_ += ready ? 1 : 0;
        return ready;
      };
      server_ = std::make_unique<http::Server>(
          loop_.executor(), options,
          [this](std::shared_ptr<const http::Request> request) {
            return service_->handle(std::move(request));
          },
          Logger());
      ASSERT_TRUE(server_->listen({*net::parse_listen_address("127.0.0.1:0")}));
      address_ = server_->addresses().front();
    });
  }
  ~ReadyPageTest() override {
    loop_.call([this] {
      server_.reset();
      service_->set_draining();
    });
  }

  http::RawAnswer ask(http::RawClient& client, const std::string& request) {
    EXPECT_TRUE(client.send(request));
    return client.read();
  }
  /// What the loop's thread allocates for 20 of them.
  std::size_t cost(http::RawClient& client, const std::string& request) {
    for (int i = 0; i < 10; ++i) {
      ask(client, request);
    }
    const std::size_t before = allocations;
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(ask(client, request).status, 200);
    }
    return allocations - before;
  }
  int ready() {
    return loop_.call([this] { return ready_; });
  }

  std::shared_ptr<testing::LineSink> sink_ = std::make_shared<testing::LineSink>();
  testing::FakeClock clock_;
  testing::FakeEngine engine_;
  std::shared_ptr<SelfMetrics> self_ =
      std::make_shared<SelfMetrics>(BuildInfo{"0.1.0", "test", "clang"});
  net::WorkerPool pages_{"pages", 1, 1};
  net::WorkerPool logins_{"logins", 1, 1};
  int ready_ = 0;  ///< so many answers; loop thread only
  std::string address_;
  std::unique_ptr<access::BasicUsers> users_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<http::Server> server_;
  net::Loop loop_;  ///< last: what runs on it uses the others
};

TEST_F(ReadyPageTest, NothingIsAllocatedForIt) {
  http::RawClient client(address_);
  EXPECT_EQ(cost(client, scrape()), 0U);
  EXPECT_EQ(ready(), 29) << "the first one waits for the page";
  EXPECT_GT(cost(client, "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"), 0U) << "they are counted";
}

TEST_F(ReadyPageTest, ItIsTheAnswerOfTheHandler) {
  http::RawClient client(address_);
  const std::string request = scrape("X-Request-Id: night-1\r\n");
  const http::RawAnswer made = ask(client, request);
  EXPECT_EQ(ready(), 0);
  const http::RawAnswer ready_one = ask(client, request);
  EXPECT_EQ(ready(), 1);
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(ready_one.status, 200);
  EXPECT_EQ(ready_one.head.substr(0, ready_one.head.find("Date:")),
            made.head.substr(0, made.head.find("Date:")));
  EXPECT_EQ(ready_one.body, made.body);
  EXPECT_THAT(made.head, HasSubstr("X-Request-Id: night-1\r\n"));
}

TEST_F(ReadyPageTest, AnotherRequestHasNothingOfTheOneBefore) {
  http::RawClient client(address_);
  ask(client, scrape("X-Request-Id: night-1\r\n"));
  const http::RawAnswer gzip = ask(client, scrape("X-Request-Id: night-1\r\n"));
  EXPECT_THAT(gzip.head, HasSubstr("Content-Encoding: gzip\r\n"));
  const std::string plain = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
  ask(client, plain);
  const http::RawAnswer answer = ask(client, plain);
  EXPECT_EQ(ready(), 2);
  EXPECT_FALSE(answer.has("Content-Encoding"));
  EXPECT_FALSE(answer.has("night-1"));
  EXPECT_THAT(answer.head, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  EXPECT_THAT(answer.head, HasSubstr("X-Request-Id: "));
}

TEST_F(ReadyPageTest, WhoMustBeLookedAtAsksTheHandler) {
  http::RawClient client(address_);
  ask(client, scrape());
  EXPECT_EQ(ask(client, scrape("Authorization: Basic YTpi\r\n")).status, 200);
  EXPECT_EQ(ready(), 0);
  WebOptions headers;
  headers.headers.push_back({"X-Frame-Options", "deny"});
  loop_.call([&] { service_->set_web(headers); });
  EXPECT_THAT(ask(client, scrape()).head, HasSubstr("X-Frame-Options: deny\r\n"));
  EXPECT_EQ(ready(), 0);
  loop_.call([this] { service_->set_web(WebOptions()); });
  ask(client, scrape());
  EXPECT_EQ(ready(), 1);
  WebOptions users;
  users.users.push_back({"monitoring", Secret(std::string("$2y$10$hash"))});
  loop_.call([&] { service_->set_web(users); });
  EXPECT_EQ(ask(client, scrape()).status, 401);
  EXPECT_EQ(ready(), 1);
}

}  // namespace
}  // namespace sfb::serve
