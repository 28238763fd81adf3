// The metrics of both collectors. Unknown is absent, never 0; without a fresh answer there are
// none.
#pragma once

#include "agent/base/time.hpp"
#include "agent/exposition/exposition.hpp"
#include "collectors/collector.hpp"
#include "collectors/management_store_replication/replicas.hpp"
#include "collectors/management_store_replication/store.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sfb::collectors {

struct ReplicasView final : View {
  /// `finding` is null where there is nothing fresh. Times ahead of `latest` become `latest`.
  ReplicasView(const Facts& facts, const Replicas* finding, WallTime latest);

  struct Series {
    Replica replica;
    exposition::Labels labels;
  };
  std::vector<Series> series;
};

struct StoreView final : View {
  /// `finding` is null where there is nothing fresh.
  StoreView(const Facts& facts, const Store* finding, WallTime seen);

  exposition::Labels pool;
  std::optional<std::string> active_master;
  std::optional<std::size_t> file_transfer_agents;
};

std::span<const FamilyRow> replicas_families();
std::span<const FamilyRow> store_families();

/// `{replicas: [{fqdn, up_to_date, last_status_report, last_update_creation}]}`
Document describe_replicas(const View& view);
std::string schema_of_replicas();
/// `{active_master, active_file_transfer_agents}`; an empty active_master: none is named.
Document describe_store(const View& view);
std::string schema_of_store();

}  // namespace sfb::collectors
