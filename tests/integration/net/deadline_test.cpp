#include "agent/net/deadline.hpp"

#include "agent/net/loop_lag.hpp"
#include "tests/integration/net/loop.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace sfb::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;

awaitable<int> after(std::chrono::milliseconds time, int value, std::shared_ptr<bool> ended = {}) {
  co_await sleep_until(mono_now() + time);
  if (ended) {
    *ended = true;
  }
  co_return value;
}

awaitable<int> throwing() {
  throw std::runtime_error("no");
  co_return 1;
}

TEST(WithDeadline, GivesTheValueWhenItIsInTime) {
  Loop loop;
  EXPECT_EQ(loop.start(with_deadline(after(1ms, 5), mono_now() + 20s)).get(), 5);
  EXPECT_EQ(loop.start(with_deadline(after(1ms, 6), kNever)).get(), 6);
}

TEST(WithDeadline, EndsTheOperationWhenItIsLate) {
  Loop loop;
  const auto ended = std::make_shared<bool>(false);
  const auto start = mono_now();
  EXPECT_EQ(loop.start(with_deadline(after(1h, 5, ended), mono_now() + 50ms)).get(), std::nullopt);
  EXPECT_LT(mono_now() - start, 20s);
  EXPECT_TRUE(loop.call([&] { return *ended; })) << "it has ended before, so nothing dangles";
}

TEST(WithDeadline, ThrowsOnAtOnce) {
  Loop loop;
  const auto start = mono_now();
  auto future = loop.start(with_deadline(throwing(), mono_now() + 20s));
  EXPECT_THROW(future.get(), std::runtime_error);
  EXPECT_LT(mono_now() - start, 10s);
}

awaitable<std::optional<std::optional<int>>> nested() {
  co_return co_await with_deadline(with_deadline(after(1h, 5), mono_now() + 1h), mono_now() + 50ms);
}

TEST(WithDeadline, CanBeNested) {
  Loop loop;
  EXPECT_EQ(loop.start(nested()).get(), std::nullopt);
}

TEST(LoopLag, TellsHowLateTheLoopIs) {
  Loop loop;
  std::chrono::nanoseconds worst{0};
  int samples = 0;
  std::unique_ptr<LoopLag> lag;
  loop.call([&] {
    lag = std::make_unique<LoopLag>(
        loop.executor(),
        [&](std::chrono::nanoseconds late) {
          ++samples;
          worst = std::max(worst, late);
        },
        10ms);
  });
  ASSERT_TRUE(eventually([&] { return loop.call([&] { return samples >= 3; }); }));
  loop.call([] { std::this_thread::sleep_for(150ms); });  // what must never happen
  const int before = loop.call([&] { return samples; });
  ASSERT_TRUE(eventually([&] { return loop.call([&] { return samples > before; }); }));
  EXPECT_GE(worst, 100ms);
  const int at_end = loop.call([&] {
    lag.reset();
    return samples;
  });
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(loop.call([&] { return samples; }), at_end);
}

}  // namespace
}  // namespace sfb::net
