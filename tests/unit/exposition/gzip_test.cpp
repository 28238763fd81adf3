#include "agent/exposition/gzip.hpp"

#include "tests/exposition/synthetic_page.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <random>
#include <string>

namespace sfb::exposition {
namespace {

/// What zlib makes of a gzip member; `consumed` tells whether bytes followed it.
std::string inflate_all(std::string_view member, std::size_t expected, std::size_t& consumed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string input(member);
  std::string out(expected + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END) << "zlib: " << (stream.msg ? stream.msg : "");
  consumed = stream.total_in;
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

void expect_round_trip(const std::string& name, const std::string& bytes) {
  SCOPED_TRACE(name);
  const auto member = gzip(bytes);
  ASSERT_TRUE(member.has_value()) << describe(member.error());
  std::size_t consumed = 0;
  EXPECT_TRUE(inflate_all(*member, bytes.size(), consumed) == bytes) << "other bytes came back";
  EXPECT_EQ(consumed, member->size()) << "bytes behind the member";
}

TEST(Gzip, EverySizeFromEmptyOn) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    expect_round_trip(std::to_string(i) + " bytes", bytes);
    bytes += static_cast<char>('a' + i % 7);
  }
}

TEST(Gzip, AViewOfNothing) {
  const auto member = gzip(std::string_view());
  ASSERT_TRUE(member.has_value()) << describe(member.error());
  std::size_t consumed = 0;
  EXPECT_EQ(inflate_all(*member, 0, consumed), "");
}

TEST(Gzip, IncompressibleBytesFit) {
  std::mt19937 random(1);
  for (const std::size_t size : {1000U, 65535U, 65536U, 1'000'003U}) {
    std::string bytes(size, '\0');
    for (char& c : bytes) {
      c = static_cast<char>(random());
    }
    expect_round_trip(std::to_string(size) + " random bytes", bytes);
  }
}

TEST(Gzip, NoiseAndRepetitionInTurn) {
  std::mt19937 random(2);
  std::string bytes;
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 5000; ++j) {
      bytes += static_cast<char>(random());
    }
    bytes.append(5000, 'x');
  }
  expect_round_trip("mixed", bytes);
}

TEST(Gzip, AMetricsPageShrinksTenfold) {
  const std::string page = tests::write_page(tests::synthetic_page(100), Format::text_0_0_4);
  ASSERT_GT(page.size(), 500'000U);
  expect_round_trip("100 pools", page);
  const auto member = gzip(page);
  ASSERT_TRUE(member.has_value());
  EXPECT_LT(member->size(), page.size() / 10);
  EXPECT_LT(member->capacity(), page.size() / 5) << "the worst case's room is still held";
}

}  // namespace
}  // namespace sfb::exposition
