#include "agent/exposition/gzip_parts.hpp"

#include "agent/exposition/igzip.hpp"

#include <array>
#include <cstdint>
#include <utility>

namespace sfb::exposition {
namespace {

/// A part takes the loop less than a tenth of a millisecond.
constexpr std::size_t kPart = 64UL << 10U;

}  // namespace

struct GzipParts::Room {
  inflate_state state;
  std::array<std::uint8_t, kPart> part;
};

GzipParts::GzipParts(std::shared_ptr<const GzipPieces> member)
    : member_(std::move(member)), room_(std::make_unique_for_overwrite<Room>()) {
  isal_inflate_init(&room_->state);
  room_->state.crc_flag = ISAL_GZIP;
}

GzipParts::~GzipParts() = default;

std::size_t GzipParts::held() const {
  return member_->bytes + sizeof(Room);
}

std::string_view GzipParts::next() {
  inflate_state& state = room_->state;
  state.next_out = room_->part.data();
  state.avail_out = static_cast<std::uint32_t>(room_->part.size());
  while (state.avail_out != 0 && state.block_state != ISAL_BLOCK_FINISH) {
    if (state.avail_in == 0 && piece_ < member_->list.size()) {
      const std::string& piece = *member_->list[piece_++];
      state.next_in = bytes_of(piece);
      state.avail_in = static_cast<std::uint32_t>(piece.size());
    }
    const std::uint32_t in = state.avail_in;
    const std::uint32_t out = state.avail_out;
    if (isal_inflate(&state) != ISAL_DECOMP_OK) {
      state.block_state = ISAL_BLOCK_FINISH;
      return {};
    }
    if (state.avail_in == in && state.avail_out == out) {
      break;  // cut
    }
  }
  return {reinterpret_cast<const char*>(room_->part.data()), room_->part.size() - state.avail_out};
}

}  // namespace sfb::exposition
