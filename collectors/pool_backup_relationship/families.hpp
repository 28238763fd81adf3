// The metric of the relationship. Unknown is absent; without a fresh answer there is none.
#pragma once

#include "agent/exposition/exposition.hpp"
#include "collectors/collector.hpp"
#include "collectors/pool_backup_relationship/relationship.hpp"

#include <optional>
#include <span>
#include <string>

namespace sfb::collectors {

struct RelationshipView final : View {
  /// `finding` is null where there is nothing fresh.
  RelationshipView(const Facts& facts, const Relationship* finding, WallTime seen);

  std::optional<std::string> partner;  ///< empty: the server names none; absent: not known
  exposition::Labels labels;           ///< with the partner
};

std::span<const FamilyRow> relationship_families();
Document describe_relationship(const View& view);
std::string schema_of_relationship();

}  // namespace sfb::collectors
