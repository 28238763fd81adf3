// Blocks against zlib: what unpacks, and the arithmetic of their CRCs.
#include "agent/exposition/deflate_block.hpp"

#include "agent/exposition/gzip_member.hpp"
#include "tests/exposition/synthetic_page.hpp"
#include "tests/exposition/unzipped.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace sfb::exposition {
namespace {

std::string member_of(const std::vector<std::string>& texts) {
  BlockPacker packer;
  GzipMember member;
  for (const std::string& text : texts) {
    const auto block = packer.pack(text);
    EXPECT_TRUE(block.has_value());
    member.add(block.value());
  }
  return std::move(member).finish().joined();
}

void expect_round_trip(const std::string& name, const std::vector<std::string>& texts) {
  SCOPED_TRACE(name);
  std::string whole;
  for (const std::string& text : texts) {
    whole += text;
  }
  EXPECT_TRUE(unzipped(member_of(texts), whole.size()) == whole) << "other bytes came back";
}

std::string noise(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) {
    c = static_cast<char>(random());
  }
  return bytes;
}

TEST(DeflateBlock, AMemberOfNoBlocksIsEmpty) {
  expect_round_trip("none", {});
  expect_round_trip("one empty block", {""});
  expect_round_trip("empty blocks between", {"", "a", "", "b", ""});
}

TEST(DeflateBlock, EverySizeFromEmptyOn) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    expect_round_trip(std::to_string(i) + " bytes, twice", {bytes, bytes});
    bytes += static_cast<char>('a' + i % 7);
  }
}

TEST(DeflateBlock, FiveThousandBlocks) {
  std::mt19937 random(3);
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) {
    texts.push_back("sfb_backup_up{pool=\"p" + std::to_string(i) + "\"} " +
                    std::to_string(random() % 1000) + "\n");
    if (i % 10 == 0) {
      texts.back().append(random() % 3000, 'x');
    }
  }
  expect_round_trip("5000", texts);
}

TEST(DeflateBlock, NoiseAtTheBoundsOfStoredBlocks) {
  std::mt19937 random(1);
  for (const std::size_t size : {1000U, 65535U, 65536U, 65537U, 300'003U}) {
    expect_round_trip(std::to_string(size), {noise(random, size), "text", noise(random, size)});
  }
}

TEST(DeflateBlock, EachStandsForItself) {
  const std::string page = tests::write_page(tests::synthetic_page(20), Format::text_0_0_4);
  BlockPacker packer;
  const DeflateBlock first = packer.pack(page).value();
  packer.pack("something else").value();
  const DeflateBlock again = packer.pack(page).value();
  EXPECT_EQ(first.packed, again.packed) << "nothing of an earlier block is used";
  EXPECT_EQ(first.packed.capacity(), first.packed.size());
}

TEST(DeflateBlock, TheCrcIsThatOfZlib) {
  std::mt19937 random(7);
  BlockPacker packer;
  for (const std::size_t size : {1U, 2U, 255U, 256U, 4097U, 1'000'000U}) {
    const std::string one = noise(random, 100 + size % 50);
    const std::string two = noise(random, size);
    const auto crc = [](const std::string& text) {
      return crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
    };
    const DeflateBlock block = packer.pack(two).value();
    EXPECT_EQ(block.crc, crc(two));
    EXPECT_EQ(block.shift, crc_shift(size));
    EXPECT_EQ(block.text_bytes, size);
    EXPECT_EQ(crc_combine(static_cast<std::uint32_t>(crc(one)), block.crc, block.shift),
              crc(one + two));
    EXPECT_EQ(crc_combine(1234567, 7654321, crc_shift(size)),
              crc32_combine(1234567, 7654321, static_cast<z_off_t>(size)));
  }
}

TEST(DeflateBlock, AWrongBlockIsNoticed) {
  BlockPacker packer;
  GzipMember member;
  DeflateBlock block = packer.pack("text that is right").value();
  block.crc ^= 1U;
  member.add(block);
  std::string bytes = std::move(member).finish().joined();
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_DATA_ERROR);
  inflateEnd(&stream);
}

TEST(TextSum, TellsTextsApart) {
  EXPECT_EQ(text_sum("up{} 1\n"), text_sum("up{} 1\n"));
  EXPECT_NE(text_sum("up{} 1\n"), text_sum("up{} 0\n"));
  EXPECT_NE(text_sum(""), text_sum(std::string(1, '\0')));
  EXPECT_NE(text_sum("up{} 1"), text_sum("up{} 1\n"));
}

}  // namespace
}  // namespace sfb::exposition
