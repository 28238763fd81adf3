// A pool whose snapshot is another one is rendered alone first: most of its families say the same
// as before, and their blocks stay. A block refers to the last pool of the block before it, so that
// it need not spell out names and labels anew.
#include "agent/serve/pool_blocks.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace sfb::serve {
namespace {

using exposition::Format;

/// From this part of the pools on, looking at each alone costs more than it saves.
constexpr std::size_t kManyOf = 4;

std::size_t blocks_of(std::size_t pools, std::size_t size) {
  return (pools + size - 1) / size;
}

std::size_t place_of(Format format) {
  return format == Format::openmetrics_1_0_0 ? 1 : 0;
}

bool same_families(const std::vector<PoolFamily>& one, const std::vector<PoolFamily>& other) {
  return std::ranges::equal(
      one, other, {}, [](const PoolFamily& each) { return each.family.name; },
      [](const PoolFamily& each) { return each.family.name; });
}

}  // namespace

std::size_t block_pools(const exposition::Family& family) {
  if (family.name == "sfb_backup_module_export_state") {
    return kLongPools;
  }
  const bool often =
      family.type == exposition::Type::stateset || family.name.contains("_module_") ||
      family.name.contains("_last_") || family.name == "sfb_backup_evaluations" ||
      family.name == "sfb_backup_evaluation_running" || family.name == "sfb_backup_service_working";
  return often ? kOftenPools : kBlockPools;
}

Status PoolBlocks::update(const PoolSection& section, exposition::BlockPacker& packer) {
  const auto forget = [&](Error error) {
    *this = PoolBlocks();
    return std::unexpected(std::move(error));
  };
  if (!same_families(section.families, families_)) {
    if (Status started = start(section.families, packer); !started) {
      return forget(std::move(started.error()));
    }
  }
  if (section.pools.size() != shown_.size()) {
    resize(section.pools.size());
  }
  blocks_made_ = 0;
  const std::vector<std::size_t> places = changed(section.pools);
  const bool many = places.size() > section.pools.size() / kManyOf;
  for (const std::size_t place : places) {
    if (many) {
      for (Row& row : rows_) {
        row.changed(place);
      }
    } else {
      mark(place, *section.pools[place]);
    }
    shown_[place] = section.pools[place];
  }
  for (std::size_t begin = 0; begin < section.pools.size(); begin += kBlockPools) {
    if (Status made = make_range(section.pools, begin, packer); !made) {
      return forget(std::move(made.error()));
    }
    if (const std::size_t end = begin + kBlockPools;
        end % kRunPools == 0 || end >= section.pools.size()) {
      for (Row& row : rows_) {
        row.blocks.join();
      }
    }
  }
  return {};
}

/// With no pools yet.
Status PoolBlocks::start(const std::vector<PoolFamily>& families, exposition::BlockPacker& packer) {
  families_ = families;
  rows_.clear();
  rows_.resize(families_.size());
  for (std::size_t i = 0; i < families_.size(); ++i) {
    rows_[i].pools = block_pools(families_[i].family);
    rows_[i].blocks = exposition::BlockRuns(kRunPools / rows_[i].pools);
  }
  shown_.clear();
  sums_.clear();
  for (const Format format : {Format::text_0_0_4, Format::openmetrics_1_0_0}) {
    exposition::Writer writer(format);
    for (std::size_t i = 0; i < families_.size(); ++i) {
      writer.clear();
      writer.family(families_[i].family);
      auto block = packer.pack(writer.written());
      if (!block) {
        return std::unexpected(std::move(block.error()));
      }
      rows_[i].metadata.at(place_of(format)) = std::move(*block);
    }
  }
  return {};
}

void PoolBlocks::resize(std::size_t pools) {
  const std::size_t same = std::min(pools, shown_.size());
  for (Row& row : rows_) {
    const std::size_t count = blocks_of(pools, row.pools);
    row.blocks.resize(count);
    if (count < 2) {
      row.codes = {};
    }
    row.stale.resize(count);
    // The last block of both has other pools than before.
    std::fill(row.stale.begin() + static_cast<std::ptrdiff_t>(same / row.pools), row.stale.end(),
              true);
  }
  shown_.resize(pools);
  sums_.resize(pools * families_.size());
}

bool PoolBlocks::is_changed(std::size_t place, const status::PoolSnapshotPtr& pool) const {
  const auto& shown = shown_[place];
  return shown.owner_before(pool) || pool.owner_before(shown);
}

std::vector<std::size_t> PoolBlocks::changed(std::span<const status::PoolSnapshotPtr> pools) const {
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < pools.size(); ++place) {
    if (is_changed(place, pools[place])) {
      places.push_back(place);
    }
  }
  return places;
}

