// The page of 1,000 pools (81 series each): built by our writer, by prometheus-cpp's TextSerializer
// from the same families, and compressed. After the table the ratios are printed.
#include "agent/exposition/exposition.hpp"
#include "agent/exposition/gzip.hpp"
#include "tests/exposition/synthetic_page.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <zlib.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using sfb::exposition::Format;
using sfb::exposition::Type;

constexpr std::size_t kPools = 1000;

const sfb::tests::SyntheticPage& page() {
  static const auto kPage = sfb::tests::synthetic_page(kPools);
  return kPage;
}

const std::string& text() {
  static const auto kText = sfb::tests::write_page(page(), Format::text_0_0_4);
  return kText;
}

/// The same families as prometheus-cpp keeps them; states are gauges there.
std::vector<prometheus::MetricFamily> prometheus_families() {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& family : page().families) {
    const bool counter = family.meta.type == Type::counter;
    prometheus::MetricFamily made;
    made.name = family.meta.name;
    made.name += counter ? "_total" : family.meta.type == Type::info ? "_info" : "";
    made.help = family.meta.help;
    made.type = counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    for (const auto& series : family.series) {
      prometheus::ClientMetric metric;
      for (const auto& [name, value] : series.labels) {
        metric.label.push_back({name, value});
      }
      if (family.meta.type == Type::stateset) {
        metric.label.push_back({std::string(family.meta.name), series.state});
      }
      metric.gauge.value = series.value;
      metric.counter.value = series.value;
      made.metric.push_back(std::move(metric));
    }
    families.push_back(std::move(made));
  }
  return families;
}

void report(benchmark::State& state, std::size_t in, std::size_t out) {
  state.SetBytesProcessed(static_cast<std::int64_t>(in) * state.iterations());
  state.counters["bytes_out"] = static_cast<double>(out);
}

void write_page(benchmark::State& state, Format format) {
  const std::size_t size = sfb::tests::write_page(page(), format).size();
  for (auto _ : state) {
    benchmark::DoNotOptimize(sfb::tests::write_page(page(), format, size));
  }
  report(state, size, size);
  state.counters["series"] = static_cast<double>(page().series());
}

void write_page_prometheus_cpp(benchmark::State& state) {
  const auto families = prometheus_families();
  const prometheus::TextSerializer serializer;
  std::size_t size = 0;
  for (auto _ : state) {
    std::ostringstream stream;
    serializer.Serialize(stream, families);
    const std::string out = stream.str();
    size = out.size();
    benchmark::DoNotOptimize(out.data());
  }
  report(state, size, size);
}

void gzip_igzip(benchmark::State& state) {
  std::size_t size = 0;
  for (auto _ : state) {
    const auto member = sfb::exposition::gzip(text());
    if (!member) {
      state.SkipWithError(sfb::describe(member.error()).c_str());
      return;
    }
    size = member->size();
  }
  report(state, text().size(), size);
}

void gzip_zlib(benchmark::State& state) {
  std::string out(compressBound(static_cast<uLong>(text().size())), '\0');
  uLongf size = 0;
  for (auto _ : state) {
    size = static_cast<uLongf>(out.size());
    compress2(reinterpret_cast<Bytef*>(out.data()), &size,
              reinterpret_cast<const Bytef*>(text().data()), static_cast<uLong>(text().size()),
              static_cast<int>(state.range(0)));
  }
  report(state, text().size(), size);
}

BENCHMARK_CAPTURE(write_page, text, Format::text_0_0_4)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_page, openmetrics, Format::openmetrics_1_0_0)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(write_page_prometheus_cpp)->Unit(benchmark::kMillisecond);
BENCHMARK(gzip_igzip)->Unit(benchmark::kMillisecond);
BENCHMARK(gzip_zlib)->Arg(1)->Arg(6)->Unit(benchmark::kMillisecond);

/// The usual table, and the times kept for the ratios.
class Reporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    for (const Run& run : runs) {
      times_[run.benchmark_name()] = run.GetAdjustedCPUTime();
    }
  }

  void ratio(const std::string& ours, const std::string& theirs) const {
    const auto mine = times_.find(ours);
    const auto other = times_.find(theirs);
    if (mine != times_.end() && other != times_.end() && mine->second > 0) {
      fmt::print("{}: {:.1f} ms, {}: {:.1f} ms: {:.1f} times as fast\n", ours, mine->second, theirs,
                 other->second, other->second / mine->second);
    }
  }

 private:
  std::map<std::string, double> times_;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.ratio("write_page/text", "write_page_prometheus_cpp");
  reporter.ratio("write_page/openmetrics", "write_page_prometheus_cpp");
  reporter.ratio("gzip_igzip", "gzip_zlib/1");
  reporter.ratio("gzip_igzip", "gzip_zlib/6");
  return 0;
}
