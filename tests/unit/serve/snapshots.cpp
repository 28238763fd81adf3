#include "tests/unit/serve/snapshots.hpp"

#include "collectors/backup_service_status/families.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <string>
#include <utility>

namespace sfb::serve::testing {

using namespace std::chrono_literals;
using collectors::BackupShown;
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
          1h,
          20min};
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

/// A pool while it is made up.
struct Draft {
  PoolSnapshot pool;
  BackupShown shown = {};

  PoolSnapshot done() && {
    pool.view =
        std::make_shared<const collectors::BackupView>(pool.identity.fqdn, std::move(shown));
    return std::move(pool);
  }
};

/// Configured, with nothing known.
Draft unasked(const std::string& name) {
  return {PoolSnapshot{identity(name)}};
}

Draft answered(const std::string& name, std::vector<ModuleSeries> modules) {
  Draft draft = unasked(name);
  PoolSnapshot& pool = draft.pool;
  pool.freshness = Freshness::fresh;
  pool.up = true;
  draft.shown.fresh = true;
  draft.shown.verdict = {true, true, {}, {}};
  draft.shown.modules = std::move(modules);
  pool.evaluations = 720;
  pool.last_evaluation = kMoment - 1min;
  pool.last_duration = 1834ms;
  pool.last_success = kMoment - 2min;
  return draft;
}

std::vector<ModuleSeries> three_modules() {
  return {module("UserServices.PresenceFocus", ExportState::final_state),
          module("ConfServices.DataConf", ExportState::steady_state),
          module("CentralMgmt.CMSMaster", ExportState::not_initialized)};
}

std::shared_ptr<status::Evaluation> completed(const PoolSnapshot& pool) {
  return std::make_shared<status::Evaluation>(
      status::Evaluation{.question = {.pool = pool.identity.fqdn}});
}

/// The last evaluation was good, with errors beside the answer.
void end_with(PoolSnapshot& pool, std::size_t errors, Note note = {}) {
  auto evaluation = completed(pool);
  PipelineResult result;
  result.errors.resize(errors);
  evaluation->result = pack(result);
  evaluation->note = std::move(note);
  pool.last_completed = std::move(evaluation);
}

void fail_with(PoolSnapshot& pool, Reason reason, std::string code, std::uint64_t times) {
  auto evaluation = completed(pool);
  evaluation->error =
      Error{.reason = reason, .code = std::move(code), .message = {}, .remedy = {}, .peer = {}};
  pool.failure = std::shared_ptr<const Error>(evaluation, &*evaluation->error);
  pool.last_completed = std::move(evaluation);
  pool.up = false;
  pool.failures.at(static_cast<std::size_t>(reason)) = times;
}

Draft healthy_draft(const std::string& name) {
  Draft draft = answered(name, three_modules());
  draft.shown.machines = {{"atl-fe-001.litwareinc.com", true},
                          {"atl-fe-002.litwareinc.com", false},
                          {"atl-fe-003.litwareinc.com", false}};
  draft.shown.active_machine_changes = 2;
  draft.pool.running = true;
  end_with(draft.pool, 0);
  return draft;
}

PoolSnapshot healthy(const std::string& name) {
  return healthy_draft(name).done();
}

PoolSnapshot with_error_state() {
  Draft draft = answered(
      "chi-cs-001.litwareinc.com",
      {module("UserServices.PresenceFocus", ExportState::error_state),
       module("ConfServices.DataConf", ExportState::non_steady_state, ImportState::error_state),
       module("CentralMgmt.CMSMaster", ExportState::steady_state),
       module("RgsServices.RgsConfig", ExportState::not_initialized, ImportState::not_initialized),
       module("RgsServices.RgsData", ExportState::final_state)});
  draft.shown.modules[0].last_healthy = kMoment - 3h;
  draft.shown.verdict = {true, false, {}, {}};
  draft.shown.overall_export = ExportState::error_state;
  draft.shown.overall_import = ImportState::error_state;
  // As judged: what is not needed is left out.
  draft.shown.verdict.reasons = {{.module = "UserServices.PresenceFocus",
                                  .direction = "export",
                                  .code = "export_error",
                                  .text = {}},
                                 {.module = "ConfServices.DataConf",
                                  .direction = "import",
                                  .code = "import_error",
                                  .text = {}}};
  draft.pool.overruns = 1;
  end_with(draft.pool, 2, {.code = "file.clock_skew", .message = {}, .remedy = {}});
  return std::move(draft).done();
}

PoolSnapshot gone_stale() {
  Draft draft = answered("den-cs-001.litwareinc.com", three_modules());
  draft.pool.freshness = Freshness::stale;
  draft.shown.fresh = false;
  draft.shown.verdict = {};
  draft.pool.last_success = kMoment - 5h;
  fail_with(draft.pool, Reason::stale, "file.too_old", 150);
  return std::move(draft).done();
}

PoolSnapshot never_answered() {
  Draft draft = unasked("elp-cs-001.litwareinc.com");
  draft.pool.identity.site = "";
  draft.pool.identity.deployment = "";
  draft.pool.identity.transport = "winrm";
  draft.pool.identity.file_max_age.reset();
  return std::move(draft).done();
}

