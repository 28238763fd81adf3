// The metrics page as gzip, put together from blocks that are kept: it costs what changed.
#pragma once

#include "agent/base/error.hpp"
#include "agent/exposition/deflate_block.hpp"
#include "agent/exposition/exposition.hpp"
#include "agent/exposition/gzip_member.hpp"
#include "agent/serve/pool_blocks.hpp"
#include "agent/serve/self_metrics.hpp"
#include "agent/status/board.hpp"

#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace sfb::serve {

/// From so many pools on, two threads make the page.
inline constexpr std::size_t kManyPools = 4 * 1024;

/// Thread rule: any thread; one page at a time is made, others wait.
class BlockPage {
 public:
  struct Made {
    exposition::GzipPieces gzip;
    std::string rest;             ///< the text behind the families of pools, with the end
    std::size_t held_bytes = 0;   ///< by the blocks, which the page shares
    std::size_t blocks_made = 0;  ///< for this page; the others were there
  };

  /// One gzip member, which unpacks to render_metrics_page. Errors: those of BlockPacker::pack,
  /// `gzip.too_large` from 4 GiB of text on too.
  Result<Made> make(const status::Snapshot& snapshot, const SelfMetrics& self,
                    exposition::Format format);

 private:
  /// Of a section's pools, each brought up to date by a thread. The second has pools only where
  /// there are many.
  using Halves = std::array<PoolBlocks, 2>;

  Result<Made> put_together(const status::Snapshot& snapshot, const SelfMetrics& self,
                            exposition::Format format);
  Status update(Halves& halves, const PoolSection& section);

  std::mutex mutex_;
  std::array<exposition::BlockPacker, 2> packers_;  ///< one for each thread
  std::vector<Halves> sections_;                    ///< as pool_sections has them
};

}  // namespace sfb::serve
