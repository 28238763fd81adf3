#include "collectors/pool_backup_relationship/pool_backup_relationship.hpp"

#include "collectors/adapters.hpp"
#include "collectors/last_finding.hpp"
#include "collectors/pool_backup_relationship/cmdlet.hpp"
#include "collectors/pool_backup_relationship/families.hpp"
#include "collectors/pool_backup_relationship/relationship.hpp"

#include <array>

namespace sfb::collectors {

namespace {

constexpr std::array kRelationshipSwitches = {kRelationshipLocalStore};

}  // namespace

constinit const Collector kPoolBackupRelationship = {
    .name = "pool_backup_relationship",
    .about = "The partner of a paired pool, as the server knows it.",
    .cmdlet = get_cs_pool_backup_relationship,
    .script = pool_backup_relationship_script,
    .scheduled = kRelationshipSwitches,
    .hides_errors = "Force",
    .interpret = interpret_as<Relationship, read_relationship>,
    .judge =
        [](const Finding& finding, const Facts& facts) {
          return judge(static_cast<const Relationship&>(finding), facts.pool);
        },
    .changes = changes_as<Relationship>,
    .oddities = notes_of,
    .memory = remember_last<Relationship, RelationshipView>,
    .families = relationship_families,
    .describe = describe_relationship,
    .schema = schema_of_relationship,
};

}  // namespace sfb::collectors
