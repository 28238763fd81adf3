// The metrics page of real snapshots (82 series a healthy pool): rendering, rendering after one
// pool changed, and what a scrape with gzip costs in all. Arguments are numbers of pools.
#include "agent/exposition/gzip.hpp"
#include "agent/serve/metrics_page.hpp"
#include "tests/unit/serve/snapshots.hpp"

#include <benchmark/benchmark.h>

#include <string>

namespace {

using sfb::exposition::Format;
namespace serve = sfb::serve;

sfb::status::Snapshot pools(const benchmark::State& state) {
  return serve::testing::many_pools(static_cast<std::size_t>(state.range(0)));
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

/// A page is always made whole: this shows what one pool's change costs.
void after_one_change(benchmark::State& state) {
  auto snapshot = pools(state);
  const auto self = serve::testing::some_self_metrics();
  std::size_t size = 0;
  for (auto _ : state) {
    snapshot = serve::testing::with_one_change(snapshot);
    const std::string page = serve::render_metrics_page(snapshot, *self, Format::text_0_0_4);
    size = page.size();
    benchmark::DoNotOptimize(page.data());
  }
  report(state, size, size);
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
BENCHMARK(after_one_change)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(render_and_gzip, openmetrics, Format::openmetrics_1_0_0)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
