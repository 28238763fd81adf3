#include "agent/exposition/gzip_parts.hpp"

#include "agent/exposition/igzip.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace sfb::exposition {
namespace {

/// A part takes the loop less than a tenth of a millisecond.
constexpr std::size_t kPart = 64UL << 10U;
constexpr std::size_t kSizeBytes = 4;

}  // namespace

struct GzipParts::Room {
  inflate_state state;
  std::array<std::uint8_t, kPart> part;
};

GzipParts::GzipParts(std::shared_ptr<const std::string> member)
    : member_(std::move(member)), room_(std::make_unique_for_overwrite<Room>()) {
  inflate_state& state = room_->state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_GZIP;
  state.next_in = bytes_of(*member_);
  state.avail_in = static_cast<std::uint32_t>(member_->size());
}

GzipParts::~GzipParts() = default;

std::size_t GzipParts::size() const {
  std::size_t bytes = 0;
  for (std::size_t i = 1; i <= kSizeBytes && i <= member_->size(); ++i) {
    bytes = bytes << 8U | static_cast<std::uint8_t>((*member_)[member_->size() - i]);
  }
  return bytes;
}

std::size_t GzipParts::held() const {
  return member_->size() + sizeof(Room);
}

std::string_view GzipParts::next() {
  inflate_state& state = room_->state;
  if (state.block_state == ISAL_BLOCK_FINISH) {
    return {};
  }
  state.next_out = room_->part.data();
  state.avail_out = static_cast<std::uint32_t>(room_->part.size());
  if (isal_inflate(&state) != ISAL_DECOMP_OK) {
    state.block_state = ISAL_BLOCK_FINISH;
    return {};
  }
  return {reinterpret_cast<const char*>(room_->part.data()), room_->part.size() - state.avail_out};
}

}  // namespace sfb::exposition
