// Blocks by kept codes: whatever they were learned from, zlib gives the text back.
#include "agent/exposition/deflate_block.hpp"
#include "agent/exposition/gzip_member.hpp"
#include "tests/exposition/unzipped.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::exposition {
namespace {

/// Each block may refer to `reach` bytes of what stands before it.
void expect_comes_back(const std::vector<std::string>& texts, std::size_t reach = 0) {
  BlockPacker packer;
  BlockCodes codes;
  GzipMember member;
  std::string whole;
  for (const std::string& text : texts) {
    const std::string_view before(whole);
    const auto block =
        packer.pack(text, codes, before.substr(before.size() - std::min(reach, before.size())));
    ASSERT_TRUE(block.has_value());
    member.add(block.value());
    whole += text;
  }
  EXPECT_TRUE(unzipped(std::move(member).finish().joined(), whole.size()) == whole);
}

std::string samples(std::mt19937& random, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    text += "sfb_backup_up{pool=\"pool-" + std::to_string(random() % 10'000) + "\"} " +
            std::to_string(random() % 3) + "\n";
  }
  return text;
}

TEST(BlockCodes, AnyTextByTheCodesOfAnyOther) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts;
    for (int i = 0; i < 8; ++i) {
      const std::size_t bytes = random() % (std::size_t{1} << random() % 18);
      std::string text;
      switch (random() % 4) {
        case 0:
          text = std::string(bytes, static_cast<char>(random()));
          break;
        case 1:
          std::generate_n(std::back_inserter(text), bytes,
                          [&] { return static_cast<char>(random()); });
          break;
        default:
          text = samples(random, bytes);
      }
      texts.push_back(std::move(text));
    }
    expect_comes_back(texts);
    expect_comes_back(texts, random() % (std::size_t{1} << random() % 20));
  }
}

TEST(BlockCodes, EverySizeFromEmptyOn) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    expect_comes_back({bytes, bytes});
    expect_comes_back({bytes, bytes}, 1 + bytes.size() % 40);
    expect_comes_back({bytes, bytes, "x"}, bytes.size());
    bytes += static_cast<char>('a' + i % 7);
  }
}

TEST(BlockCodes, AreLearnedAgainFromAMuchLongerText) {
  std::mt19937 random(5);
  const std::string text = samples(random, 50'000);
  BlockPacker packer;
  const std::size_t own = packer.pack(text).value().packed.size();
  BlockCodes codes;
  EXPECT_EQ(codes.held_bytes(), 0U);
  packer.pack("x", codes).value();
  EXPECT_GT(codes.held_bytes(), 1000U);
  EXPECT_LE(packer.pack(text, codes).value().packed.size(), own * 105 / 100);
  EXPECT_LE(packer.pack(samples(random, 50'000), codes).value().packed.size(), own * 105 / 100)
      << "another one";
}

TEST(BlockCodes, ATextLikeTheOneBeforeItTakesLess) {
  std::mt19937 random(7);
  const std::string before = samples(random, 3000);
  const std::string text = samples(random, 300);
  BlockPacker packer;
  BlockCodes codes;
  packer.pack(before, codes).value();
  const std::size_t alone = packer.pack(text, codes).value().packed.size();
  EXPECT_LT(packer.pack(text, codes, before).value().packed.size(), alone);
  EXPECT_LT(packer.pack(before, codes, before).value().packed.size(), 200U) << "the same again";
}

TEST(BlockCodes, WhatTheCodesMakeLongerIsStored) {
  std::mt19937 random(9);
  BlockPacker packer;
  BlockCodes codes;
  packer.pack(samples(random, 20'000), codes).value();
  std::string noise;
  std::generate_n(std::back_inserter(noise), 10'000, [&] { return static_cast<char>(random()); });
  EXPECT_LT(packer.pack(noise, codes, "before it").value().packed.size(), noise.size() + 64);
}

}  // namespace
}  // namespace sfb::exposition
