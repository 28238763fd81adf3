// Whether the times of a pool go together: intervals, time-outs and how long states last.
#pragma once

#include "config/draft.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"

namespace sfb::config {

/// `resolved`: the pool with the times of `global` where it has none of its own.
void check_pool_times(const DraftPool& pool, const Pool& resolved, const Global& global,
                      Problems& problems, Problems& warnings);

}  // namespace sfb::config
