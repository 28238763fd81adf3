#include "agent/directory/sealed_frames.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::directory {
namespace {

using namespace std::string_literals;

// What is sealed here has an S before it.
std::optional<std::string> open(std::string_view sealed) {
  return sealed.starts_with('S') ? std::optional(std::string(sealed.substr(1))) : std::nullopt;
}

TEST(SealedFrames, AMessageMayComeInPieces) {
  const std::string bytes = frame("Shello") + frame("S") + frame("Sworld");
  for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
    SealedFrames frames(open);
    std::string plain;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const auto now = std::min({piece, frames.wanted(), rest.size()});
      ASSERT_GT(now, 0U);
      ASSERT_TRUE(frames.add(rest.substr(0, now)));
      rest.remove_prefix(now);
      while (frames.ready()) {
        EXPECT_EQ(frames.wanted(), 0U);
        plain += frames.take(2);
      }
    }
    EXPECT_EQ(plain, "helloworld");
    EXPECT_EQ(frames.wanted(), 4U);
  }
}

TEST(SealedFrames, WhatIsNotSealedOrTooLongIsTheEnd) {
  for (const std::string& bad :
       {frame("hello"), frame(""), "\x00\x10\x00\x01"s, "\xFF\xFF\xFF\xFF"s}) {
    SealedFrames frames(open);
    EXPECT_FALSE(frames.add(bad));
    EXPECT_FALSE(frames.ready());
    EXPECT_EQ(frames.wanted(), 0U);
    EXPECT_FALSE(frames.add(frame("Shello")));
  }
}

TEST(SealedFrames, TheOfferOfLayers) {
  EXPECT_FALSE(read_offer("\x07\x0A\x00"));
  EXPECT_FALSE(read_offer("\x07\x0A\x00\x00\x00"s));
  const auto offer = read_offer("\x06\x0A\x00\x01"s);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->layers & kConfidential, kConfidential);
  EXPECT_EQ(offer->most, 0x0A0001U);
  EXPECT_EQ(read_offer("\x03\x0A\x00\x00"s)->layers & kConfidential, 0);
  EXPECT_EQ(choose_confidential(), "\x04\x10\x00\x00"s);
}

}  // namespace
}  // namespace sfb::directory
