#include "agent/net/wake.hpp"

#include "agent/net/deadline.hpp"
#include "tests/integration/net/loop.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace sfb::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

awaitable<bool> wait(std::shared_ptr<Wake> wake, MonoTime deadline) {
  co_return co_await wake->wait_until(deadline);
}

TEST(Wake, WakesAllThatWait) {
  Loop loop;
  const auto wake = std::make_shared<Wake>();
  auto first = loop.start(wait(wake, kNever));
  auto second = loop.start(wait(wake, mono_now() + 1h));
  loop.call([&] { wake->notify_all(); });
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
}

TEST(Wake, RemembersNothing) {
  Loop loop;
  const auto wake = std::make_shared<Wake>();
  loop.call([&] { wake->notify_all(); });
  EXPECT_FALSE(loop.start(wait(wake, mono_now() + 20ms)).get()) << "the deadline ends it";
  EXPECT_FALSE(loop.start(wait(wake, mono_now() - 1h)).get());
}

TEST(Wake, EachHasItsOwnDeadline) {
  Loop loop;
  const auto wake = std::make_shared<Wake>();
  auto patient = loop.start(wait(wake, kNever));
  EXPECT_FALSE(loop.start(wait(wake, mono_now() + 20ms)).get());
  loop.call([&] { wake->notify_all(); });
  EXPECT_TRUE(patient.get());
}

TEST(Wake, GoesOnBehindTheCaller) {
  Loop loop;
  const auto wake = std::make_shared<Wake>();
  auto waiting = loop.start(wait(wake, kNever));
  loop.call([&] {
    wake->notify_all();
    EXPECT_EQ(waiting.wait_for(0s), std::future_status::timeout);
  });
  EXPECT_TRUE(waiting.get());
}

TEST(Wake, ACancelledWaitEnds) {
  Loop loop;
  const auto wake = std::make_shared<Wake>();
  boost::asio::cancellation_signal stop;
  std::promise<bool> over;
  loop.call([&] {
    boost::asio::co_spawn(loop.executor(), wait(wake, kNever),
                          boost::asio::bind_cancellation_slot(
                              stop.slot(), [&](const std::exception_ptr& error, bool early) {
                                over.set_value(!error && early);
                              }));
  });
  loop.call([&] { stop.emit(boost::asio::cancellation_type::terminal); });
  EXPECT_TRUE(over.get_future().get()) << "the deadline did not come";
  loop.call([&] { wake->notify_all(); });
}

TEST(Wake, AnIoContextThatGoesTakesItsWaitersAlong) {
  const auto wake = std::make_shared<Wake>();
  {
    boost::asio::io_context io;
    boost::asio::co_spawn(io, wait(wake, kNever), boost::asio::detached);
    io.poll();
    EXPECT_EQ(wake.use_count(), 2);
  }
  EXPECT_EQ(wake.use_count(), 1);
  wake->notify_all();
}

}  // namespace
}  // namespace sfb::net
