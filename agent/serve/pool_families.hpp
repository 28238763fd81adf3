// The families that carry the label pool: what a snapshot says, as series.
#pragma once

#include "agent/exposition/exposition.hpp"
#include "agent/status/board.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace sfb::serve {

/// A pool and its labels, escaped once for all of its series.
struct PoolRow {
  const status::PoolSnapshot* snapshot = nullptr;
  exposition::Labels pool;

  explicit PoolRow(const status::PoolSnapshot& snapshot);
};

/// A bit more than the series of these pools will take, so that the page does not grow in steps.
std::size_t estimate_bytes(std::span<const status::PoolSnapshotPtr> pools);

/// One family of the page, and what writes a pool's samples of it. What is written follows from the
/// snapshot alone, so that the same snapshot always gives the same bytes.
struct PoolFamily {
  exposition::Family family;
  void (*own)(exposition::Writer&, const PoolRow&) = nullptr;
  const collectors::Collector* collector = nullptr;  ///< where `own` is null: whose views
  void (*of_view)(exposition::Writer&, const collectors::View&) = nullptr;

  void write(exposition::Writer& writer, const PoolRow& row) const;
};

/// Families of the page in a row, and the pools that they are written for.
struct PoolSection {
  std::vector<PoolFamily> families;
  std::span<const status::PoolSnapshotPtr> pools;
  std::vector<status::PoolSnapshotPtr> chosen = {};  ///< where `pools` is no list of the snapshot
};

/// The families with the label pool in the order of the page: what is known of pools' status and of
/// its evaluations; how the collectors beside it do; what each of these shows. It lives as long as
/// `snapshot`.
std::vector<PoolSection> pool_sections(const status::Snapshot& snapshot);

}  // namespace sfb::serve
