// Puts the page together: the pools' families, the histogram of all pools, our own families.
#include "agent/serve/metrics_page.hpp"

#include "agent/serve/pool_families.hpp"

#include <cstdint>
#include <vector>

namespace sfb::serve {
namespace {

/// Metadata, histograms and our own families.
constexpr std::size_t kFixedBytes = 16 * 1024;

void write_durations(exposition::Writer& writer, const status::DurationHistogram& durations) {
  const std::vector<double> bounds(status::kDurationBounds.begin(), status::kDurationBounds.end());
  std::vector<std::uint64_t> cumulative;
  cumulative.reserve(bounds.size());
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    count += durations.buckets.at(i);
    cumulative.push_back(count);
  }
  writer.family({"sfb_backup_evaluation_duration_seconds", exposition::Type::histogram, "seconds",
                 "How long evaluations on schedule took, all pools together, in seconds "
                 "(cached)."});
  writer.histogram({}, bounds, cumulative, durations.count, durations.sum);
}

}  // namespace

std::string render_metrics_page(const status::Snapshot& snapshot, const SelfMetrics& self,
                                exposition::Format format) {
  std::vector<PoolRow> rows;
  rows.reserve(snapshot.pools.size());
  for (const status::PoolSnapshotPtr& pool : snapshot.pools) {
    rows.emplace_back(*pool);
  }
  exposition::Writer writer(format);
  writer.reserve(kFixedBytes + estimate_bytes(rows));
  write_state_families(writer, rows);
  write_evaluation_families(writer, rows);
  write_durations(writer, snapshot.durations);
  self.write(writer);
  return writer.finish();
}

}  // namespace sfb::serve
