// The registry behind the exporter's own families, and their way into our page: prometheus-cpp
// keeps and collects them, our writer serialises them.
#include "agent/serve/self_metrics.hpp"

#include "agent/serve/process_metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sfb::serve {
namespace {

using exposition::Type;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// The label `reason`, in the order of http::Ended.
constexpr std::array kEnds = {"idle", "slow", "gone", "refused"};

/// The label `result`, in the order of access::Login.
constexpr std::array kLogins = {"good", "good_cached", "bad", "bad_cached", "refused"};

constexpr std::array kLevels = {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error};

/// From a loop that is on time to one that a scrape would notice; the promise is 5 ms a step.
const prometheus::Histogram::BucketBoundaries& lag_bounds() {
  static const prometheus::Histogram::BucketBoundaries kBounds = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0};
  return kBounds;
}

/// prometheus-cpp keeps sample names: our writer wants the family's and knows the suffixes.
std::string_view without(std::string_view name, std::string_view suffix) {
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

std::string_view unit_of(std::string_view family) {
  for (const std::string_view unit : {"seconds", "bytes"}) {
    if (family.ends_with(unit)) {
      return unit;
    }
  }
  return {};
}

exposition::Family describe_family(const MetricFamily& family) {
  const std::string_view name = family.name;
  if (family.type == MetricType::Counter) {
    const std::string_view plain = without(name, "_total");
    return {plain, Type::counter, unit_of(plain), family.help};
  }
  if (family.type == MetricType::Histogram) {
    return {name, Type::histogram, unit_of(name), family.help};
  }
  if (name.ends_with("_info")) {
    return {without(name, "_info"), Type::info, {}, family.help};
  }
  return {name, Type::gauge, unit_of(name), family.help};
}

void write_histogram(exposition::Writer& writer, const exposition::Labels& labels,
                     const ClientMetric::Histogram& histogram) {
  std::vector<double> bounds;
  std::vector<std::uint64_t> cumulative;
  for (const ClientMetric::Bucket& bucket : histogram.bucket) {
    if (std::isfinite(bucket.upper_bound)) {
      bounds.push_back(bucket.upper_bound);
      cumulative.push_back(bucket.cumulative_count);
    }
  }
  writer.histogram(labels, bounds, cumulative, histogram.sample_count, histogram.sample_sum);
}

void write_family(exposition::Writer& writer, MetricFamily family) {
  // The registry hashes its series: in label order two pages of the same state are the same.
  std::ranges::sort(family.metric, {}, &ClientMetric::label);
  writer.family(describe_family(family));
  for (const ClientMetric& metric : family.metric) {
    exposition::Labels labels;
    for (const ClientMetric::Label& label : metric.label) {
      labels.add(label.name, label.value);
    }
    if (family.type == MetricType::Histogram) {
      write_histogram(writer, labels, metric.histogram);
    } else {
      const bool counter = family.type == MetricType::Counter;
      writer.sample(labels, counter ? metric.counter.value : metric.gauge.value);
    }
  }
}

void write_state(exposition::Writer& writer, const StateFacts& state) {
  const auto family = [&](std::string_view name, Type type, std::string_view unit,
                          std::string_view help, double value) {
    writer.family({name, type, unit, help});
    writer.sample({}, value);
  };
  family("sfb_backup_exporter_state_database_writable", Type::gauge, {},
         "Whether the last write to the state, or its opening, worked.", state.writable ? 1 : 0);
  family("sfb_backup_exporter_state_database_size_bytes", Type::gauge, "bytes",
         "Size of the state's file and its log, in bytes.", static_cast<double>(state.bytes));
  if (state.last_write) {
    family("sfb_backup_exporter_state_database_last_write_success_timestamp_seconds", Type::gauge,
           "seconds", "When something was last written to the state, in Unix seconds.",
           to_unix_seconds(*state.last_write));
  }
  family("sfb_backup_exporter_state_database_errors", Type::counter, {},
         "Openings of and writes to the state that failed.", static_cast<double>(state.errors));
  family("sfb_backup_exporter_state_database_set_aside", Type::counter, {},
         "Broken files of the state that were set aside.", static_cast<double>(state.set_aside));
  family("sfb_backup_exporter_state_database_lost", Type::counter, {},
         "Lines of the history that found no room while the state could not be written.",
         static_cast<double>(state.lost));
}

// The web configuration file, where there is one.
struct WebFacts {
  bool good = false;
  std::optional<WallTime> loaded;
  std::optional<WallTime> certificate_ends;
};

void write_web(exposition::Writer& writer, const WebFacts& web) {
  const auto family = [&](std::string_view name, std::string_view unit, std::string_view help,
                          double value) {
    writer.family({name, Type::gauge, unit, help});
    writer.sample({}, value);
  };
  family("sfb_backup_exporter_web_config_last_reload_successful", {},
         "Whether the last attempt to load the web configuration file worked.", web.good ? 1 : 0);
  if (web.loaded) {
    family("sfb_backup_exporter_web_config_last_reload_success_timestamp_seconds", "seconds",
           "When the web configuration in use was loaded, in Unix seconds.",
           to_unix_seconds(*web.loaded));
  }
  if (web.certificate_ends) {
    family("sfb_backup_exporter_web_certificate_expiry_timestamp_seconds", "seconds",
           "When the first certificate ends of those that this server shows, in Unix seconds.",
           to_unix_seconds(*web.certificate_ends));
  }
}

void write_groups(exposition::Writer& writer, const GroupFacts& groups) {
  writer.family({"sfb_backup_exporter_group_lookups",
                 Type::counter,
                 {},
                 "Look-ups of all groups in the directory by outcome: good where it answered for "
                 "each, whether it knows the group or not."});
  for (const auto& [outcome, count] :
       {std::pair("failed", groups.failed), std::pair("good", groups.good)}) {
    exposition::Labels labels;
    labels.add("outcome", outcome);
    writer.sample(labels, static_cast<double>(count));
  }
  writer.family({"sfb_backup_exporter_groups_unresolved",
                 Type::gauge,
                 {},
                 "Groups that may run the cmdlet whose SID is not known, so that they grant "
                 "nothing to callers with tickets."});
  writer.sample({}, static_cast<double>(groups.unresolved));
  if (groups.last_success) {
    writer.family({"sfb_backup_exporter_group_lookup_last_success_timestamp_seconds", Type::gauge,
                   "seconds", "When the directory last answered, in Unix seconds."});
    writer.sample({}, to_unix_seconds(*groups.last_success));
  }
}

}  // namespace

