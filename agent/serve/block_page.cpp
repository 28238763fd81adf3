#include "agent/serve/block_page.hpp"

#include "agent/serve/metrics_page.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace sfb::serve {
namespace {

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

Result<BlockPage::Made> BlockPage::put_together(const status::Snapshot& snapshot,
                                                const SelfMetrics& self,
                                                exposition::Format format) {
  const std::vector<PoolSection> wanted = pool_sections(snapshot);
  sections_.resize(wanted.size());
  std::size_t bytes = 0;
  Made made;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (Status done = sections_[i].update(wanted[i], packer_); !done) {
      return std::unexpected(std::move(done.error()));
    }
    bytes += sections_[i].packed_bytes();
    made.held_bytes += sections_[i].held_bytes();
    made.blocks_made += sections_[i].blocks_made();
  }
  exposition::Writer writer(format);
  write_rest(writer, snapshot, self);
  made.rest = writer.finish();
  const auto rest = packer_.pack(made.rest);
  if (!rest) {
    return std::unexpected(rest.error());
  }
  exposition::GzipMember member(bytes + rest->packed.size());
  for (const PoolBlocks& section : sections_) {
    section.append(member, format);
  }
  member.add(*rest);
  if (member.text_bytes() > kLargestText) {
    return fail(
        Reason::internal, "gzip.too_large",
        fmt::format("the metrics page has {} bytes, more than gzip can count", member.text_bytes()),
        "configure fewer pools for one agent");
  }
  made.text_bytes = member.text_bytes();
  made.gzip = std::move(member).finish();
  return made;
}

}  // namespace sfb::serve
