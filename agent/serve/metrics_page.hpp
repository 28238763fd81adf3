// The metrics page as one string: the families from a snapshot. Pure; runs on a worker
// thread.
#pragma once

#include "agent/exposition/exposition.hpp"
#include "agent/serve/self_metrics.hpp"
#include "agent/status/board.hpp"

#include <string>

namespace sfb::serve {

/// All families in a fixed order; every pool's series come from one snapshot, so they agree with
/// each other.
std::string render_metrics_page(const status::Snapshot& snapshot, const SelfMetrics& self,
                                exposition::Format format);

}  // namespace sfb::serve