struct SelfMetrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests;
  prometheus::Family<prometheus::Gauge>& pools;
  prometheus::Family<prometheus::Gauge>& page_blocks;
  prometheus::Family<prometheus::Gauge>& reload_successful;
  prometheus::Family<prometheus::Gauge>& reload_time;
  prometheus::Histogram& lag;
  std::array<prometheus::Counter*, kLevels.size()> messages{};  ///< by level
  std::array<prometheus::Counter*, kEnds.size()> ended{};       ///< by http::Ended
  std::array<prometheus::Counter*, kLogins.size()> logins{};    ///< by access::Login
  std::optional<WallTime> process_start = read_process_start();
  std::atomic<std::uint64_t> reloads{0};
  std::mutex facts_mutex;
  std::optional<StateFacts> state;   ///< absent: none is kept
  std::optional<WebFacts> web;       ///< absent: no web configuration file is named
  std::optional<GroupFacts> groups;  ///< absent: no directory is configured
  std::mutex counted_mutex;
  /// By code and path: what the family has, found without a map of labels.
  std::map<int, std::map<std::string, prometheus::Counter*, std::less<>>> counted;

  prometheus::Counter& request(std::string_view path, int code) {
    const std::lock_guard lock(counted_mutex);
    auto& paths = counted[code];
    auto found = paths.find(path);
    if (found == paths.end()) {
      std::string name(path);
      auto& counter = requests.Add({{"path", name}, {"code", std::to_string(code)}});
      found = paths.emplace(std::move(name), &counter).first;
    }
    return *found->second;
  }

  template <typename Facts>
  std::optional<Facts> now(const std::optional<Facts>& facts) {
    const std::lock_guard lock(facts_mutex);
    return facts;
  }

  explicit Impl(const BuildInfo& build)
      : requests(prometheus::BuildCounter()
                     .Name("sfb_backup_exporter_http_requests_total")
                     .Help("Answered HTTP requests by the route's pattern and the status code.")
                     .Register(registry)),
        pools(prometheus::BuildGauge()
                  .Name("sfb_backup_exporter_configured_pools")
                  .Help("Pools in the configuration in use.")
                  .Register(registry)),
        page_blocks(prometheus::BuildGauge()
                        .Name("sfb_backup_exporter_page_blocks_bytes")
                        .Help("Memory of the compressed blocks that the next metrics page is put "
                              "together from, in bytes.")
                        .Register(registry)),
        reload_successful(prometheus::BuildGauge()
                              .Name("sfb_backup_exporter_config_last_reload_successful")
                              .Help("Whether the last attempt to load the configuration worked.")
                              .Register(registry)),
        reload_time(prometheus::BuildGauge()
                        .Name("sfb_backup_exporter_config_last_reload_success_timestamp_seconds")
                        .Help("When the configuration in use was loaded, in Unix seconds.")
                        .Register(registry)),
        lag(prometheus::BuildHistogram()
                .Name("sfb_backup_exporter_loop_lag_seconds")
                .Help("How much later than asked a timer of the event loop ran, in seconds.")
                .Register(registry)
                .Add({}, lag_bounds())) {
    prometheus::BuildGauge()
        .Name("sfb_backup_exporter_build_info")
        .Help("Version, source revision and compiler of this program.")
        .Register(registry)
        .Add({{"version", build.version},
              {"revision", build.revision},
              {"compiler", build.compiler}})
        .Set(1);
    auto& log = prometheus::BuildCounter()
                    .Name("sfb_backup_exporter_log_messages_total")
                    .Help("Log events by level.")
                    .Register(registry);
    for (const LogLevel level : kLevels) {
      messages.at(static_cast<std::size_t>(level)) =
          &log.Add({{"level", std::string(to_string(level))}});
    }
    auto& ends = prometheus::BuildCounter()
                     .Name("sfb_backup_exporter_http_connections_ended_total")
                     .Help(
                         "HTTP connections that ended early: closed to make room while idle or "
                         "while slow, hung up by the caller, refused for want of a place.")
                     .Register(registry);
    for (std::size_t i = 0; i < kEnds.size(); ++i) {
      ended.at(i) = &ends.Add({{"reason", kEnds.at(i)}});
    }
    auto& tried = prometheus::BuildCounter()
                      .Name("sfb_backup_exporter_logins_total")
                      .Help(
                          "Logins of callers by result: right or wrong, just looked at or known "
                          "already; refused ones were not looked at, too many waited.")
                      .Register(registry);
    for (std::size_t i = 0; i < kLogins.size(); ++i) {
      logins.at(i) = &tried.Add({{"result", kLogins.at(i)}});
    }
  }
};

