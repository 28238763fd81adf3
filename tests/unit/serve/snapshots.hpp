// Invented pools in every condition a page can show: for the tests of the metrics page and its
// benchmark.
#pragma once

#include "agent/serve/self_metrics.hpp"
#include "agent/status/board.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sfb::serve::testing {

/// 2026-11-23T18:47:03.25Z: the moment of all snapshots.
inline constexpr WallTime kMoment{Micros{1'795'459'623'250'000}};

/// Six pools: healthy with three modules, five modules with an ErrorState, stale, never answered,
/// in back-off, states this build does not know.
status::Snapshot six_pools();

/// Healthy pools with three modules and three machines each, `pool00000.litwareinc.com` and on.
status::Snapshot many_pools(std::size_t count);

/// The same pools, each with times, figures and a few states of its own, as real ones have: for
/// what depends on how well a page is compressed.
status::Snapshot varied_pools(std::size_t count);

/// The pool after one more evaluation: by the same states, which is what most evaluations change,
/// or with another export state of its first module.
status::PoolSnapshotPtr evaluated_again(const status::PoolSnapshot& before, std::uint32_t chance,
                                        bool other_state = false);

/// The same snapshot with one more evaluation of the first pool.
status::Snapshot with_one_change(const status::Snapshot& before);

/// Our own counters after a bit of work.
std::unique_ptr<SelfMetrics> some_self_metrics();

}  // namespace sfb::serve::testing
