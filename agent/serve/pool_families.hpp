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

  explicit PoolRow(const status::PoolSnapshot& snapshot);
};

/// A bit more than the series of these pools will take, so that the page does not grow in steps.
std::size_t estimate_bytes(const std::vector<PoolRow>& rows);

/// Whether the pools answer.
void write_up(exposition::Writer& writer, const std::vector<PoolRow>& rows);

/// The collector's own families, of those rows that are its own.
void write_views(exposition::Writer& writer, const collectors::Collector& collector,
                 const std::vector<PoolRow>& rows);

/// Counters and figures of the evaluations, and what is configured.
void write_evaluation_families(exposition::Writer& writer, const std::vector<PoolRow>& rows);

/// How the collectors beside the pool's status do, with the label collector.
void write_collector_families(exposition::Writer& writer, const std::vector<PoolRow>& rows);

}  // namespace sfb::serve
