// What spans several entries or files: references, pairs, places given twice, times against each
// other.
#pragma once

#include "config/draft.hpp"
#include "config/loader.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"

namespace sfb::config {

/// Checks what spans several entries or files and resolves the pools. The settings are complete
/// when no problem was reported.
Settings check_and_resolve(Draft draft, const Capabilities& capabilities, const Position& start,
                           Problems& problems, Problems& warnings);

}  // namespace sfb::config
