#include "agent/status/line_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sfb::status {
namespace {

using namespace std::chrono_literals;
using Stamp = LineLog::Stamp;

LineLog::Rest rest(std::string code) {
  HistoryEntry entry;
  entry.code = std::move(code);
  return std::make_shared<const HistoryEntry>(std::move(entry));
}

WallTime at(std::int64_t ticks) {
  return WallTime(WallTime::duration(ticks));
}

TEST(LineLog, GivesBackWhatCameTheOldestFirst) {
  LineLog log(3);
  EXPECT_THAT(log.lines(), ::testing::IsEmpty());
  const Stamp first{7, at(1'000'000), at(999'000), 12ms};
  const Stamp second{8, at(2'000'000), at(3'000'000), 0ns};
  const LineLog::Rest good = rest("good");
  log.push(first, good);
  log.push(second, rest("file.clock_skew"));
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].stamp, first);
  EXPECT_EQ(lines[0].rest, good);
  EXPECT_EQ(lines[1].stamp, second);
  EXPECT_EQ(lines[1].rest->code, "file.clock_skew");
}

TEST(LineLog, ANumberOfAnySizeComesBack) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 63U;
  const std::vector<Stamp> stamps = {
      {0, at(kLeast), at(kMost), std::chrono::nanoseconds(kMost)},
      {kHalf, at(kMost), at(kLeast), 0ns},
      {std::numeric_limits<std::uint64_t>::max(), at(-1), at(0), 1ns},
      {0, at(0), at(-1), std::chrono::nanoseconds(kLeast)},
      {kHalf, at(kLeast), at(kLeast), 127ns},
      {kHalf - 1, at(kLeast + 1), at(0), 128ns},
  };
  LineLog log(1);
  for (const Stamp& stamp : stamps) {
    log.push(stamp, rest(""));
  }
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), stamps.size());
  for (std::size_t i = 0; i < stamps.size(); ++i) {
    EXPECT_EQ(lines[i].stamp, stamps[i]) << i;
  }
}

// Against a list of objects, whatever comes and goes.
TEST(LineLog, IsAListOfLines) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 50; ++round) {
    const std::size_t most = 1 + random() % 60;
    LineLog log(most);
    std::deque<LineLog::Line> list;
    for (int step = 0; step < 300; ++step) {
      if (list.size() == most || (!list.empty() && random() % 8 == 0)) {
        log.pop_oldest();
        list.pop_front();
      }
      const auto wanted = rest(std::to_string(random() % 5));
      const LineLog::Rest found = log.find(*wanted);
      const auto known = std::ranges::find_if(
          list, [&](const LineLog::Line& line) { return *line.rest == *wanted; });
      ASSERT_EQ(found, known == list.end() ? nullptr : known->rest);
      const Stamp stamp{random() >> (random() % 64),
                        at(static_cast<std::int64_t>(random() >> (random() % 64))),
                        at(static_cast<std::int64_t>(random() >> (random() % 64))),
                        std::chrono::nanoseconds(static_cast<std::int64_t>(random() >> 1U))};
      list.push_back({stamp, found != nullptr ? found : wanted});
      log.push(stamp, list.back().rest);
      ASSERT_EQ(log.size(), list.size());
    }
    const auto lines = log.lines();
    ASSERT_EQ(lines.size(), list.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      ASSERT_EQ(lines[i].stamp, list[i].stamp);
      ASSERT_EQ(lines[i].rest, list[i].rest);
    }
  }
}

TEST(LineLog, UsualLinesTakeNoMoreThanTheirRoom) {
  constexpr std::size_t kLines = 50;
  LineLog log(kLines);
  const std::size_t room = log.bytes();
  EXPECT_LE(room, kLines * 23);
  const LineLog::Rest good = rest("good");
  Stamp stamp{1'000'000, WallTime(1'790'000'000s), {}, 0ns};
  for (int i = 0; i < 200; ++i) {
    stamp.id += 10'000;  // the other pools' are in between
    stamp.time += 15min + std::chrono::milliseconds(i);
    stamp.evaluated_at = stamp.time - 50min;
    stamp.duration = 15s + std::chrono::nanoseconds(i);
    if (log.size() == kLines) {
      log.pop_oldest();
    }
    log.push(stamp, good);
  }
  EXPECT_EQ(log.bytes(), room);
}

TEST(LineLog, TheLargestLinesTakeABoundedRoom) {
  constexpr std::size_t kLines = 50;
  LineLog log(1);
  const LineLog::Rest good = rest("good");
  for (int i = 0; i < 500; ++i) {
    const bool odd = i % 2 == 1;
    if (log.size() == kLines) {
      log.pop_oldest();
    }
    log.push({odd ? 0 : std::uint64_t{1} << 63U, at(odd ? 1LL << 62U : -(1LL << 62U)),
              at(odd ? -(1LL << 62U) : 1LL << 62U), std::chrono::nanoseconds(-1)},
             good);
  }
  EXPECT_LE(log.bytes(), 2 * kLines * 50);
}

TEST(LineLog, AnEntryThatNoLineHasIsLetGo) {
  LineLog log(2);
  LineLog::Rest once = rest("once");
  const std::weak_ptr<const HistoryEntry> watched = once;
  log.push({1, at(1), at(1), 0ns}, std::move(once));
  log.push({2, at(2), at(2), 0ns}, rest("often"));
  log.pop_oldest();
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(log.find(*rest("once")), nullptr);
  EXPECT_NE(log.find(*rest("often")), nullptr);
}

}  // namespace
}  // namespace sfb::status
