#include "collectors/pool_backup_relationship/families.hpp"

#include "collectors/describe.hpp"
#include "collectors/schema.hpp"

#include <array>

namespace sfb::collectors {

namespace {

using exposition::Type;
using exposition::Writer;

void partner(Writer& writer, const View& view) {
  const auto& shown = static_cast<const RelationshipView&>(view);
  if (shown.partner) {
    writer.sample(shown.labels, 1);
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
  if (finding != nullptr) {
    if (const auto named = partner_of(*finding, facts.pool)) {
      partner = named->str();
    } else if (names_no_partner(*finding, facts.pool)) {
      partner.emplace();
    }
  }
  if (partner) {
    labels.add("pool", facts.pool.str()).add("partner", *partner);
  }
  samples = kRelationshipFamilies.size();
}

std::span<const FamilyRow> relationship_families() {
  return kRelationshipFamilies;
}

Document describe_relationship(const View& view) {
  const auto& partner = static_cast<const RelationshipView&>(view).partner;
  Document document;
  document.roots.push_back(
      Record().add("partner", partner ? told(*partner) : Value()).into(document.graph));
  return document;
}

std::string schema_of_relationship() {
  using namespace schema;
  return object(
      {{"partner",
        nullable("string", "As the server knows it. Empty: it names none. Null: not known.")}});
}

}  // namespace sfb::collectors
