// The door of pushes without a socket: who gets in, what is read and when, and what is answered.
#include "agent/serve/live_push.hpp"

#include "agent/http/unread_body.hpp"
#include "tests/unit/serve/service_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sfb::serve {
namespace {

using namespace testing;
using ::testing::HasSubstr;

const Fqdn kPushPool = *Fqdn::parse("atl.example.com");

/// A body that notes when it is read.
class NotedBody final : public http::UnreadBody {
 public:
  explicit NotedBody(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  asio::awaitable<Result<std::string>> read(MonoTime /*deadline*/) override {
    ++reads;
    if (!outcome) {
      co_return std::unexpected(*error);
    }
    co_return *outcome;
  }
  int reads = 0;
  std::optional<std::string> outcome = "an export";
  std::optional<Error> error = {};

 private:
  std::uint64_t size_;
};

class LivePush : public ::testing::Test {
 protected:
  LivePush() {
    const auto pushers = std::make_shared<const Pushers>(Pushers{.tokens = {"atlanta"}});
    options_.pools = {{kPushPool, pushers}};
    options_.most_bytes = 1000;
    door_.reconfigure(options_);
  }

  http::Response push(access::Caller caller, std::string type = "", std::uint64_t size = 9,
                      const std::string& pool = "atl.example.com") {
    body_ = std::make_shared<NotedBody>(size);
    if (body_error_) {
      body_->outcome.reset();
      body_->error = body_error_;
    }
    auto request = std::make_shared<http::Request>();
    request->method = "PUT";
    request->path = "/api/v1/exports/" + pool;
    request->unread = body_;
    if (!type.empty()) {
      request->headers.push_back({"Content-Type", std::move(type)});
    }
    std::optional<http::Response> answer;
    asio::co_spawn(io_,
                   door_.answer(*find_route(request->path), request, std::move(caller), true,
                                elsewhere_, "id-1"),
                   [&](const std::exception_ptr& failure, http::Response response) {
                     ASSERT_FALSE(failure);
                     answer = std::move(response);
                   });
    io_.restart();
    io_.run();
    EXPECT_TRUE(answer);
    return answer.value_or(http::Response{});
  }
  http::Response push() { return push(atlanta()); }
  static access::Caller atlanta() { return {.proof = access::Proof::token, .name = "atlanta"}; }
  static std::string code_of(const http::Response& response) {
    const std::string body = response.body ? *response.body : std::string();
    const std::size_t at = body.find(R"("code":")");
    return at == std::string::npos ? "" : body.substr(at + 8, body.find('"', at + 8) - at - 8);
  }

