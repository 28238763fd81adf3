// The metrics page as one string: the families from a snapshot. Pure; runs on a worker
// thread.
#pragma once

#include "agent/exposition/exposition.hpp"
#include "agent/serve/self_metrics.hpp"
#include "agent/status/board.hpp"

#include <chrono>
#include <string>

namespace sfb::serve {

/// All families in a fixed order; every pool's series come from one snapshot, so they agree with
/// each other.
std::string render_metrics_page(const status::Snapshot& snapshot, const SelfMetrics& self,
                                exposition::Format format);

/// What stands behind the families of pools.
void write_rest(exposition::Writer& writer, const status::Snapshot& snapshot,
                const SelfMetrics& self);

/// What a probe says beside the families of its pool.
struct ProbeResult {
  bool success = false;
  std::chrono::nanoseconds duration{0};
};

/// The families of the pools of `snapshot` as the metrics page has them, and those of a probe.
std::string render_probe_page(const status::Snapshot& snapshot, const ProbeResult& probe,
                              exposition::Format format);

}  // namespace sfb::serve
