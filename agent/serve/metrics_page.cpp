// Puts the page together: the pools' families, the histogram of all pools, our own families.
#include "agent/serve/metrics_page.hpp"

#include "agent/serve/endpoint_families.hpp"
#include "agent/serve/pool_families.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sfb::serve {
namespace {

/// Metadata, histograms and our own families.
constexpr std::size_t kFixedBytes = 16 * 1024;

void write_histogram(exposition::Writer& writer, const exposition::Labels& labels,
                     const status::DurationHistogram& durations) {
  const std::vector<double> bounds(status::kDurationBounds.begin(), status::kDurationBounds.end());
  std::vector<std::uint64_t> cumulative;
  cumulative.reserve(bounds.size());
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    count += durations.buckets.at(i);
    cumulative.push_back(count);
  }
  writer.histogram(labels, bounds, cumulative, durations.count, durations.sum);
}

void write_durations(exposition::Writer& writer, const status::Snapshot& snapshot) {
  writer.family({"sfb_backup_evaluation_duration_seconds", exposition::Type::histogram, "seconds",
                 "How long evaluations on schedule took, all pools together, in seconds "
                 "(cached)."});
  write_histogram(writer, {}, snapshot.durations);
  writer.family({"sfb_backup_evaluation_stage_duration_seconds", exposition::Type::histogram,
                 "seconds",
                 "How long the stages of evaluations on schedule took, all pools of a transport "
                 "together, in seconds (cached). A stage is there once an evaluation reached it."});
  for (const auto& [key, durations] : snapshot.stages) {
    const auto& [transport, stage] = key;
    write_histogram(writer,
                    exposition::Labels().add("stage", to_string(stage)).add("transport", transport),
                    durations);
  }
}

std::vector<PoolRow> rows_of(std::span<const status::PoolSnapshotPtr> pools) {
  std::vector<PoolRow> rows;
  rows.reserve(pools.size());
  for (const status::PoolSnapshotPtr& pool : pools) {
    rows.emplace_back(*pool);
  }
  return rows;
}

void write_pools(exposition::Writer& writer, const status::Snapshot& snapshot) {
  writer.reserve(kFixedBytes + estimate_bytes(snapshot.pools) + estimate_bytes(snapshot.others));
  for (const PoolSection& section : pool_sections(snapshot)) {
    const std::vector<PoolRow> rows = rows_of(section.pools);
    for (const PoolFamily& family : section.families) {
      writer.family(family.family);
      for (const PoolRow& row : rows) {
        family.write(writer, row);
      }
    }
  }
}

}  // namespace

std::string render_probe_page(const status::Snapshot& snapshot, const ProbeResult& probe,
                              exposition::Format format) {
  exposition::Writer writer(format);
  write_pools(writer, snapshot);
  writer.family({"probe_success", exposition::Type::gauge, "",
                 "Whether this probe got a good answer in time; why not stands in "
                 "sfb_backup_current_failure."});
  writer.sample({}, probe.success ? 1 : 0);
  writer.family({"probe_duration_seconds", exposition::Type::gauge, "seconds",
                 "How long this probe took, waiting included, in seconds."});
  writer.sample({}, to_seconds(probe.duration));
  return writer.finish();
}

void write_rest(exposition::Writer& writer, const status::Snapshot& snapshot,
                const SelfMetrics& self) {
  write_endpoint_families(writer, snapshot.endpoints);
  write_durations(writer, snapshot);
  self.write(writer);
}

std::string render_metrics_page(const status::Snapshot& snapshot, const SelfMetrics& self,
                                exposition::Format format) {
  exposition::Writer writer(format);
  write_pools(writer, snapshot);
  write_rest(writer, snapshot, self);
  return writer.finish();
}

}  // namespace sfb::serve
