#include "agent/directory/sealed_frames.hpp"

#include <algorithm>

namespace sfb::directory {

namespace {

constexpr std::size_t kHead = 4;

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes) {
    value = (value << 8U) | static_cast<unsigned char>(c);
  }
  return value;
}

std::string four_bytes(std::uint32_t value) {
  std::string out;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    out += static_cast<char>((value >> shift) & 0xFFU);
  }
  return out;
}

}  // namespace

std::optional<Offer> read_offer(std::string_view plain) {
  if (plain.size() != kHead) {
    return std::nullopt;
  }
  return Offer{static_cast<std::uint8_t>(plain.front()), big_endian(plain.substr(1))};
}

std::string choose_confidential() {
  return four_bytes((std::uint32_t{kConfidential} << 24U) | kMostFrame);
}

std::string frame(std::string_view sealed) {
  std::string out = four_bytes(static_cast<std::uint32_t>(sealed.size()));
  out += sealed;
  return out;
}

std::size_t SealedFrames::wanted() const {
  if (broken_ || ready()) {
    return 0;
  }
  const std::size_t whole = sealed_.size() < kHead
                                ? kHead
                                : kHead + big_endian(std::string_view(sealed_).substr(0, kHead));
  return whole - sealed_.size();
}

bool SealedFrames::add(std::string_view bytes) {
  if (broken_) {
    return false;
  }
  sealed_ += bytes;
  if (sealed_.size() < kHead) {
    return true;
  }
  const std::uint32_t length = big_endian(std::string_view(sealed_).substr(0, kHead));
  broken_ = length == 0 || length > kMostFrame;
  if (broken_ || sealed_.size() < kHead + length) {
    return !broken_;
  }
  auto plain = open_(std::string_view(sealed_).substr(kHead));
  broken_ = !plain;
  plain_ = std::move(plain).value_or(std::string());
  at_ = 0;
  sealed_.clear();
  return !broken_;
}

std::string_view SealedFrames::take(std::size_t most) {
  const std::string_view taken = std::string_view(plain_).substr(at_, most);
  at_ += taken.size();
  return taken;
}

}  // namespace sfb::directory
