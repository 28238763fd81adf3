#include "collectors/pool_backup_relationship/families.hpp"

#include <array>

namespace sfb::collectors {

namespace {

using exposition::Labels;
using exposition::Type;
using exposition::Writer;

void partner(Writer& writer, const View& view) {
  if (const auto& labels = static_cast<const RelationshipView&>(view).partner) {
    writer.sample(*labels, 1);
  }
}

constexpr std::array kRelationshipFamilies = {
    FamilyRow{{"sfb_backup_pool_backup_relationship", Type::info, "",
               "The partner of a pool as the server knows it: Get-CsPoolBackupRelationship "
               "(cached, last good evaluation)."},
              partner},
};

}  // namespace

RelationshipView::RelationshipView(const Facts& facts, const Relationship* finding, WallTime seen) {
  static_cast<void>(seen);
  const auto name = finding == nullptr ? std::nullopt : partner_of(*finding, facts.pool);
  if (name) {
    partner.emplace(Labels().add("pool", facts.pool.str()).add("partner", name->str()));
  }
  samples = kRelationshipFamilies.size();
}

std::span<const FamilyRow> relationship_families() {
  return kRelationshipFamilies;
}

}  // namespace sfb::collectors
