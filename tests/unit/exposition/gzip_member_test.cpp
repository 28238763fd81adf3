// A member from runs of blocks is the text of the blocks, whatever changed before, and shares what
// did not.
#include "agent/exposition/gzip_member.hpp"

#include "tests/exposition/unzipped.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace sfb::exposition {
namespace {

class BlockRunsTest : public ::testing::Test {
 protected:
  void resize(std::size_t blocks) {
    texts_.resize(blocks);
    runs_.resize(blocks);
  }
  void put(std::size_t block, std::string text) {
    runs_.put(block, packer_.pack(text).value());
    texts_[block] = std::move(text);
  }
  GzipPieces pieces() const {
    GzipMember member;
    runs_.append_to(member);
    return std::move(member).finish();
  }
  void expect_texts() const {
    std::string all;
    for (const std::string& text : texts_) {
      all += text;
    }
    const GzipPieces made = pieces();
    EXPECT_EQ(made.text_bytes, all.size());
    const std::string bytes = made.joined();
    EXPECT_EQ(bytes.size(), made.bytes);
    EXPECT_TRUE(unzipped(bytes, all.size()) == all);
    EXPECT_TRUE(std::ranges::none_of(made.list, [](const auto& piece) { return piece->empty(); }));
  }
  /// Packed it has about as many bytes.
  std::string noise(std::size_t bytes) {
    std::string text(bytes, '\0');
    std::ranges::generate(text, [&] { return static_cast<char>(random_()); });
    return text;
  }

  std::mt19937 random_{11};
  BlockPacker packer_;
  BlockRuns runs_{4};
  std::vector<std::string> texts_;
};

TEST_F(BlockRunsTest, WithoutBlocksItIsAnEmptyText) {
  expect_texts();
  resize(3);
  expect_texts();
  runs_.join();
  expect_texts();
}

TEST_F(BlockRunsTest, BlocksMayBePutInAnyOrder) {
  resize(10);
  for (const std::size_t block : {9U, 0U, 4U, 3U, 7U}) {
    put(block, fmt::format("block {}\n", block));
  }
  runs_.join();
  expect_texts();
  put(1, "one\n");
  put(0, "");
  put(9, noise(5000));
  runs_.join();
  expect_texts();
}

TEST_F(BlockRunsTest, WhatDidNotChangeIsShared) {
  resize(12);
  for (std::size_t block = 0; block < 12; ++block) {
    put(block, noise(3000));
  }
  runs_.join();
  const GzipPieces before = pieces();
  ASSERT_EQ(before.list.size(), 5U) << "the begin, three runs, the end";
  put(5, noise(3000));
  runs_.join();
  const GzipPieces after = pieces();
  ASSERT_EQ(after.list.size(), 5U);
  EXPECT_EQ(after.list[1], before.list[1]);
  EXPECT_NE(after.list[2], before.list[2]);
  EXPECT_EQ(after.list[3], before.list[3]);
}

TEST_F(BlockRunsTest, ShortRunsAreCopied) {
  resize(12);
  for (std::size_t block = 0; block < 12; ++block) {
    put(block, "a few bytes\n");
  }
  runs_.join();
  EXPECT_EQ(pieces().list.size(), 1U);
  expect_texts();
}

TEST_F(BlockRunsTest, ItsBytesAreCounted) {
  resize(8);
  const std::size_t none = runs_.held_bytes();
  for (std::size_t block = 0; block < 8; ++block) {
    put(block, noise(1000));
  }
  runs_.join();
  EXPECT_GT(runs_.held_bytes(), none + 8000);
  EXPECT_LT(runs_.held_bytes(), none + 9000);
  resize(4);
  EXPECT_LT(runs_.held_bytes(), none + 4500);
  resize(0);
  EXPECT_LT(runs_.held_bytes(), none);
}

TEST_F(BlockRunsTest, AnySequenceGivesItsTexts) {
  for (int step = 0; step < 300; ++step) {
    SCOPED_TRACE(step);
    if (random_() % 4 == 0) {
      resize(random_() % 20);
    }
    for (std::size_t block = 0; block < texts_.size(); ++block) {
      if (random_() % 5 == 0) {
        put(block, random_() % 2 == 0
                       ? noise(random_() % 2000)
                       : std::string(random_() % 300, static_cast<char>('a' + step)));
      }
    }
    runs_.join();
    expect_texts();
    if (HasFailure()) {
      return;
    }
  }
}

}  // namespace
}  // namespace sfb::exposition