PoolSnapshot backing_off() {
  Draft draft = unasked("fra-cs-001.litwareinc.com");
  draft.pool.evaluations = 3;
  draft.pool.last_evaluation = kMoment - 10s;
  draft.pool.last_duration = 70ms;
  draft.pool.backoff_until = kMoment + 5min;
  draft.pool.backoff_reason = Reason::auth;
  draft.pool.identity.endpoint = "say \"fra\\1\"";
  fail_with(draft.pool, Reason::auth, "auth.refused", 3);
  return std::move(draft).done();
}

PoolSnapshot unknown_words() {
  Draft draft =
      answered("gen-cs-001.litwareinc.com",
               {module("UserServices.PresenceFocus", ExportState::unknown, ImportState::unknown),
                module("Neue.Größe \"2\"", ExportState::final_state)});
  draft.shown.verdict = {true, {}, {}, {}};
  draft.shown.verdict.doubts = {{.module = "UserServices.PresenceFocus",
                                 .direction = "export",
                                 .code = "export_unknown",
                                 .text = {}}};
  draft.shown.unknown_states = 1440;
  draft.shown.overall_export = ExportState::unknown;
  return std::move(draft).done();
}

template <typename... Pools>
status::Snapshot snapshot_of(Pools... pools) {
  status::Snapshot snapshot{1, {}, {}, {}, {}, {}};
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
  snapshot.stages[{"file", Stage::query}].observe(4ms);
  snapshot.stages[{"file", Stage::parse}].observe(1ms);
  snapshot.stages[{"winrm", Stage::connect}].observe(30ms);
  return snapshot;
}

status::Snapshot many_pools(std::size_t count) {
  status::Snapshot snapshot = six_pools();
  snapshot.pools.clear();
  for (std::size_t i = 0; i < count; ++i) {
    Draft draft = healthy_draft(fmt::format("pool{:05}.litwareinc.com", i));
    draft.shown.overall_export = ExportState::steady_state;
    draft.shown.overall_import = ImportState::normal_state;
    for (ModuleSeries& series : draft.shown.modules) {
      series.module.export_state = ExportState::final_state;
      series.last_healthy = series.last_final = kMoment - 2min;
    }
    snapshot.pools.push_back(std::make_shared<const PoolSnapshot>(std::move(draft).done()));
  }
  return snapshot;
}

status::PoolSnapshotPtr evaluated_again(const PoolSnapshot& before, std::uint32_t chance,
                                        bool other_state) {
  std::mt19937 random(chance);
  auto pool = std::make_shared<PoolSnapshot>(before);
  const WallTime finished = kMoment + std::chrono::microseconds(random() % 120'000'000);
  ++pool->evaluations;
  pool->last_evaluation = finished;
  pool->last_duration = std::chrono::microseconds(500'000 + random() % 2'000'000);
  pool->last_success = finished - 350ms;
  BackupShown shown = static_cast<const collectors::BackupView&>(*before.view).shown;
  for (ModuleSeries& series : shown.modules) {
    series.last_healthy = series.last_healthy ? pool->last_success : std::nullopt;
    series.last_final = series.last_final ? pool->last_success : std::nullopt;
  }
  if (other_state && !shown.modules.empty()) {
    ModuleSeries& first = shown.modules.front();
    first.module.export_state = first.module.export_state == ExportState::steady_state
                                    ? ExportState::final_state
                                    : ExportState::steady_state;
    first.export_changed = pool->last_success;
  }
  pool->view =
      std::make_shared<const collectors::BackupView>(pool->identity.fqdn, std::move(shown));
  return pool;
}

status::Snapshot varied_pools(std::size_t count) {
  std::mt19937 random(11);
  status::Snapshot snapshot = six_pools();
  snapshot.pools.clear();
  for (std::size_t i = 0; i < count; ++i) {
    Draft draft = healthy_draft(fmt::format("pool-{:05}.site-{}.litwareinc.com", i, i % 17));
    draft.pool.identity.paired_pool =
        fmt::format("pool-{:05}.site-{}.litwareinc.com", i ^ 1U, (i ^ 1U) % 17);
    draft.pool.identity.site = fmt::format("Site {}", i % 17);
    draft.pool.evaluations = 700 + random() % 40;
    draft.shown.machines = {{fmt::format("fe-{}.litwareinc.com", i), true}};
    for (ModuleSeries& series : draft.shown.modules) {
      series.module.export_state =
          random() % 20 == 0 ? ExportState::non_steady_state : ExportState::steady_state;
      series.last_healthy = kMoment;
      series.last_final.reset();
      series.export_changed = kMoment - std::chrono::milliseconds(random() % 1'000'000'000);
      series.import_changed = kMoment - std::chrono::milliseconds(random() % 1'000'000'000);
    }
    snapshot.pools.push_back(
        evaluated_again(std::move(draft).done(), static_cast<std::uint32_t>(i)));
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
  self->page_blocks(60'000);
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
