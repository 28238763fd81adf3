#include "agent/exposition/gzip_parts.hpp"

#include "agent/exposition/deflate_block.hpp"
#include "agent/exposition/gzip.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace sfb::exposition {
namespace {

std::string some_text(std::size_t bytes) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < bytes) {
    text += "sfb_backup_up{pool=\"pool-" + std::to_string(random() % 1000) + "\"} 1\n";
  }
  text.resize(bytes);
  return text;
}

/// In pieces of at most so many bytes.
std::shared_ptr<const GzipPieces> pieces_of(const std::string& member, std::size_t text_bytes,
                                            std::size_t most = 1U << 20U) {
  GzipPieces pieces{.list = {}, .bytes = member.size(), .text_bytes = text_bytes};
  for (std::size_t i = 0; i < member.size(); i += most) {
    pieces.list.push_back(std::make_shared<const std::string>(member.substr(i, most)));
  }
  return std::make_shared<const GzipPieces>(std::move(pieces));
}

std::string all_of(GzipParts& parts) {
  std::string text;
  for (std::string_view part = parts.next(); !part.empty(); part = parts.next()) {
    EXPECT_LE(part.size(), 64U << 10U);
    text += part;
  }
  return text;
}

TEST(GzipParts, AllPartsAreTheText) {
  for (const std::size_t bytes : {0U, 1U, 65'535U, 65'536U, 65'537U, 3'000'000U}) {
    const std::string text = some_text(bytes);
    for (const std::size_t most : {std::size_t{1}, std::size_t{777}, std::size_t{1} << 20U}) {
      GzipParts parts(pieces_of(gzip(text).value(), bytes, most));
      EXPECT_EQ(parts.size(), bytes);
      EXPECT_TRUE(all_of(parts) == text) << bytes << ", " << most;
      EXPECT_TRUE(parts.next().empty());
    }
  }
}

TEST(GzipParts, OfAMemberFromBlocks) {
  const std::string text = some_text(500'000);
  BlockPacker packer;
  GzipMember member;
  for (std::size_t i = 0; i < text.size(); i += 30'000) {
    member.add(packer.pack(std::string_view(text).substr(i, 30'000)).value());
  }
  GzipParts parts(std::make_shared<const GzipPieces>(std::move(member).finish()));
  EXPECT_EQ(parts.size(), text.size());
  EXPECT_TRUE(all_of(parts) == text);
}

TEST(GzipParts, ADamagedMemberEndsEarly) {
  const std::string text = some_text(300'000);
  const std::string good = gzip(text).value();
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    std::string member = good;
    member[10 + random() % (member.size() - 18)] ^= static_cast<char>(1U << random() % 8U);
    GzipParts parts(pieces_of(member, text.size(), 50'000));
    EXPECT_FALSE(all_of(parts) == text);
  }
  GzipParts cut(pieces_of(good.substr(0, good.size() / 2), text.size()));
  EXPECT_LT(all_of(cut).size(), text.size());
  GzipParts empty(std::make_shared<const GzipPieces>());
  EXPECT_EQ(all_of(empty), "");
}

}  // namespace
}  // namespace sfb::exposition
