// The compressed samples of a list of pools, kept from page to page: a block is one family over a
// range of pools. Only blocks in which a byte changed are rendered and compressed anew.
// Thread rule: one thread at a time.
#pragma once

#include "agent/exposition/deflate_block.hpp"
#include "agent/exposition/gzip_member.hpp"
#include "agent/serve/pool_families.hpp"
#include "agent/status/board.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sfb::serve {

/// How many pools a block has. More makes the page smaller and a change dearer
/// (tests/bench/README.md, "A page from blocks"). The smaller ones divide this one.
inline constexpr std::size_t kBlockPools = 128;
/// Where evaluations or states bring another value.
inline constexpr std::size_t kOftenPools = 32;
/// Where a pool has many lines besides: the states of its modules' exports. Imports seldom change.
inline constexpr std::size_t kLongPools = 16;
/// How many pools a block of this family has. That decides about speed and size alone.
std::size_t block_pools(const exposition::Family& family);
/// Their blocks of a family are one piece of the page, unless they are short. The others divide
/// this one.
inline constexpr std::size_t kRunPools = 4 * kBlockPools;

class PoolBlocks {
 public:
  /// Brings the blocks to what `section` says. Places count, not names: a pool that is added or
  /// gone makes all behind it change, which happens at a reload only. Errors: those of
  /// BlockPacker::pack; then nothing is kept.
  Status update(const PoolSection& section, exposition::BlockPacker& packer);
  /// How many of these pools `update` would have to look at, if the families are those it knows.
  std::size_t changes(std::span<const status::PoolSnapshotPtr> pools) const;
  /// The metadata of a family of the section, and its samples: none before the first `update`.
  void append_metadata(exposition::GzipMember& member, exposition::Format format,
                       std::size_t family) const;
  void append_samples(exposition::GzipMember& member, std::size_t family) const;
  /// The memory that is held. Pages share most of it.
  std::size_t held_bytes() const;
  /// How many blocks the last update made anew.
  std::size_t blocks_made() const { return blocks_made_; }

 private:
  /// Of one family.
  struct Row {
    std::size_t pools = 0;                             ///< of a block
    std::array<exposition::DeflateBlock, 2> metadata;  ///< by format
    exposition::BlockCodes codes;                      ///< where there are several blocks
    exposition::BlockRuns blocks;
    std::vector<bool> stale;  ///< likewise: must be made anew

    void changed(std::size_t place);
    /// Whether `changed` of this place would say nothing new.
    bool knows(std::size_t place) const;
  };

  Status start(const std::vector<PoolFamily>& families, exposition::BlockPacker& packer);
  void resize(std::size_t pools);
  bool is_changed(std::size_t place, const status::PoolSnapshotPtr& pool) const;
  std::vector<std::size_t> changed(std::span<const status::PoolSnapshotPtr> pools) const;
  void mark(std::size_t place, const status::PoolSnapshot& pool);
  class Lines;
  Status make_range(std::span<const status::PoolSnapshotPtr> pools, std::size_t begin,
                    exposition::BlockPacker& packer);
  Status make_block(std::size_t family, std::size_t begin, Lines& lines,
                    exposition::BlockPacker& packer);
  std::uint64_t& sum(std::size_t place, std::size_t family) {
    return sums_[place * families_.size() + family];
  }

  std::vector<PoolFamily> families_;
  std::vector<Row> rows_;  ///< as families_
  /// What the blocks show, by place. It tells one snapshot from another and keeps none alive.
  std::vector<std::weak_ptr<const status::PoolSnapshot>> shown_;
  std::vector<std::uint64_t> sums_;  ///< of each pool's samples of each family
  std::size_t blocks_made_ = 0;
  exposition::Writer writer_{exposition::Format::text_0_0_4};  ///< samples are alike in both
};

}  // namespace sfb::serve
