#include "collectors/backup_service_status/backup_service_status.hpp"

#include "collectors/backup_service_status/changes.hpp"
#include "collectors/backup_service_status/cmdlet.hpp"
#include "collectors/backup_service_status/families.hpp"
#include "collectors/backup_service_status/interpret.hpp"
#include "collectors/backup_service_status/memory.hpp"
#include "collectors/backup_service_status/script.hpp"
#include "collectors/backup_service_status/verdict.hpp"

namespace sfb::collectors {

namespace {

const BackupStatus& status_of(const Finding& finding) {
  return static_cast<const BackupStatus&>(finding);
}

Result<FindingPtr> find_status(const PipelineResult& result, const Limits& limits) {
  auto status = interpret(result, limits);
  if (!status) {
    return std::unexpected(std::move(status.error()));
  }
  return std::make_shared<const BackupStatus>(std::move(*status));
}

}  // namespace

constinit const Collector kBackupServiceStatus = {
    .name = "backup_service_status",
    .about = "State of the Backup Service of a paired pool, module by module.",
    .cmdlet = get_cs_backup_service_status,
    .script = [] { return kScript; },
    .scheduled = {},
    .category = "Category",
    .hides_errors = "Force",
    .rows_of = "BackupModules",
    .interpret = find_status,
    .judge = [](const Finding& finding,
                const Facts& facts) { return judge(status_of(finding), facts.expectation); },
    .changes = [](const Finding& before,
                  const Finding& now) { return changes(status_of(before), status_of(now)); },
    .oddities = [](const Finding& finding) { return oddities(status_of(finding)); },
    .memory = [](const Facts& facts, const Limits& limits) -> std::unique_ptr<Memory> {
      return std::make_unique<BackupMemory>(facts, limits);
    },
    .families = backup_families,
};

}  // namespace sfb::collectors
