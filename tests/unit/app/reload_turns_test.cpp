#include "agent/app/reload_turns.hpp"

#include "agent/net/deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::app {
namespace {

namespace asio = boost::asio;

/// Reloads that end when the test says so, each with its number.
class Turns : public ::testing::Test {
 protected:
  std::shared_ptr<std::optional<serve::Reloaded>> wait(MonoTime deadline = net::kNever) {
    auto outcome = std::make_shared<std::optional<serve::Reloaded>>();
    asio::co_spawn(loop_, turns_.wait(deadline),
                   [outcome](std::exception_ptr failure, serve::Reloaded reloaded) {
                     ASSERT_FALSE(failure);
                     *outcome = std::move(reloaded);
                   });
    poll();
    return outcome;
  }
  void poll() {
    loop_.restart();
    loop_.poll();
  }
  void end_reload() {
    ++ended_;
    wake_.notify_all();
    poll();
  }

  asio::io_context loop_;
  net::Wake wake_;
  int begun_ = 0;
  int ended_ = 0;
  ReloadTurns turns_{[this]() -> asio::awaitable<serve::Reloaded> {
                       const int own = ++begun_;
                       while (ended_ < own) {
                         co_await wake_.wait_until(net::kNever);
                       }
                       co_return serve::Reloaded{200, {std::to_string(own)}};
                     },
                     [this](asio::awaitable<void> task) {
                       asio::co_spawn(loop_, std::move(task), asio::detached);
                     }};
};

TEST_F(Turns, ACallerGetsTheReloadThatItCaused) {
  const auto first = wait();
  EXPECT_FALSE(first->has_value());
  end_reload();
  ASSERT_TRUE(first->has_value());
  EXPECT_EQ((*first)->lines, std::vector<std::string>{"1"});
  const auto second = wait();
  end_reload();
  ASSERT_TRUE(second->has_value());
  EXPECT_EQ((*second)->lines, std::vector<std::string>{"2"});
}

TEST_F(Turns, WhoComesDuringAReloadSharesTheNext) {
  const auto first = wait();
  const auto second = wait();
  turns_.ask();
  const auto third = wait();
  EXPECT_EQ(begun_, 1);
  end_reload();
  EXPECT_TRUE(first->has_value());
  EXPECT_FALSE(second->has_value()) << "the files may have changed behind the first";
  EXPECT_EQ(begun_, 2);
  end_reload();
  ASSERT_TRUE(second->has_value() && third->has_value());
  EXPECT_EQ((*second)->lines, std::vector<std::string>{"2"});
  EXPECT_EQ((*third)->lines, (*second)->lines);
  EXPECT_EQ(begun_, 2);
}

TEST_F(Turns, ASignalDuringAReloadIsNotLost) {
  turns_.ask();
  turns_.ask();
  turns_.ask();
  poll();
  end_reload();
  EXPECT_EQ(begun_, 2);
  end_reload();
  EXPECT_EQ(begun_, 2);
}

TEST_F(Turns, NobodyIsLeftWaitingAtTheEnd) {
  const auto running = wait();
  const auto next = wait();
  turns_.stop();
  poll();
  ASSERT_TRUE(running->has_value() && next->has_value());
  EXPECT_EQ((*running)->status, 503);
  EXPECT_EQ((*next)->status, 503);
  end_reload();  // comes back late
  turns_.ask();
  const auto late = wait();
  ASSERT_TRUE(late->has_value());
  EXPECT_EQ((*late)->status, 503);
  EXPECT_EQ(begun_, 1);
}

TEST_F(Turns, APatienceThatEndsLeavesTheReloadRunning) {
  const auto impatient = wait(net::mono_now());
  loop_.restart();
  while (!impatient->has_value()) {
    loop_.run_one();
  }
  EXPECT_EQ((*impatient)->status, 504);
  const auto next = wait();
  end_reload();
  EXPECT_EQ(begun_, 2);
  end_reload();
  EXPECT_TRUE(next->has_value());
}

}  // namespace
}  // namespace sfb::app
