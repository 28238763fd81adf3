#include "agent/serve/block_page.hpp"

#include "agent/serve/metrics_page.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <future>
#include <limits>
#include <span>
#include <utility>

namespace sfb::serve {
namespace {

/// So many changed pools take longer than starting a thread.
constexpr std::size_t kWorthAThread = 8;
constexpr std::size_t kLargestText = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Result<BlockPage::Made> BlockPage::make(const status::Snapshot& snapshot, const SelfMetrics& self,
                                        exposition::Format format) {
  const std::scoped_lock lock(mutex_);
  try {
    return put_together(snapshot, self, format);
  } catch (...) {
    sections_.clear();  // out of memory half way: what is kept does not fit together
    throw;
  }
}

/// The second half by another thread, where there is one and enough of it has changed.
Status BlockPage::update(Halves& halves, const PoolSection& section) {
  const std::size_t pools = section.pools.size();
  const std::size_t first = pools < kManyPools ? pools : pools / 2 / kBlockPools * kBlockPools;
  if (first == pools) {
    halves[1] = {};
    return halves[0].update(section, packers_[0]);
  }
  const auto bring = [&](std::size_t half, std::span<const status::PoolSnapshotPtr> its) {
    return halves.at(half).update({.families = section.families, .pools = its}, packers_.at(half));
  };
  const auto behind = section.pools.subspan(first);
  if (halves[1].changes(behind) < kWorthAThread) {
    Status done = bring(0, section.pools.first(first));
    return done ? bring(1, behind) : done;
  }
  // A deferred one runs in `get`, on this thread.
  const auto policy = std::launch::async | std::launch::deferred;
  std::future<Status> second = std::async(policy, [&] { return bring(1, behind); });
  Status done = bring(0, section.pools.first(first));
  Status other = second.get();
  return done ? other : done;
}

Result<BlockPage::Made> BlockPage::put_together(const status::Snapshot& snapshot,
                                                const SelfMetrics& self,
                                                exposition::Format format) {
  const std::vector<PoolSection> wanted = pool_sections(snapshot);
  sections_.resize(wanted.size());
  Made made;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (Status done = update(sections_[i], wanted[i]); !done) {
      return std::unexpected(std::move(done.error()));
    }
    for (const PoolBlocks& half : sections_[i]) {
      made.held_bytes += half.held_bytes();
      made.blocks_made += half.blocks_made();
    }
  }
  exposition::Writer writer(format);
  write_rest(writer, snapshot, self);
  made.rest = writer.finish();
  const auto rest = packers_[0].pack(made.rest);
  if (!rest) {
    return std::unexpected(rest.error());
  }
  exposition::GzipMember member;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    for (std::size_t family = 0; family < wanted[i].families.size(); ++family) {
      sections_[i].front().append_metadata(member, format, family);
      for (const PoolBlocks& half : sections_[i]) {
        half.append_samples(member, family);
      }
    }
  }
  member.add(*rest);
  made.gzip = std::move(member).finish();
  if (made.gzip.text_bytes > kLargestText) {
    return fail(Reason::internal, "gzip.too_large",
                fmt::format("the metrics page has {} bytes, more than gzip can count",
                            made.gzip.text_bytes),
                "configure fewer pools for one agent");
  }
  return made;
}

}  // namespace sfb::serve
