// The families that carry the label pool: what a snapshot says, as series.
#pragma once

#include "agent/exposition/exposition.hpp"
#include "agent/status/board.hpp"

#include <cstddef>
#include <vector>

namespace sfb::serve {

/// A pool and its labels, escaped once for all of its series.
struct PoolRow {
  const status::PoolSnapshot* snapshot = nullptr;
  exposition::Labels pool;
  std::vector<exposition::Labels> modules;  ///< pool and module, as many as the snapshot's modules

  explicit PoolRow(const status::PoolSnapshot& snapshot);
  bool fresh() const { return snapshot->freshness == status::Freshness::fresh; }
};

/// A bit more than the series of these pools will take, so that the page does not grow in steps.
std::size_t estimate_bytes(const std::vector<PoolRow>& rows);

/// Verdict, states, their times and the machines.
void write_state_families(exposition::Writer& writer, const std::vector<PoolRow>& rows);

/// Counters and figures of the evaluations, and what is configured.
void write_evaluation_families(exposition::Writer& writer, const std::vector<PoolRow>& rows);

}  // namespace sfb::serve
