#include "tests/unit/serve/api_snapshots.hpp"

#include "agent/status/common_lines.hpp"
#include "collectors/backup_service_configuration/configuration.hpp"
#include "collectors/backup_service_status/states.hpp"
#include "collectors/backup_service_status/status.hpp"
#include "collectors/management_store_replication/replicas.hpp"
#include "collectors/management_store_replication/store.hpp"
#include "collectors/pool_backup_relationship/relationship.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

namespace sfb::serve::testing {
namespace {

using namespace std::chrono_literals;
using collectors::BackupStatus;
using collectors::Module;

constexpr WallTime kWall{Micros{1'795'459'623'250'000}};
constexpr MonoTime kMono{std::chrono::seconds(1'000'000)};

Module module(const std::string& identity, const std::string& exported,
              const std::string& imported) {
  return {identity, collectors::read_export_state(exported),
          collectors::read_import_state(imported), exported, imported};
}

/// One pool's state machine and what happens to it.
class Story {
 public:
  Story(const std::string& name, const std::string& partner, std::string site,
        const collectors::Collector& what = collectors::pool_status(),
        collectors::Expectation expectation = {})
      : identity_{Fqdn::parse(name + ".litwareinc.com").value(),
                  partner + ".litwareinc.com",
                  std::move(site),
                  "corp",
                  "atlanta",
                  "winrm",
                  expectation,
                  120s,
                  1h},
        what_(what),
        knowledge_(identity_, what, {}) {}

  /// A run that ended `ago` before the moment of all snapshots.
  status::Evaluation run(std::chrono::seconds ago) {
    status::Evaluation evaluation{.question =
                                      collectors::scheduled_question(identity_.fqdn, what_)};
    evaluation.id = ++id_;
    evaluation.finished = kWall - ago;
    evaluation.evaluated_at = kWall - ago;
    evaluation.made = kMono - ago;
    evaluation.duration = 1834ms;
    evaluation.stages = {{Stage::connect, 10ms}, {Stage::query, 1s}, {Stage::query, 500ms}};
    return evaluation;
  }
  void good(std::chrono::seconds ago, collectors::FindingPtr finding, PackedPtr result = nullptr) {
    status::Evaluation evaluation = run(ago);
    evaluation.finding = std::move(finding);
    evaluation.result = std::move(result);
    knowledge_.completed(std::make_shared<const status::Evaluation>(std::move(evaluation)));
  }
  void failed(std::chrono::seconds ago, Error error) {
    status::Evaluation evaluation = run(ago);
    evaluation.error = std::move(error);
    knowledge_.completed(std::make_shared<const status::Evaluation>(std::move(evaluation)));
  }
  status::Knowledge& knowledge() { return knowledge_; }
  status::PoolSnapshotPtr told() { return knowledge_.snapshot(api_moment()); }

 private:
  status::PoolIdentity identity_;
  const collectors::Collector& what_;
  status::Knowledge knowledge_;
  std::uint64_t id_ = 800;
};

collectors::FindingPtr answer(std::vector<Module> modules, std::string machine = {}) {
  BackupStatus status;
  status.modules = std::move(modules);
  status.active_machine = std::move(machine);
  return std::make_shared<const BackupStatus>(std::move(status));
}

PackedPtr two_errors() {
  PipelineResult result;
  for (const char* const message :
       {"The Backup Service at \"atl-fe-002\" does not answer.\n\x1b[31mLook there.", "Größe 2"}) {
    ErrorRecord record;
    record.message = message;
    record.error_id = "BackupServiceUnreachable";
    record.category_message = "ConnectionError: (:) [Get-CsBackupServiceStatus], Exception";
    result.errors.push_back(record.to_value(result.graph));
  }
  return pack(result);
}

status::PoolSnapshotPtr healthy() {
  Story story("atl-cs-001", "chi-cs-001", "Atlanta");
  story.good(26h, answer({module("UserServices.PresenceFocus", "NonSteadyState", "NormalState")}));
  const auto modules = [](const char* state) {
    return std::vector{
        module("UserServices.PresenceFocus", state, "NormalState"),
        module("ConfServices.DataConf", "SteadyState", "NormalState"),
        module("CentralMgmt.CMSMaster", "NotInitialized", "NormalState"),
        module("ApplicationServer.RGSDataStore", "NotInitialized", "NotInitialized")};
  };
  story.good(2h, answer(modules("FinalState"), "atl-fe-001.litwareinc.com"));
  story.good(2min, answer(modules("SteadyState"), "atl-fe-002.litwareinc.com"), two_errors());
  story.knowledge().set_running(true);
  story.knowledge().set_next_due(kMono + 30s);
  return story.told();
}

status::PoolSnapshotPtr failing() {
  Story story("chi-cs-001", "atl-cs-001", "Chicago", collectors::pool_status(),
              {.cms_master = true});
  const auto modules = [](const char* exported, const char* imported) {
    return std::vector{module("UserServices.PresenceFocus", exported, imported),
                       module("ConfServices.DataConf", "Halb", "NormalState"),
                       module("CentralMgmt.CMSMaster", "SteadyState", "NormalState")};
  };
  story.good(2h, answer(modules("SteadyState", "NormalState")));
  story.good(10min, answer(modules("ErrorState", "ErrorState"), "chi-fe-001.litwareinc.com"));
  const Error refused{Reason::auth,
                      "auth.clock",
                      "the clocks of this machine and of the domain differ",
                      "set the clock of this machine",
                      "krb_ap_err_skew \x1b[2J",
                      Stage::auth};
  for (const auto ago : {6min, 4min, 2min}) {
    story.failed(ago, refused);
  }
  story.knowledge().set_backoff(kWall + 5min, Reason::auth);
  return story.told();
}

status::PoolSnapshotPtr long_silent() {
  Story story("den-cs-001", "elp-cs-001", "Denver");
  story.good(5h, answer({module("UserServices.PresenceFocus", "FinalState", "NormalState")},
                        "den-fe-001.litwareinc.com"));
  return story.told();
}

status::PoolSnapshotPtr without_modules() {
  Story story("elp-cs-001", "den-cs-001", "El Paso");
  story.good(1min, answer({}));
  return story.told();
}

status::PoolSnapshotPtr never_asked() {
  return Story("fra-cs-001", "ams-cs-001", "").told();
}

std::vector<status::PoolSnapshotPtr> others_at_atlanta() {
  const auto story = [](std::string_view name) {
    return Story("atl-cs-001", "chi-cs-001", "Atlanta", *collectors::find(name));
  };
  Story replication = story("management_store_replication");
  collectors::Replicas replicas;
  replicas.replicas = {{"edge.litwareinc.com", false, kWall - 3h, kWall - 2h},
                       {"fe.litwareinc.com", {}, {}, {}}};
  replication.good(5min, std::make_shared<const collectors::Replicas>(std::move(replicas)));
  Story central = story("central_management_store");
  collectors::Store store;
  store.active_master = "atl-fe-001.litwareinc.com";
  store.file_transfer_agents = 2;
  central.good(5min, std::make_shared<const collectors::Store>(std::move(store)));
  Story settings = story("backup_service_configuration");
  collectors::Configuration configuration;
  configuration.values = {1'200'000'000, 10, 5, 20, 50'000, 25, 1};
  settings.good(5min, std::make_shared<const collectors::Configuration>(std::move(configuration)));
  Story pairing = story("pool_backup_relationship");
  collectors::Relationship relationship;
  relationship.hosts = {Fqdn::parse("chi-cs-001.litwareinc.com").value()};
  pairing.good(5min, std::make_shared<const collectors::Relationship>(std::move(relationship)));
  return {replication.told(), central.told(), settings.told(), pairing.told()};
}

}  // namespace

Now api_moment() {
  return {kWall, kMono};
}

std::vector<status::HistoryEntry> api_history() {
  Story story("atl-cs-001", "chi-cs-001", "Atlanta");
  status::History history(std::make_shared<status::CommonLines>());
  status::EvaluationPtr before;
  const auto add = [&](status::Evaluation evaluation, bool scheduled) {
    const auto run = std::make_shared<const status::Evaluation>(std::move(evaluation));
    history.add(*run, scheduled, scheduled ? before.get() : nullptr);
    before = scheduled && run->good() ? run : before;
  };
  const auto answered = [&](std::chrono::seconds ago, const char* exported) {
    status::Evaluation run = story.run(ago);
    run.front_end = "https://atl-fe-001.litwareinc.com:5986/wsman";
    run.finding = answer({module("UserServices.PresenceFocus", exported, "NormalState"),
                          module("ConfServices.DataConf", "Halb", "NormalState")});
    run.result = two_errors();
    return run;
  };
  add(answered(10min, "FinalState"), true);
  add(answered(8min, "ErrorState"), true);
  status::Evaluation refused = story.run(6min);
  refused.error = Error{Reason::auth,           "auth.refused", "the server refused the account",
                        "look at the password", "no",           Stage::auth};
  add(std::move(refused), true);
  history.skip(900, story.run(5min).question,
               {Reason::auth, "auth.refused", "left alone until 18:50", "", "", Stage::queue},
               kWall - 5min);
  status::Evaluation asked = answered(1min, "FinalState");
  asked.id = 901;
  asked.trigger = status::Trigger::query;
  asked.request_id = "night-1";
  asked.question.arguments = {{"Category", std::string("UserData")}};
  add(std::move(asked), false);
  return history.newest_first();
}

status::Snapshot api_pools() {
  status::Snapshot snapshot;
  snapshot.version = 1;
  snapshot.pools = {healthy(), failing(), long_silent(), without_modules(), never_asked()};
  snapshot.others = others_at_atlanta();
  return snapshot;
}

status::Snapshot stale_pools() {
  status::Snapshot snapshot = api_pools();
  for (status::PoolSnapshotPtr& each : snapshot.pools) {
    auto changed = std::make_shared<status::PoolSnapshot>(*each);
    changed->freshness = changed->last_good ? status::Freshness::stale : status::Freshness::none;
    each = changed;
  }
  return snapshot;
}

}  // namespace sfb::serve::testing
