// Pools as the engine would know them, for the API's golden pages: every field has a value
// somewhere, and is null somewhere where it may be.
#pragma once

#include "agent/status/board.hpp"
#include "agent/status/history.hpp"

#include <vector>

namespace sfb::serve::testing {

/// Of all snapshots: 2026-11-23T18:47:03.25Z, and 1,000,000 s of the monotonic clock.
Now api_moment();

/// atl and chi: a pair, one healthy with other collectors and non-fatal errors, one with bad and
/// unknown states whose last evaluations failed. den and its partner elp: den is stale, elp answers
/// without a module. fra: never asked, its partner not configured.
status::Snapshot api_pools();
/// The same pools, of which all answers are too old.
status::Snapshot stale_pools();

/// What the history of atl holds, newest first: good, failed and skipped.
std::vector<status::HistoryEntry> api_history();

}  // namespace sfb::serve::testing