  asio::io_context io_;
  FakeClock clock_;
  PushOptions options_;
  Elsewhere elsewhere_;
  std::shared_ptr<NotedBody> body_;
  std::optional<Error> body_error_;
  std::vector<std::string> taken_;
  Result<PushTaken> outcome_ = PushTaken{.kept = true};
  std::shared_ptr<LineSink> sink_ = std::make_shared<LineSink>();
  PushDoor door_{
      [this](Fqdn pool,
             std::shared_ptr<const std::string> body) -> asio::awaitable<Result<PushTaken>> {
        taken_.push_back(pool.str() + " " + *body);
        co_return outcome_;
      },
      clock_, Logger(sink_, LogLevel::info, "http")};
};

TEST_F(LivePush, WhatIsTakenIsAnswered204) {
  const http::Response response = push();
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.body, nullptr);
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  EXPECT_THAT(taken_, ::testing::ElementsAre("atl.example.com an export"));
  ASSERT_EQ(sink_->lines.size(), 1U);
  EXPECT_THAT(sink_->lines[0], HasSubstr("push pool=atl.example.com status=204 code=good"));
}

TEST_F(LivePush, ADoubtIsToldBesideTheGoodAnswer) {
  outcome_ = PushTaken{.kept = true, .doubt = "the export is dated 2h ahead"};
  const http::Response response = push();
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(header_of(response, "X-Doubt"), "the export is dated 2h ahead");
  EXPECT_THAT(sink_->lines[0], HasSubstr("status=204 code=push.ahead"));
}

TEST_F(LivePush, NothingIsReadOfWhoMayNot) {
  EXPECT_EQ(push({}).status, 401);
  EXPECT_EQ(body_->reads, 0);
  EXPECT_TRUE(sink_->lines.empty()) << "strangers do not fill the log";
  const http::Response other = push({.proof = access::Proof::token, .name = "chicago"});
  EXPECT_EQ(other.status, 403);
  EXPECT_EQ(code_of(other), "push.not_allowed");
  EXPECT_THAT(body_of(other), HasSubstr(R"(\"chicago\" may not push exports of pool atl.example)"));
  EXPECT_EQ(body_->reads, 0);
  EXPECT_EQ(code_of(push(atlanta(), "", 9, "chi.example.com")), "push.not_here");
  EXPECT_EQ(body_->reads, 0);
  EXPECT_TRUE(taken_.empty());
}

TEST_F(LivePush, AStrangerIsToldWhatProvesWhoPushes) {
  EXPECT_THAT(body_of(push({})),
              HasSubstr("send a token of authorization.tokens (scheme Bearer)\""));
  options_.pools = {{kPushPool, std::make_shared<const Pushers>(Pushers{.principals = {"A$@X"}})}};
  door_.reconfigure(options_);
  const std::string tickets = body_of(push({}));
  EXPECT_THAT(tickets, HasSubstr("send a Kerberos ticket (scheme Negotiate)\""));
  EXPECT_EQ(body_of(push({}, "", 9, "chi.example.com")).find("Bearer"), std::string::npos);
  options_.pools.emplace(*Fqdn::parse("chi.example.com"),
                         std::make_shared<const Pushers>(
                             Pushers{.users = {"bob"}, .certificates = {"fe.example.com"}}));
  door_.reconfigure(options_);
  EXPECT_THAT(body_of(push({})),
              HasSubstr("send a Kerberos ticket (scheme Negotiate), or name and password of "
                        "basic_auth_users (scheme Basic), or a client certificate\""))
      << "the same at each pool";
}

TEST_F(LivePush, WhoMayNotPushCannotFillTheLog) {
  for (std::size_t i = 0; i < PushDoor::kMostRefusals + 20; ++i) {
    EXPECT_EQ(push({.proof = access::Proof::token, .name = "chicago"}).status, 403);
  }
  EXPECT_EQ(sink_->lines.size(), PushDoor::kMostRefusals);
  push();
  EXPECT_EQ(sink_->lines.size(), PushDoor::kMostRefusals + 1) << "what is taken is always told";
}

TEST_F(LivePush, NothingIsReadOfWhatCannotBeAnExport) {
  for (const char* const type : {"text/html", "application/x-www-form-urlencoded", "xml"}) {
    const http::Response response = push(atlanta(), type);
    EXPECT_EQ(response.status, 415) << type;
    EXPECT_EQ(body_->reads, 0);
  }
  const http::Response large = push(atlanta(), "", 1001);
  EXPECT_EQ(large.status, 413);
  EXPECT_EQ(code_of(large), "push.too_large");
  EXPECT_EQ(body_->reads, 0);
  for (const char* const type : {"application/xml", "TEXT/XML; charset=utf-8", "application/json",
                                 "application/octet-stream", ""}) {
    EXPECT_EQ(push(atlanta(), type).status, 204) << type;
  }
}

TEST_F(LivePush, APoolOfAnotherShardIsSaidToBeSo) {
  elsewhere_ = {
      .pools = {{kPushPool, {.paired_pool = "chi.example.com", .shard = 3}}}, .own = 0, .total = 4};
  const http::Response response = push();
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(code_of(response), "pool.other_shard");
  EXPECT_EQ(push({.proof = access::Proof::token, .name = "chicago"}).status, 403)
      << "strangers are not told where it is";
}

TEST_F(LivePush, EachEndHasItsStatus) {
  const auto answer = [&](Reason reason, std::string code) {
    outcome_ = std::unexpected(Error{reason, std::move(code), "m", "r", {}, Stage::none});
    return push().status;
  };
  EXPECT_EQ(answer(Reason::stale, "push.older"), 409);
  EXPECT_EQ(answer(Reason::parse, "file.bad_wrapper"), 400);
  EXPECT_EQ(answer(Reason::parse, "file.too_large"), 413);
  EXPECT_EQ(answer(Reason::not_found, "push.not_here"), 404);
  EXPECT_EQ(answer(Reason::throttled, "pool.full"), 503);
  EXPECT_EQ(answer(Reason::internal, "pool.exception"), 500);
  outcome_ = PushTaken{.kept = false};
  const http::Response unkept = push();
  EXPECT_EQ(unkept.status, 202);
  EXPECT_EQ(code_of(unkept), "push.not_kept");
  outcome_ = PushTaken{.kept = false, .too_large = true};
  const http::Response large = push();
  EXPECT_EQ(large.status, 202);
  EXPECT_EQ(code_of(large), "push.too_large_to_keep");
  EXPECT_THAT(body_of(large), HasSubstr("after a restart nothing is held"));
  outcome_ = PushTaken{.kept = true};
  body_error_ = Error{Reason::timeout, "http.body_slow", "m", "r", {}, Stage::none};
  EXPECT_EQ(push().status, 408);
}

TEST_F(LivePush, AFloodOfOnePoolIsHeldBack) {
  int good = 0;
  http::Response last;
  for (int i = 0; i < 40; ++i) {
    last = push();
    good += last.status == 204 ? 1 : 0;
  }
  EXPECT_EQ(good, 30);
  EXPECT_EQ(last.status, 429);
  EXPECT_EQ(header_of(last, "Retry-After"), "1");
  EXPECT_EQ(body_->reads, 0);
}

TEST_F(LivePush, BodiesHoldAQuarterOfWhatMayBeInFlight) {
  options_.budget = std::make_shared<ByteBudget>(4000);
  door_.reconfigure(options_);
  EXPECT_EQ(push(atlanta(), "", 1000).status, 204) << "the quarter, and it comes back";
  EXPECT_EQ(push(atlanta(), "", 1000).status, 204);
  const auto rest = options_.budget->try_hold(3500);
  const http::Response response = push(atlanta(), "", 1000);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(code_of(response), "push.in_flight");
  EXPECT_EQ(header_of(response, "Retry-After"), "1");
  EXPECT_EQ(body_->reads, 0);
}

}  // namespace
}  // namespace sfb::serve
