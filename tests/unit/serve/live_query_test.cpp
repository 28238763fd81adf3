// The evaluator's one callback, whenever it comes, as one await.
#include "agent/serve/live_query.hpp"

#include "tests/unit/serve/query_rig.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <optional>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using Outcome = std::expected<status::Answer, status::Refusal>;

class FakeEvaluator final : public status::Evaluator {
 public:
  void evaluate(const status::Question& /*question*/, status::Wish /*wish*/, std::stop_token stop,
                status::AnswerCallback callback) override {
    ++asked;
    stop_ = std::move(stop);
    if (at_once) {
      callback(*at_once);
    } else {
      waiting = std::move(callback);
    }
  }
  bool stopped() const { return stop_.stop_requested(); }

  int asked = 0;
  std::optional<Outcome> at_once;
  status::AnswerCallback waiting;

 private:
  std::stop_token stop_;
};

class AskTest : public ::testing::Test {
 protected:
  void start(std::chrono::nanoseconds patience = 1h) {
    asio::co_spawn(io_, ask(evaluator_, {.pool = Fqdn::parse("atl").value()}, {}, patience),
                   asio::bind_cancellation_slot(
                       cancel_.slot(), [this](std::exception_ptr failure, Outcome outcome) {
                         ended_ = true;
                         if (!failure) {
                           outcome_ = std::move(outcome);
                         }
                       }));
  }
  /// Handlers that are ready run; timers that have not run out do not count.
  void poll() {
    io_.restart();
    while (io_.poll() > 0) {
    }
  }

  asio::io_context io_;
  asio::cancellation_signal cancel_;
  FakeEvaluator evaluator_;
  bool ended_ = false;
  std::optional<Outcome> outcome_;
};

TEST_F(AskTest, AnswerBeforeEvaluateReturns) {
  evaluator_.at_once = status::Answer{testing::shared(testing::good_evaluation())};
  start();
  poll();
  ASSERT_TRUE(outcome_.has_value());
  ASSERT_TRUE(outcome_->has_value());
  EXPECT_EQ((*outcome_)->evaluation->id, 42U);
  EXPECT_FALSE(evaluator_.stopped());
}

TEST_F(AskTest, AnswerLater) {
  start();
  poll();
  ASSERT_TRUE(evaluator_.waiting);
  EXPECT_FALSE(ended_);
  asio::post(io_, [this] { evaluator_.waiting(std::unexpected(status::Refusal{})); });
  poll();
  ASSERT_TRUE(outcome_.has_value());
  EXPECT_FALSE(outcome_->has_value());
  EXPECT_FALSE(evaluator_.stopped());
}

TEST_F(AskTest, PatienceEndsTheWait) {
  start(0s);
  io_.run();
  ASSERT_TRUE(outcome_.has_value());
  ASSERT_FALSE(outcome_->has_value());
  EXPECT_EQ(outcome_->error().error.reason, Reason::timeout);
  EXPECT_TRUE(evaluator_.stopped()) << "the evaluator is told that nobody waits";
  evaluator_.waiting(std::unexpected(status::Refusal{}));  // too late, and harmless
}

TEST_F(AskTest, ACancelledCallerStopsWaiting) {
  start();
  poll();
  EXPECT_FALSE(ended_);
  cancel_.emit(asio::cancellation_type::terminal);
  poll();
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(evaluator_.stopped());
  evaluator_.waiting(std::unexpected(status::Refusal{}));
}

}  // namespace
}  // namespace sfb::serve
