#include "tests/unit/serve/snapshots.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

namespace sfb::serve::testing {

using namespace std::chrono_literals;
using collectors::ExportState;
using collectors::ImportState;
using collectors::ModuleSeries;
using status::Freshness;
using status::PoolIdentity;
using status::PoolSnapshot;

namespace {

PoolIdentity identity(const std::string& name) {
  return {Fqdn::parse(name).value(),
          "chi-cs-001.litwareinc.com",
          "Atlanta",
          "corp",
          "dropbox",
          "file",
          {},
          120s,
          1h};
}

/// A module as it was last seen two minutes before kMoment; healthy and final as it says itself.
ModuleSeries module(std::string name, ExportState exported,
                    ImportState imported = ImportState::normal_state) {
  ModuleSeries series{{std::move(name), exported, imported, "", ""}};
  series.export_changed = kMoment - 2h;
  series.import_changed = kMoment - 26h;
  if (collectors::is_healthy(exported)) {
    series.last_healthy = kMoment - 2min;
  }
  if (exported == ExportState::final_state) {
    series.last_final = kMoment - 2min;
  }
  return series;
}

/// Configured, with nothing known.
PoolSnapshot unasked(const std::string& name) {
  return PoolSnapshot{identity(name)};
}

PoolSnapshot answered(const std::string& name, std::vector<ModuleSeries> modules) {
  PoolSnapshot pool = unasked(name);
  pool.freshness = Freshness::fresh;
  pool.up = true;
  pool.verdict = collectors::Verdict{true, true, {}};
  pool.modules = std::move(modules);
  pool.evaluations = 720;
  pool.last_evaluation = kMoment - 1min;
  pool.last_duration = 1834ms;
  pool.last_success = kMoment - 2min;
  return pool;
}

std::vector<ModuleSeries> three_modules() {
  return {module("UserServices.PresenceFocus", ExportState::final_state),
          module("ConfServices.DataConf", ExportState::steady_state),
          module("CentralMgmt.CMSMaster", ExportState::not_initialized)};
}

void fail_with(PoolSnapshot& pool, Reason reason, std::uint64_t times) {
  pool.up = false;
  pool.failures.at(static_cast<std::size_t>(reason)) = times;
}

PoolSnapshot healthy(const std::string& name) {
  PoolSnapshot pool = answered(name, three_modules());
  pool.machines = {{"atl-fe-001.litwareinc.com", true},
                   {"atl-fe-002.litwareinc.com", false},
                   {"atl-fe-003.litwareinc.com", false}};
  pool.active_machine_changes = 2;
  pool.running = true;
  return pool;
}

PoolSnapshot with_error_state() {
  PoolSnapshot pool = answered(
      "chi-cs-001.litwareinc.com",
      {module("UserServices.PresenceFocus", ExportState::error_state),
       module("ConfServices.DataConf", ExportState::non_steady_state, ImportState::error_state),
       module("CentralMgmt.CMSMaster", ExportState::steady_state),
       module("RgsServices.RgsConfig", ExportState::not_initialized, ImportState::not_initialized),
       module("RgsServices.RgsData", ExportState::final_state)});
  pool.modules[0].last_healthy = kMoment - 3h;
  pool.verdict =
      collectors::Verdict{true, false, {"UserServices.PresenceFocus exports ErrorState"}};
  pool.overall_export = ExportState::error_state;
  pool.overall_import = ImportState::error_state;
  pool.overruns = 1;
  return pool;
}

PoolSnapshot gone_stale() {
  PoolSnapshot pool = answered("den-cs-001.litwareinc.com", three_modules());
  pool.freshness = Freshness::stale;
  pool.verdict.reset();
  pool.last_success = kMoment - 5h;
  fail_with(pool, Reason::stale, 150);
  return pool;
}

PoolSnapshot never_answered() {
  PoolSnapshot pool = unasked("elp-cs-001.litwareinc.com");
  pool.identity.site.clear();
  pool.identity.deployment.clear();
  return pool;
}

PoolSnapshot backing_off() {
  PoolSnapshot pool = unasked("fra-cs-001.litwareinc.com");
  pool.evaluations = 3;
  pool.last_evaluation = kMoment - 10s;
  pool.last_duration = 70ms;
  pool.backoff_until = kMoment + 5min;
  pool.identity.endpoint = "say \"fra\\1\"";
  fail_with(pool, Reason::auth, 3);
  return pool;
}

PoolSnapshot unknown_words() {
  PoolSnapshot pool =
      answered("gen-cs-001.litwareinc.com",
               {module("UserServices.PresenceFocus", ExportState::unknown, ImportState::unknown),
                module("Neue.Größe \"2\"", ExportState::final_state)});
  pool.verdict = collectors::Verdict{true, {}, {}, {"a state is not known"}};
  pool.unknown_states = 1440;
  pool.overall_export = ExportState::unknown;
  return pool;
}

template <typename... Pools>
status::Snapshot snapshot_of(Pools... pools) {
  status::Snapshot snapshot{1, {}, {}};
  (snapshot.pools.push_back(std::make_shared<const PoolSnapshot>(std::move(pools))), ...);
  return snapshot;
}

}  // namespace

status::Snapshot six_pools() {
  status::Snapshot snapshot =
      snapshot_of(healthy("atl-cs-001.litwareinc.com"), with_error_state(), gone_stale(),
                  never_answered(), backing_off(), unknown_words());
  for (const std::chrono::nanoseconds duration :
       {std::chrono::nanoseconds(5ms), std::chrono::nanoseconds(1s),
        std::chrono::nanoseconds(1834ms), std::chrono::nanoseconds(10min)}) {
    snapshot.durations.observe(duration);
  }
  return snapshot;
}

status::Snapshot many_pools(std::size_t count) {
  status::Snapshot snapshot = six_pools();
  snapshot.pools.clear();
  for (std::size_t i = 0; i < count; ++i) {
    PoolSnapshot pool = healthy(fmt::format("pool{:05}.litwareinc.com", i));
    pool.overall_export = ExportState::steady_state;
    pool.overall_import = ImportState::normal_state;
    for (ModuleSeries& series : pool.modules) {
      series.module.export_state = ExportState::final_state;
      series.last_healthy = series.last_final = kMoment - 2min;
    }
    snapshot.pools.push_back(std::make_shared<const PoolSnapshot>(std::move(pool)));
  }
  return snapshot;
}

status::Snapshot with_one_change(const status::Snapshot& before) {
  status::Snapshot after = before;
  ++after.version;
  auto pool = std::make_shared<PoolSnapshot>(*before.pools.at(0));
  ++pool->evaluations;
  after.pools.at(0) = std::move(pool);
  return after;
}

std::unique_ptr<SelfMetrics> some_self_metrics() {
  auto self = std::make_unique<SelfMetrics>(BuildInfo{"1.2.3", "abc\"def", "clang 19"});
  self->configured_pools(6);
  self->config_reload(true, kMoment - 24h);
  self->http_request("/metrics", 200);
  self->http_request("/metrics", 200);
  self->http_request("other", 404);
  self->loop_lag(2ms);
  self->loop_lag(40us);
  self->log_message(LogLevel::warn);
  return self;
}

}  // namespace sfb::serve::testing
