#include "agent/net/log_sum.hpp"

#include "tests/integration/net/loop.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>

namespace sfb::net {
namespace {

using namespace std::chrono_literals;

/// Counts what happens and what is written of it.
struct Counted {
  Counted(Loop& of, std::chrono::nanoseconds period) : loop(of) {
    loop.call([&] {
      sum = std::make_unique<LogSum>(loop.executor(), period, [this] {
        ++lines;
        told += std::exchange(untold, 0);
      });
    });
  }
  ~Counted() {
    loop.call([&] { sum.reset(); });
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  void happen(int times) {
    loop.call([&] {
      for (int i = 0; i < times; ++i) {
        ++untold;
        sum->happened();
      }
    });
  }

  Loop& loop;
  std::unique_ptr<LogSum> sum;
  int untold = 0;  // loop thread only
  std::atomic<int> told{0};
  std::atomic<int> lines{0};
};

TEST(LogSum, TheFirstIsToldAtOnceAndTheRestAtTheEnd) {
  Loop loop;
  Counted counted(loop, 1h);
  counted.happen(1000);
  EXPECT_EQ(counted.told, 1);
  EXPECT_EQ(counted.lines, 1);
  loop.call([&] { counted.sum->stop(); });
  EXPECT_EQ(counted.told, 1000);
  EXPECT_EQ(counted.lines, 2);
  loop.call([&] { counted.sum->stop(); });
  EXPECT_EQ(counted.lines, 2) << "there was nothing more";
}

TEST(LogSum, ThePeriodEndsWithTheSum) {
  Loop loop;
  Counted counted(loop, 1ms);
  counted.happen(1000);
  EXPECT_TRUE(eventually([&] { return counted.told == 1000; })) << "nothing more has to happen";
  EXPECT_EQ(counted.lines, 2);
}

TEST(LogSum, APeriodWithoutMoreBeginsAnew) {
  Loop loop;
  Counted counted(loop, 1ms);
  for (int i = 1; i <= 5; ++i) {
    counted.happen(1);
    EXPECT_TRUE(eventually([&] { return counted.told == i; }));
  }
}

TEST(LogSum, NothingIsWrittenAfterItsEnd) {
  Loop loop;  // its end waits for the timers
  auto counted = std::make_unique<Counted>(loop, 1h);
  counted->happen(2);
  counted.reset();
}

}  // namespace
}  // namespace sfb::net
