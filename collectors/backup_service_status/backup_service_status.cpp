#include "collectors/backup_service_status/backup_service_status.hpp"

#include "collectors/adapters.hpp"
#include "collectors/backup_service_status/changes.hpp"
#include "collectors/backup_service_status/cmdlet.hpp"
#include "collectors/backup_service_status/describe_status.hpp"
#include "collectors/backup_service_status/expand.hpp"
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

}  // namespace

constinit const Collector kBackupServiceStatus = {
    .name = "backup_service_status",
    .about = "State of the Backup Service of a paired pool, module by module.",
    .cmdlet = get_cs_backup_service_status,
    .script = backup_status_script,
    .scheduled = {},
    .category = "Category",
    .hides_errors = "Force",
    .rows_of = "BackupModules",
    .interpret = interpret_as<BackupStatus, interpret>,
    .judge = [](const Finding& finding,
                const Facts& facts) { return judge(status_of(finding), facts.expectation); },
    .changes = changes_as<BackupStatus>,
    .oddities = [](const Finding& finding) { return oddities(status_of(finding)); },
    .memory = [](const Facts& facts, const Limits& limits) -> std::unique_ptr<Memory> {
      return std::make_unique<BackupMemory>(facts, limits);
    },
    .families = backup_families,
    .describe = describe_status,
    .schema = schema_of_status,
    .expand = expand_modules,
    .states = [](const Finding& finding) { return words_of(status_of(finding)); },
};

}  // namespace sfb::collectors
