// A gzip member from blocks, in pieces: what did not change since the page before is shared with
// it. Thread rule: pure values; BlockRuns is used by one thread at a time.
#pragma once

#include "agent/exposition/deflate_block.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sfb::exposition {

/// The bytes of a member in order. No piece is empty.
struct GzipPieces {
  std::vector<std::shared_ptr<const std::string>> list;
  std::size_t bytes = 0;       ///< of all
  std::size_t text_bytes = 0;  ///< what they unpack to

  std::string joined() const;
};

/// Blocks in a row, packed together.
struct BlockRun {
  std::shared_ptr<const std::string> packed;
  std::uint32_t crc = 0;    ///< CRC-32 of the text
  std::uint32_t shift = 0;  ///< crc_shift of the text's size
  std::size_t text_bytes = 0;
};

/// A gzip member, put together in the order of the page.
class GzipMember {
 public:
  GzipMember();

  /// Copies it.
  void add(const DeflateBlock& block);
  /// Shares it, unless it is so short that a copy costs less.
  void add(const BlockRun& run);
  /// The complete member. Nothing comes behind this.
  GzipPieces finish() &&;

 private:
  void count(std::uint32_t crc, std::uint32_t shift, std::size_t text_bytes);
  void close_piece();

  GzipPieces made_;
  std::string open_;  ///< what was copied since the last shared piece
  std::uint32_t crc_ = 0;
};

/// The blocks of one family. A run of them is one piece, so that a page has hundreds of pieces
/// where it has thousands of blocks; a block that changes makes its run anew.
class BlockRuns {
 public:
  explicit BlockRuns(std::size_t blocks_of_run = 1) : blocks_of_run_(blocks_of_run) {}

  std::size_t size() const { return blocks_.size(); }
  /// New blocks are empty. Forgets what was put and not joined.
  void resize(std::size_t blocks);
  /// Replaces a block, once before the next `join`, which brings it in.
  void put(std::size_t block, DeflateBlock made);
  void join();
  void append_to(GzipMember& member) const;
  std::size_t held_bytes() const;

 private:
  struct Block {
    std::uint32_t crc = 0;
    std::uint32_t shift = 0;
    std::uint32_t text_bytes = 0;
    std::uint32_t packed_bytes = 0;
  };
  struct Fresh {
    std::size_t block;
    DeflateBlock made;
  };

  void make_run(std::size_t run, std::span<const Fresh> fresh);

  std::size_t blocks_of_run_;
  std::vector<Block> blocks_;
  std::vector<BlockRun> runs_;
  std::vector<Fresh> fresh_;  ///< what was put since the last `join`
  std::size_t packed_bytes_ = 0;
};

}  // namespace sfb::exposition
