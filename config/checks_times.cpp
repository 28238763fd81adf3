#include "config/checks_times.hpp"

#include "agent/base/time.hpp"

#include <fmt/format.h>

namespace sfb::config {
namespace {

void check_collector_times(const DraftPool& pool, const Pool& resolved, Problems& problems) {
  for (const DraftCollector& collector : pool.collectors) {
    if (collector.value.interval < resolved.evaluation_timeout) {
      const Node* const at =
          collector.interval_at != nullptr ? collector.interval_at : collector.name_at;
      problems.add(at->position(), collector.key + ".interval",
                   fmt::format("{}{} is below evaluation_timeout {}",
                               format_duration(collector.value.interval),
                               collector.interval_at == nullptr ? " (the default)" : "",
                               format_duration(resolved.evaluation_timeout)),
                   "an evaluation must end before the next one is due");
    }
  }
}

}  // namespace

void check_pool_times(const DraftPool& pool, const Pool& resolved, const Global& global,
                      Problems& problems, Problems& warnings) {
  const bool refused = (pool.interval_at != nullptr && !pool.interval) ||
                       (pool.timeout_at != nullptr && !pool.timeout);
  if (refused) {
    return;
  }
  check_collector_times(pool, resolved, problems);
  const Node* const at = pool.timeout_at != nullptr ? pool.timeout_at : pool.interval_at;
  if (at != nullptr && resolved.evaluation_timeout > resolved.evaluation_interval) {
    problems.add(at->position(), pool.key + ".evaluation_timeout",
                 fmt::format("{}{} is above evaluation_interval {}",
                             format_duration(resolved.evaluation_timeout),
                             pool.timeout_at == nullptr ? " (from global)" : "",
                             format_duration(resolved.evaluation_interval)),
                 "an evaluation must end before the next one is due");
  }
  if (resolved.evaluation_interval > global.stale_after) {
    const Node* const place = pool.interval_at != nullptr ? pool.interval_at : pool.node;
    warnings.add(place->position(), pool.key + ".evaluation_interval",
                 fmt::format("{} is above global.stale_after {}",
                             format_duration(resolved.evaluation_interval),
                             format_duration(global.stale_after)),
                 "the states will be missing between two evaluations");
  }
}

}  // namespace sfb::config
