#include "collectors/management_store_replication/management_store_replication.hpp"

#include "collectors/adapters.hpp"
#include "collectors/last_finding.hpp"
#include "collectors/management_store_replication/cmdlet.hpp"
#include "collectors/management_store_replication/families.hpp"
#include "collectors/management_store_replication/replicas.hpp"
#include "collectors/management_store_replication/store.hpp"

#include <array>

namespace sfb::collectors {

namespace {

constexpr std::array<std::string_view, 1> kStoreSwitches = {kStoreSwitch};

}  // namespace

constinit const Collector kManagementStoreReplication = {
    .name = "management_store_replication",
    .about = "Replicas of the Central Management store: which servers have its newest state.",
    .cmdlet = get_cs_management_store_replication_status,
    .script = replication_status_script,
    .scheduled = {},
    .interpret = interpret_as<Replicas, read_replicas>,
    .judge = judge_as<Replicas>,
    .changes = changes_as<Replicas>,
    .oddities = notes_of,
    .memory = remember_last<Replicas, ReplicasView>,
    .families = replicas_families,
    .describe = describe_replicas,
    .schema = schema_of_replicas,
};

constinit const Collector kCentralManagementStore = {
    .name = "central_management_store",
    .about = "The Central Management store: its active master and its file transfer agents.",
    .cmdlet = get_cs_management_store_replication_status,
    .script = replication_status_script,
    .scheduled = kStoreSwitches,
    .interpret = interpret_as<Store, read_store>,
    .judge = judge_as<Store>,
    .changes = changes_as<Store>,
    .oddities = notes_of,
    .memory = remember_last<Store, StoreView>,
    .families = store_families,
    .describe = describe_store,
    .schema = schema_of_store,
};

}  // namespace sfb::collectors
