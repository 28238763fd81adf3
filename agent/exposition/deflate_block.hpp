// Parts of a gzip member that are compressed by themselves: a page is put together from blocks, so
// only those that changed are compressed anew. Thread rule: pure values; a BlockPacker belongs to
// one thread.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sfb::exposition {

/// Compressed text that ends at a byte boundary and is not the last of its member. It needs nothing
/// of what stands before it, unless it was packed to stand behind a certain text.
struct DeflateBlock {
  std::string packed;            ///< raw deflate
  std::uint32_t crc = 0;         ///< CRC-32 of the text
  std::uint32_t shift = 0;       ///< crc_shift of the text's size
  std::uint32_t text_bytes = 0;  ///< of the text
};

/// Huffman codes for texts that are alike, learned from one of them: they are kept, so that
/// a block takes half the time that codes of its own would take.
class BlockCodes {
 public:
  BlockCodes();
  ~BlockCodes();
  BlockCodes(BlockCodes&& other) noexcept;
  BlockCodes& operator=(BlockCodes&& other) noexcept;

  std::size_t held_bytes() const;

 private:
  friend class BlockPacker;
  struct Tables;
  std::unique_ptr<Tables> tables_;
  std::size_t learned_from_ = 0;  ///< bytes of text
};

/// Compresses blocks by ISA-L. It keeps the room that compressing takes.
class BlockPacker {
 public:
  BlockPacker();
  ~BlockPacker();
  BlockPacker(const BlockPacker&) = delete;
  BlockPacker& operator=(const BlockPacker&) = delete;

  /// Of an empty text an empty block. Reason::internal, code `gzip.too_large` from 1 GiB on and
  /// `gzip.failed` if the library fails, which should never happen.
  Result<DeflateBlock> pack(std::string_view text);
  /// The same by kept codes, which are learned from this text where they were learned from one of
  /// not even half its size. It unpacks to the text whatever they were learned from. `before`: what
  /// always stands right before the text in its member; the block may refer to it, so it is of use
  /// nowhere else. At most 32 KiB of its end count.
  Result<DeflateBlock> pack(std::string_view text, BlockCodes& codes, std::string_view before = {});

 private:
  Result<DeflateBlock> pack(std::string_view text, const BlockCodes::Tables* tables,
                            std::string_view before);

  struct Room;
  std::unique_ptr<Room> room_;
};

/// What turns the CRC-32 of a text into its part of the CRC-32 of a longer one, of which `bytes`
/// more bytes follow (zlib calls this crc32_combine_gen).
std::uint32_t crc_shift(std::size_t bytes);

/// The CRC-32 of two texts in a row: `shift` is crc_shift of the size of the second.
std::uint32_t crc_combine(std::uint32_t first, std::uint32_t second, std::uint32_t shift);

/// 64 bits that tell texts apart. Any change within eight bytes gives another value; other changes
/// go unnoticed once in 2^64.
std::uint64_t text_sum(std::string_view text);

}  // namespace sfb::exposition
