#include "collectors/management_store_replication/families.hpp"

#include "collectors/describe.hpp"
#include "collectors/schema.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sfb::collectors {

namespace {

using exposition::Labels;
using exposition::Type;
using exposition::Writer;

std::optional<double> number(const std::optional<bool>& value) {
  return value ? std::optional(*value ? 1.0 : 0.0) : std::nullopt;
}

std::optional<double> number(const std::optional<WallTime>& value) {
  return value ? std::optional(to_unix_seconds(*value)) : std::nullopt;
}

template <auto member>
void each_replica(Writer& writer, const View& view) {
  for (const auto& [replica, labels] : static_cast<const ReplicasView&>(view).series) {
    if (const auto value = number(replica.*member)) {
      writer.sample(labels, *value);
    }
  }
}

constexpr std::array kReplicasFamilies = {
    FamilyRow{{"sfb_backup_management_store_replica_up_to_date", Type::gauge, "",
               "Whether a replica of the Central Management store is up to date: UpToDate of "
               "Get-CsManagementStoreReplicationStatus (cached, last good evaluation)."},
              each_replica<&Replica::up_to_date>},
    FamilyRow{{"sfb_backup_management_store_replica_last_status_report_timestamp_seconds",
               Type::gauge, "seconds",
               "LastStatusReport of Get-CsManagementStoreReplicationStatus, in Unix seconds "
               "(cached, last good evaluation)."},
              each_replica<&Replica::last_status_report>},
    FamilyRow{{"sfb_backup_management_store_replica_last_update_creation_timestamp_seconds",
               Type::gauge, "seconds",
               "LastUpdateCreation of Get-CsManagementStoreReplicationStatus, in Unix seconds "
               "(cached, last good evaluation)."},
              each_replica<&Replica::last_update_creation>},
};

void active_master(Writer& writer, const View& view) {
  const auto& store = static_cast<const StoreView&>(view);
  if (store.active_master && !store.active_master->empty()) {
    writer.sample(Labels(store.pool).add("active_master", *store.active_master), 1);
  }
}

void active_master_named(Writer& writer, const View& view) {
  const auto& store = static_cast<const StoreView&>(view);
  if (store.active_master) {
    writer.sample(store.pool, store.active_master->empty() ? 0 : 1);
  }
}

void file_transfer_agents(Writer& writer, const View& view) {
  const auto& store = static_cast<const StoreView&>(view);
  if (store.file_transfer_agents) {
    writer.sample(store.pool, static_cast<double>(*store.file_transfer_agents));
  }
}

constexpr std::array kStoreFamilies = {
    FamilyRow{{"sfb_backup_central_management_store_active_master", Type::info, "",
               "The active master of the Central Management store: ActiveMasterFqdn of "
               "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus (cached, last "
               "good evaluation)."},
              active_master},
    FamilyRow{{"sfb_backup_central_management_store_active_master_named", Type::gauge, "",
               "Whether ActiveMasterFqdn of Get-CsManagementStoreReplicationStatus "
               "-CentralManagementStoreStatus names a server (cached, last good evaluation)."},
              active_master_named},
    FamilyRow{{"sfb_backup_central_management_store_active_file_transfer_agents", Type::gauge, "",
               "How many ActiveFileTransferAgents Get-CsManagementStoreReplicationStatus "
               "-CentralManagementStoreStatus lists (cached, last good evaluation)."},
              file_transfer_agents},
};

}  // namespace

ReplicasView::ReplicasView(const Facts& facts, const Replicas* finding, WallTime latest) {
  if (finding == nullptr) {
    return;
  }
  const Labels pool = Labels().add("pool", facts.pool.str());
  const auto not_ahead = [&](std::optional<WallTime>& time) {
    if (time) {
      time = std::min(*time, latest);
    }
  };
  series.reserve(finding->replicas.size());
  for (const Replica& replica : finding->replicas) {
    series.push_back({replica, Labels(pool).add("replica", replica.fqdn)});
    not_ahead(series.back().replica.last_status_report);
    not_ahead(series.back().replica.last_update_creation);
  }
  samples = kReplicasFamilies.size() * series.size();
}

StoreView::StoreView(const Facts& facts, const Store* finding, WallTime seen) {
  static_cast<void>(seen);
  pool.add("pool", facts.pool.str());
  if (finding != nullptr) {
    active_master = finding->active_master;
    file_transfer_agents = finding->file_transfer_agents;
  }
  samples = kStoreFamilies.size();
}

std::span<const FamilyRow> replicas_families() {
  return kReplicasFamilies;
}

std::span<const FamilyRow> store_families() {
  return kStoreFamilies;
}

Document describe_replicas(const View& view) {
  Document document;
  std::vector<Value> replicas;
  const auto& series = static_cast<const ReplicasView&>(view).series;
  replicas.reserve(series.size());
  for (const auto& [replica, labels] : series) {
    replicas.push_back(Record()
                           .add("fqdn", told(replica.fqdn))
                           .add("up_to_date", told(replica.up_to_date))
                           .add("last_status_report", told(replica.last_status_report))
                           .add("last_update_creation", told(replica.last_update_creation))
                           .into(document.graph));
  }
  document.roots.push_back(
      Record().add("replicas", list_of(document.graph, std::move(replicas))).into(document.graph));
  return document;
}

Document describe_store(const View& view) {
  const auto& store = static_cast<const StoreView&>(view);
  Document document;
  std::optional<std::int64_t> agents;
  if (store.file_transfer_agents) {
    agents = static_cast<std::int64_t>(*store.file_transfer_agents);
  }
  document.roots.push_back(Record()
                               .add("active_master", told(store.active_master))
                               .add("active_file_transfer_agents", told(agents))
                               .into(document.graph));
  return document;
}

std::string schema_of_replicas() {
  using namespace schema;
  return object({{"replicas", list(object({{"fqdn", of("string")},
                                           {"up_to_date", nullable("boolean")},
                                           {"last_status_report", nullable_time()},
                                           {"last_update_creation", nullable_time()}}))}});
}

std::string schema_of_store() {
  using namespace schema;
  return object({{"active_master", nullable("string", "Empty: none is named.")},
                 {"active_file_transfer_agents", nullable("integer")}});
}

}  // namespace sfb::collectors
