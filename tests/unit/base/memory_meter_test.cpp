#include "agent/base/memory_meter.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace sfb {
namespace {

TEST(MemoryMeter, BlocksAreThoseOfTheAllocator) {
  EXPECT_EQ(block_of(0), 0U);
  // glibc's, on 64 bits.
  constexpr std::array<std::pair<std::size_t, std::size_t>, 7> kBlocks = {
      {{1, 32}, {24, 32}, {25, 48}, {40, 48}, {41, 64}, {1000, 1008}, {4096, 4112}}};
  for (const auto& [bytes, block] : kBlocks) {
    EXPECT_EQ(block_of(bytes), block) << bytes;
// A sanitizer has an allocator of its own.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    // Of several: one may be larger, where what would be left of a free piece is too small for one.
    std::array<void*, 64> made{};
    std::size_t least = SIZE_MAX;
    for (void*& each : made) {
      each = std::malloc(bytes);
      least = std::min(least, malloc_usable_size(each) + sizeof(std::size_t));
    }
    EXPECT_EQ(block, least) << bytes;
    for (void* each : made) {
      std::free(each);
    }
#endif
  }
}

TEST(MemoryMeter, IsOverForEver) {
  MemoryMeter meter(100);
  meter.take(100);
  EXPECT_FALSE(meter.over());
  meter.give(50);
  meter.take(51);
  EXPECT_TRUE(meter.over());
  meter.give(101);
  EXPECT_EQ(meter.used(), 0U);
  EXPECT_TRUE(meter.over());
}

TEST(MemoryMeter, ATextCountsWhatItKeepsOutside) {
  MemoryMeter meter(1000);
  meter.take(std::string(15, 'x'));
  EXPECT_EQ(meter.used(), 0U) << "in its own object";
  meter.take(std::string(100, 'x'));
  EXPECT_EQ(meter.used(), block_of(101));
  meter.give(std::string(100, 'x'));
  EXPECT_EQ(meter.used(), 0U);
}

TEST(MemoryMeter, AVectorGrowsWithinTheLimitOnly) {
  MemoryMeter meter(1000);
  std::vector<std::uint64_t> numbers;
  while (meter.grow(numbers)) {
    numbers.push_back(1);
    ASSERT_LE(numbers.capacity() * sizeof(std::uint64_t), 1000U);
  }
  EXPECT_EQ(numbers.size(), 64U) << "512 bytes; 1,024 beside them would be too much";
  EXPECT_TRUE(meter.over());
}

TEST(MemoryMeter, TrimmingGivesRoomBack) {
  MemoryMeter meter(1000);
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 33; ++i) {
    ASSERT_TRUE(meter.grow(numbers));
    numbers.push_back(1);
  }
  EXPECT_EQ(meter.used(), block_of(64 * 8));
  meter.trim(numbers);
  EXPECT_EQ(meter.used(), block_of(33 * 8));
  EXPECT_EQ(numbers.capacity(), 33U);
}

TEST(MemoryMeter, AnAnswerMayTakeEightTimesItsBytes) {
  EXPECT_EQ(most_memory({.object = 1UL << 20U}), 8UL << 20U);
  EXPECT_EQ(most_memory({.object = 1}), 4096U);
  EXPECT_EQ(most_memory({.object = SIZE_MAX}), SIZE_MAX / 8 * 8);
}

}  // namespace
}  // namespace sfb
