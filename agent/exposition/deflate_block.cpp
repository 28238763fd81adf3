// ISA-L ends a block with FULL_FLUSH at a byte boundary. The arithmetic of CRCs is that of
// polynomials over GF(2) modulo gzip's, bits reflected: the highest bit is x^0.
#include "agent/exposition/deflate_block.hpp"

#include "agent/exposition/igzip.hpp"

#include <fmt/format.h>
#include <isa-l/crc.h>
#include <isa-l/crc64.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sfb::exposition {
namespace {

constexpr std::uint32_t kPolynomial = 0xEDB88320;
constexpr std::uint32_t kUnit = 0x80000000;          ///< x^0
constexpr std::uint32_t kEighthPower = kUnit >> 8U;  ///< x^8
constexpr std::size_t kLargestText = std::size_t{1} << 30U;

/// More teaches nothing new.
constexpr std::size_t kMostLearned = 64UL << 10U;

std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (; a != 0; a <<= 1U) {
    if ((a & kUnit) != 0) {
      product ^= b;
    }
    b = (b & 1U) != 0 ? (b >> 1U) ^ kPolynomial : b >> 1U;
  }
  return product;
}

/// What deflate costs at worst: five bytes per stored block, and the flush.
constexpr std::size_t worst_block(std::size_t bytes) {
  constexpr std::size_t kStored = 65535;
  return bytes + (bytes / kStored + 1) * 5 + 64;
}

}  // namespace

struct BlockCodes::Tables {
  isal_hufftables tables;

  isal_hufftables* only_read() const { return const_cast<isal_hufftables*>(&tables); }
};

struct BlockPacker::Room {
  isal_zstream stream{};
  std::array<std::uint8_t, ISAL_DEF_LVL1_DEFAULT> level;
  std::string out;

  Status deflate(std::string_view text, const BlockCodes::Tables* tables, std::string_view before);
  bool deflate_behind(std::string_view before, std::string_view text,
                      const BlockCodes::Tables& tables);
};

/// Into `out`.
Status BlockPacker::Room::deflate(std::string_view text, const BlockCodes::Tables* tables,
                                  std::string_view before) {
  if (tables != nullptr && !before.empty() && deflate_behind(before, text, *tables)) {
    return {};
  }
  isal_deflate_stateless_init(&stream);
  stream.end_of_stream = 0;
  stream.flush = FULL_FLUSH;
  if (tables != nullptr) {
    stream.hufftables = tables->only_read();
  }
  return deflate_into(out, stream, tables != nullptr ? nullptr : level.data(), text,
                      worst_block(text.size()), "a part");
}

/// False where the codes make the text longer than it is; without a text before it, igzip stores
/// such a text as it is.
bool BlockPacker::Room::deflate_behind(std::string_view before, std::string_view text,
                                       const BlockCodes::Tables& tables) {
  isal_deflate_init(&stream);
  stream.hufftables = tables.only_read();
  stream.flush = SYNC_FLUSH;
  if (isal_deflate_set_dict(&stream, bytes_of(before), static_cast<std::uint32_t>(before.size())) !=
      COMP_OK) {
    return false;
  }
  stream.next_in = bytes_of(text);
  stream.avail_in = static_cast<std::uint32_t>(text.size());
  int code = COMP_OK;
  out.resize_and_overwrite(worst_block(text.size()), [&](char* data, std::size_t size) {
    stream.next_out = reinterpret_cast<std::uint8_t*>(data);
    stream.avail_out = static_cast<std::uint32_t>(size);
    code = isal_deflate(&stream);
    return stream.total_out;
  });
  return code == COMP_OK && stream.internal_state.state == ZSTATE_NEW_HDR && stream.avail_out != 0;
}

BlockCodes::BlockCodes() = default;
BlockCodes::~BlockCodes() = default;
BlockCodes::BlockCodes(BlockCodes&& other) noexcept = default;
BlockCodes& BlockCodes::operator=(BlockCodes&& other) noexcept = default;

std::size_t BlockCodes::held_bytes() const {
  return tables_ == nullptr ? 0 : sizeof(Tables);
}

BlockPacker::BlockPacker() : room_(std::make_unique<Room>()) {}
BlockPacker::~BlockPacker() = default;

Result<DeflateBlock> BlockPacker::pack(std::string_view text) {
  return pack(text, nullptr, {});
}

Result<DeflateBlock> BlockPacker::pack(std::string_view text, BlockCodes& codes,
                                       std::string_view before) {
  if (!text.empty() && (codes.tables_ == nullptr || text.size() / 2 > codes.learned_from_)) {
    isal_huff_histogram histogram{};
    isal_update_histogram(bytes_of(text), static_cast<int>(std::min(text.size(), kMostLearned)),
                          &histogram);
    if (codes.tables_ == nullptr) {
      codes.tables_ = std::make_unique_for_overwrite<BlockCodes::Tables>();
    }
    codes.learned_from_ = text.size();
    if (isal_create_hufftables(&codes.tables_->tables, &histogram) != 0) {
      codes = {};
    }
  }
  return pack(text, codes.tables_.get(), before);
}

Result<DeflateBlock> BlockPacker::pack(std::string_view text, const BlockCodes::Tables* tables,
                                       std::string_view before) {
  if (text.empty()) {
    return DeflateBlock{.packed = {}, .crc = 0, .shift = kUnit, .text_bytes = 0};
  }
  if (text.size() > kLargestText) {
    return fail(
        Reason::internal, "gzip.too_large",
        fmt::format("gzip of a part of a page: {} bytes are more than one call takes", text.size()),
        "configure fewer pools for one agent");
  }
  if (Status done = room_->deflate(text, tables, before); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return DeflateBlock{.packed = std::string(room_->out),  // as large as it must be
                      .crc = crc32_gzip_refl(0, bytes_of(text), text.size()),
                      .shift = crc_shift(text.size()),
                      .text_bytes = static_cast<std::uint32_t>(text.size())};
}

std::uint32_t crc_shift(std::size_t bytes) {
  std::uint32_t result = kUnit;
  for (std::uint32_t power = kEighthPower; bytes != 0; bytes >>= 1U) {
    if ((bytes & 1U) != 0) {
      result = multiply(result, power);
    }
    power = multiply(power, power);
  }
  return result;
}

std::uint32_t crc_combine(std::uint32_t first, std::uint32_t second, std::uint32_t shift) {
  return multiply(shift, first) ^ second;
}

std::uint64_t text_sum(std::string_view text) {
  return crc64_ecma_refl(0, bytes_of(text), text.size());
}

}  // namespace sfb::exposition