SelfMetrics::SelfMetrics(const BuildInfo& build) : impl_(std::make_unique<Impl>(build)) {}

SelfMetrics::~SelfMetrics() = default;

void SelfMetrics::http_request(std::string_view path, int code) {
  impl_->request(path, code).Increment();
}

void SelfMetrics::connection_ended(http::Ended how) {
  impl_->ended.at(static_cast<std::size_t>(how))->Increment();
}

void SelfMetrics::login(access::Login login) {
  impl_->logins.at(static_cast<std::size_t>(login))->Increment();
}

void SelfMetrics::log_message(LogLevel level) {
  impl_->messages.at(static_cast<std::size_t>(level))->Increment();
}

void SelfMetrics::loop_lag(std::chrono::nanoseconds lag) {
  impl_->lag.Observe(to_seconds(lag));
}

void SelfMetrics::configured_pools(std::size_t count) {
  impl_->pools.Add({}).Set(static_cast<double>(count));
}

void SelfMetrics::page_blocks(std::size_t bytes) {
  impl_->page_blocks.Add({}).Set(static_cast<double>(bytes));
}

void SelfMetrics::shard(std::uint64_t ordinal, std::uint64_t total) {
  const auto gauge = [&](const char* name, const char* help, std::uint64_t value) {
    prometheus::BuildGauge()
        .Name(name)
        .Help(help)
        .Register(impl_->registry)
        .Add({})
        .Set(static_cast<double>(value));
  };
  gauge("sfb_backup_exporter_shard_ordinal",
        "The part of the pools that this agent evaluates (--shard).", ordinal);
  gauge("sfb_backup_exporter_total_shards",
        "Into how many parts the pools are divided (--total-shards).", total);
}

void SelfMetrics::config_reload(bool successful, WallTime time) {
  impl_->reload_successful.Add({}).Set(successful ? 1 : 0);
  if (successful) {
    impl_->reload_time.Add({}).Set(to_unix_seconds(time));
  }
  ++impl_->reloads;
}

std::uint64_t SelfMetrics::reloads() const {
  return impl_->reloads;
}

void SelfMetrics::state(const StateFacts& facts) {
  const std::lock_guard lock(impl_->facts_mutex);
  impl_->state = facts;
}

void SelfMetrics::web_config(bool successful, WallTime time) {
  const std::lock_guard lock(impl_->facts_mutex);
  if (!impl_->web) {
    impl_->web.emplace();
  }
  impl_->web->good = successful;
  if (successful) {
    impl_->web->loaded = time;
  }
  ++impl_->reloads;
}

void SelfMetrics::web_certificate(std::optional<WallTime> ends) {
  const std::lock_guard lock(impl_->facts_mutex);
  if (!impl_->web) {
    impl_->web.emplace();
  }
  impl_->web->certificate_ends = ends;
}

void SelfMetrics::groups(std::optional<GroupFacts> facts) {
  const std::lock_guard lock(impl_->facts_mutex);
  impl_->groups = facts;
  ++impl_->reloads;
}

void SelfMetrics::write(exposition::Writer& writer) const {
  for (MetricFamily& family : impl_->registry.Collect()) {
    write_family(writer, std::move(family));
  }
  if (const auto state = impl_->now(impl_->state)) {
    write_state(writer, *state);
  }
  if (const auto web = impl_->now(impl_->web)) {
    write_web(writer, *web);
  }
  if (const auto groups = impl_->now(impl_->groups)) {
    write_groups(writer, *groups);
  }
  write_process_metrics(writer, impl_->process_start);
}

}  // namespace sfb::serve
