// The peer of the benchmark: prometheus-cpp's own Exposer serving the series of a page file.
// usage: bench_exposer PAGE.txt HOST:PORT   runs until it is ended
#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Reads the part of text 0.0.4 that our own page uses: no escapes inside label values but what we
// write ourselves.
class Page final : public prometheus::Collectable {
 public:
  explicit Page(const char* path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("# TYPE ")) {
        start(line.substr(7));
      } else if (line.starts_with("# HELP ")) {
        help_ = line.substr(line.find(' ', 7) + 1);
      } else if (!line.empty() && !families_.empty()) {
        sample(line);
      }
    }
  }
  std::vector<MetricFamily> Collect() const override { return families_; }

 private:
  void start(const std::string& rest) {
    MetricFamily family;
    family.name = rest.substr(0, rest.find(' '));
    family.help = help_;
    family.type = rest.ends_with("counter") ? MetricType::Counter : MetricType::Gauge;
    families_.push_back(std::move(family));
  }

  void sample(std::string_view line) {
    ClientMetric metric;
    const std::size_t brace = line.find('{');
    const std::size_t end = line.rfind(' ');
    for (std::size_t at = brace == std::string_view::npos ? end : brace + 1;
         at < end && line[at] != '}';) {
      const std::size_t equals = line.find('=', at);
      const std::size_t close = line.find('"', equals + 2);
      metric.label.push_back({std::string(line.substr(at, equals - at)),
                              std::string(line.substr(equals + 2, close - equals - 2))});
      at = close + (line[close + 1] == ',' ? 2U : 1U);
    }
    const double value = std::strtod(std::string(line.substr(end + 1)).c_str(), nullptr);
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }

  std::string help_;
  std::vector<MetricFamily> families_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: bench_exposer PAGE.txt HOST:PORT\n", stderr);
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const auto page = std::make_shared<Page>(argv[1]);
  prometheus::Exposer exposer(argv[2]);
  exposer.RegisterCollectable(page);
  int signal = 0;
  sigwait(&ends, &signal);
  return 0;
}
