// Evaluations and a clock that only moves when told, for tests.
#pragma once

#include "agent/status/knowledge.hpp"
#include "collectors/backup_service_status/families.hpp"
#include "collectors/backup_service_status/status.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfb::status::testing {

using namespace std::chrono_literals;

/// Starts at a fixed moment; both clocks move together unless only the wall is set.
class FakeClock final : public Clock {
 public:
  Now now() const override { return now_; }
  void advance(std::chrono::nanoseconds by) {
    now_.mono += by;
    now_.wall += std::chrono::duration_cast<Micros>(by);
  }
  void set_wall_back(Micros by) { now_.wall -= by; }

 private:
  Now now_{WallTime{Micros{1'700'000'000'000'000}}, MonoTime{1'000'000s}};
};

inline Fqdn fqdn(std::string_view name) {
  return Fqdn::parse(name).value();
}

inline PoolIdentity identity(std::string_view name = "atl-cs-001.litwareinc.com") {
  return {fqdn(name), "chi-cs-001.litwareinc.com", "Atlanta", "corp", "dropbox", "file", {}, 120s,
          1h};
}

inline collectors::Module module(
    std::string name, collectors::ExportState exported,
    collectors::ImportState imported = collectors::ImportState::normal_state) {
  return {std::move(name), exported, imported, std::string(to_string(exported)),
          std::string(to_string(imported))};
}

inline std::shared_ptr<Evaluation> blank(Now now, std::chrono::nanoseconds age = 0s) {
  auto evaluation = std::make_shared<Evaluation>(Evaluation{.question = {.pool = identity().fqdn}});
  evaluation->evaluated_at = now.wall - std::chrono::duration_cast<Micros>(age);
  evaluation->made = now.mono - age;
  evaluation->finished = now.wall;
  evaluation->duration = 250ms;
  return evaluation;
}

/// A good evaluation that ends now; its content is `age` old.
inline std::shared_ptr<Evaluation> good(Now now, std::vector<collectors::Module> modules,
                                        std::string machine = {},
                                        std::chrono::nanoseconds age = 0s) {
  auto evaluation = blank(now, age);
  collectors::BackupStatus status;
  status.modules = std::move(modules);
  status.active_machine = std::move(machine);
  evaluation->finding = std::make_shared<collectors::BackupStatus>(std::move(status));
  return evaluation;
}

/// What a good evaluation says; tests may change it while they build one.
inline collectors::BackupStatus& status_of(const Evaluation& evaluation) {
  return const_cast<collectors::BackupStatus&>(
      static_cast<const collectors::BackupStatus&>(*evaluation.finding));
}

/// What the metrics of a pool show.
inline collectors::BackupShown shown(const PoolSnapshot& pool) {
  return static_cast<const collectors::BackupView&>(*pool.view).shown;
}
inline collectors::BackupShown shown(const PoolSnapshotPtr& pool) {
  return shown(*pool);
}

inline Question question(std::string_view pool, std::vector<collectors::Argument> arguments = {}) {
  return {fqdn(pool), &collectors::pool_status(), std::move(arguments)};
}

inline std::shared_ptr<Evaluation> failed(Now now, Reason reason) {
  auto evaluation = blank(now);
  evaluation->error = Error{reason, "test.failure", "it failed", "repair it", "", Stage::query};
  return evaluation;
}

}  // namespace sfb::status::testing