std::size_t PoolBlocks::changes(std::span<const status::PoolSnapshotPtr> pools) const {
  std::size_t count = 0;
  for (std::size_t place = 0; place < pools.size(); ++place) {
    count += place >= shown_.size() || is_changed(place, pools[place]) ? 1 : 0;
  }
  return count;
}

/// Which blocks must be made anew for the pool at `place`.
void PoolBlocks::mark(std::size_t place, const status::PoolSnapshot& pool) {
  const PoolRow row(pool);
  for (std::size_t i = 0; i < families_.size(); ++i) {
    if (rows_[i].knows(place)) {
      continue;
    }
    writer_.clear();
    writer_.continue_family(families_[i].family);
    families_[i].write(writer_, row);
    if (exposition::text_sum(writer_.written()) != sum(place, i)) {
      rows_[i].changed(place);
    }
  }
}

/// The block of the pool at `place`, and the next one where that refers to this pool.
void PoolBlocks::Row::changed(std::size_t place) {
  stale[place / pools] = true;
  if (const std::size_t next = (place + 1) / pools; next < stale.size()) {
    stale[next] = true;
  }
}

bool PoolBlocks::Row::knows(std::size_t place) const {
  const std::size_t next = (place + 1) / pools;
  return stale[place / pools] && (next >= stale.size() || stale[next]);
}

/// The labels of the pools of a range, made when they are first needed.
class PoolBlocks::Lines {
 public:
  Lines(std::span<const status::PoolSnapshotPtr> pools, std::size_t begin)
      : pools_(pools), begin_(begin), end_(std::min(begin + kBlockPools, pools.size())) {}

  std::size_t end() const { return end_; }
  /// The pool before the range, too.
  const PoolRow& at(std::size_t place) {
    made_.resize(end_ - begin_);
    std::optional<PoolRow>& row = place < begin_ ? before_ : made_[place - begin_];
    return row ? *row : row.emplace(*pools_[place]);
  }

 private:
  std::span<const status::PoolSnapshotPtr> pools_;
  std::size_t begin_;
  std::size_t end_;
  std::vector<std::optional<PoolRow>> made_;
  std::optional<PoolRow> before_;
};

/// All stale blocks of kBlockPools pools: what one family reads of a pool, the next reads too.
Status PoolBlocks::make_range(std::span<const status::PoolSnapshotPtr> pools, std::size_t begin,
                              exposition::BlockPacker& packer) {
  Lines lines(pools, begin);
  for (std::size_t i = 0; i < families_.size(); ++i) {
    for (std::size_t first = begin; first < lines.end(); first += rows_[i].pools) {
      if (!rows_[i].stale[first / rows_[i].pools]) {
        continue;
      }
      if (Status made = make_block(i, first, lines, packer); !made) {
        return made;
      }
    }
  }
  return {};
}

Status PoolBlocks::make_block(std::size_t family, std::size_t begin, Lines& lines,
                              exposition::BlockPacker& packer) {
  Row& row = rows_[family];
  writer_.clear();
  writer_.continue_family(families_[family].family);
  if (begin != 0) {
    families_[family].write(writer_, lines.at(begin - 1));
  }
  const std::size_t before = writer_.written().size();
  for (std::size_t place = begin; place < std::min(begin + row.pools, lines.end()); ++place) {
    const std::size_t from = writer_.written().size();
    families_[family].write(writer_, lines.at(place));
    sum(place, family) = exposition::text_sum(writer_.written().substr(from));
  }
  const std::string_view text = writer_.written().substr(before);
  // A block alone has codes of its own: it is smaller so.
  auto block = row.blocks.size() > 1
                   ? packer.pack(text, row.codes, writer_.written().substr(0, before))
                   : packer.pack(text);
  if (!block) {
    return std::unexpected(std::move(block.error()));
  }
  row.blocks.put(begin / row.pools, std::move(*block));
  row.stale[begin / row.pools] = false;
  ++blocks_made_;
  return {};
}

void PoolBlocks::append_metadata(exposition::GzipMember& member, Format format,
                                 std::size_t family) const {
  member.add(rows_[family].metadata.at(place_of(format)));
}

void PoolBlocks::append_samples(exposition::GzipMember& member, std::size_t family) const {
  if (family < rows_.size()) {
    rows_[family].blocks.append_to(member);
  }
}

std::size_t PoolBlocks::held_bytes() const {
  std::size_t rows = 0;
  for (const Row& row : rows_) {
    for (const exposition::DeflateBlock& metadata : row.metadata) {
      rows += sizeof(metadata) + metadata.packed.size();
    }
    rows += row.codes.held_bytes() + row.blocks.held_bytes();
  }
  return rows + sums_.size() * sizeof(sums_.front()) + shown_.size() * sizeof(shown_.front());
}

}  // namespace sfb::serve
