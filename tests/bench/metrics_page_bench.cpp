// The metrics page of snapshots like real ones: rendered whole, rendered and compressed whole, and
// put together from blocks after some pools were evaluated again. Arguments are numbers of pools,
// and of pools that changed since the page before.
#include "agent/exposition/gzip.hpp"
#include "agent/serve/block_page.hpp"
#include "agent/serve/metrics_page.hpp"
#include "tests/unit/serve/snapshots.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace {

using sfb::exposition::Format;
namespace serve = sfb::serve;

sfb::status::Snapshot pools(const benchmark::State& state) {
  return serve::testing::varied_pools(static_cast<std::size_t>(state.range(0)));
}

void report(benchmark::State& state, std::size_t in, std::size_t out) {
  state.SetBytesProcessed(static_cast<std::int64_t>(in) * state.iterations());
  state.counters["bytes_out"] = static_cast<double>(out);
}

void render(benchmark::State& state, Format format) {
  const auto snapshot = pools(state);
  const auto self = serve::testing::some_self_metrics();
  std::size_t size = 0;
  for (auto _ : state) {
    const std::string page = serve::render_metrics_page(snapshot, *self, format);
    size = page.size();
    benchmark::DoNotOptimize(page.data());
  }
  report(state, size, size);
}

/// `evaluated` pools by chance were evaluated again since the page before.
void from_blocks(benchmark::State& state, bool states) {
  auto snapshot = pools(state);
  const auto self = serve::testing::some_self_metrics();
  const std::string whole = serve::render_metrics_page(snapshot, *self, Format::text_0_0_4);
  const auto packed = sfb::exposition::gzip(whole);
  serve::BlockPage blocks;
  auto made = blocks.make(snapshot, *self, Format::text_0_0_4);
  std::mt19937 random(5);
  std::vector<std::size_t> places(snapshot.pools.size());
  std::iota(places.begin(), places.end(), 0);
  for (auto _ : state) {
    std::ranges::shuffle(places, random);
    for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(1)); ++i) {
      auto& pool = snapshot.pools[places[i]];
      pool = serve::testing::evaluated_again(*pool, static_cast<std::uint32_t>(random()), states);
    }
    const auto start = std::chrono::steady_clock::now();
    made = blocks.make(snapshot, *self, Format::text_0_0_4);
    state.SetIterationTime(sfb::to_seconds(std::chrono::steady_clock::now() - start));
  }
  state.counters["bytes_out"] = static_cast<double>(made->gzip.bytes);
  state.counters["of_whole"] =
      static_cast<double>(made->gzip.bytes) / static_cast<double>(packed->size());
  state.counters["blocks_made"] = static_cast<double>(made->blocks_made);
  state.counters["held"] = static_cast<double>(made->held_bytes);
}

void render_and_gzip(benchmark::State& state, Format format) {
  const auto snapshot = pools(state);
  const auto self = serve::testing::some_self_metrics();
  std::size_t size = 0;
  std::size_t packed_size = 0;
  for (auto _ : state) {
    const std::string page = serve::render_metrics_page(snapshot, *self, format);
    const auto packed = sfb::exposition::gzip(page);
    if (!packed) {
      state.SkipWithError(sfb::describe(packed.error()).c_str());
      return;
    }
    size = page.size();
    packed_size = packed->size();
  }
  report(state, size, packed_size);
}

BENCHMARK_CAPTURE(render, text, Format::text_0_0_4)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(render, openmetrics, Format::openmetrics_1_0_0)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(render_and_gzip, openmetrics, Format::openmetrics_1_0_0)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);
void by_pools(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"pools", "evaluated"})->UseManualTime()->Unit(benchmark::kMillisecond);
  for (const int pools : {100, 1000, 10'000}) {
    for (const int evaluated : {0, 1, pools / 100, pools / 10, pools}) {
      bench->Args({pools, evaluated});
    }
  }
}
BENCHMARK_CAPTURE(from_blocks, times, false)->Apply(by_pools);
BENCHMARK_CAPTURE(from_blocks, states, true)->Apply(by_pools);

}  // namespace

BENCHMARK_MAIN();
