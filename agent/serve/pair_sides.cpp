#include "agent/serve/pair_sides.hpp"

#include "agent/base/text.hpp"
#include "agent/json/writer.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/value/access.hpp"

#include <algorithm>
#include <utility>

namespace sfb::serve {
namespace {

using status::PoolSnapshot;
using status::PoolSnapshotPtr;

/// The worse of both; what is not known is worse than benign.
std::string_view worse(std::string_view one, std::string_view other) {
  for (const std::string_view health : {"bad", "unknown", "benign"}) {
    if (one == health || other == health) {
      return health;
    }
  }
  return "good";
}

ModuleWay module_way(const Side& source, const Side& target, std::string_view identity) {
  const Value* const from = source.module(identity);
  const Value* const to = target.module(identity);
  ModuleWay way{.identity = identity,
                .exported = from == nullptr ? nullptr : source.member(*from, "export"),
                .imported = to == nullptr ? nullptr : target.member(*to, "import"),
                .health = {}};
  const auto health_of = [](const Side& side, const Value* value) {
    return value == nullptr ? std::string_view("unknown") : side.text(value, "health");
  };
  way.health = worse(health_of(source, way.exported), health_of(target, way.imported));
  return way;
}

}  // namespace

Tristate both(Tristate one, Tristate other) {
  if (one == false || other == false) {
    return false;
  }
  return one && other ? Tristate(true) : std::nullopt;
}

Side::Side(std::string name, PoolSnapshotPtr pool, const PoolElsewhere* elsewhere)
    : name_(std::move(name)),
      partner_(pool                   ? pool->identity.paired_pool.str()
               : elsewhere != nullptr ? elsewhere->paired_pool
                                      : std::string()),
      pool_(std::move(pool)),
      elsewhere_(elsewhere) {
  if (pool_ && pool_->what->describe && pool_->view) {
    document_ = pool_->what->describe(*pool_->view);
  }
}

std::vector<const Value*> Side::modules() const {
  const Value* const list =
      document_.roots.empty() ? nullptr : member(document_.roots.front(), "modules");
  return list == nullptr ? std::vector<const Value*>() : items_of(graph(), *list);
}

const Value* Side::module(std::string_view identity) const {
  for (const Value* const each : modules()) {
    if (iequals(text(each, "identity"), identity)) {
      return each;
    }
  }
  return nullptr;
}

Tristate Side::configured() const {
  const Value* const verdict =
      document_.roots.empty() ? nullptr : member(document_.roots.front(), "verdict");
  const Value* const told = verdict == nullptr ? nullptr : member(*verdict, "configured");
  return told == nullptr ? std::nullopt : as_bool(graph(), *told);
}

const Value* Side::member(const Value& value, std::string_view name) const {
  return find_property(graph(), value, name);
}

std::string_view Side::text(const Value* value, std::string_view name) const {
  const Value* const found = value == nullptr ? nullptr : member(*value, name);
  return found == nullptr ? std::string_view() : plain_text(graph(), *found).value_or("");
}

std::string Side::json(const Value* value) const {
  if (value == nullptr) {
    return "null";
  }
  const auto text = json::convert_to_json(graph(), {*value}, {.depth = 20, .compress = true});
  return text ? *text : "null";
}

std::optional<double> lag_of(const Side& source, const Value* exported) {
  if (!source.pool() || source.pool()->freshness != status::Freshness::fresh ||
      !source.pool()->last_success) {
    return std::nullopt;
  }
  const auto healthy = parse_iso8601(source.text(exported, "last_healthy"));
  if (!healthy) {
    return std::nullopt;
  }
  return std::max(0.0, to_seconds(*source.pool()->last_success - *healthy));
}

Way way_between(const Side& source, const Side& target) {
  // A pool that answers without any module backs up nothing and takes nothing.
  Way way{.modules = {}, .working = both(source.configured(), target.configured())};
  for (const Side* const side : {&source, &target}) {
    for (const Value* const module : side->modules()) {
      const std::string_view identity = side->text(module, "identity");
      if (std::ranges::any_of(
              way.modules, [&](const ModuleWay& one) { return iequals(one.identity, identity); })) {
        continue;
      }
      way.modules.push_back(module_way(source, target, identity));
      const std::string_view health = way.modules.back().health;
      way.working =
          both(way.working, health == "unknown" ? std::nullopt : Tristate(health != "bad"));
    }
  }
  return way;
}

void for_each_pair(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                   const std::function<bool(const PoolSnapshot&)>& wanted,
                   const std::function<void(const PoolSnapshot&, const Side&, const Side&)>& show) {
  for (const PoolSnapshotPtr& pool : snapshot.pools) {
    const std::string& name = pool->identity.fqdn.str();
    const std::string& other = pool->identity.paired_pool.str();
    const auto fqdn = Fqdn::parse(other);
    const PoolSnapshotPtr partner = fqdn ? find_pool(snapshot, *fqdn) : nullptr;
    const bool told = partner && partner->identity.paired_pool == name && other < name;
    if (told || !wanted(*pool)) {
      continue;
    }
    const Side mine(name, pool, nullptr);
    const Side theirs(other, partner, fqdn && !partner ? elsewhere.find(*fqdn) : nullptr);
    if (name < other) {
      show(*pool, mine, theirs);
    } else {
      show(*pool, theirs, mine);
    }
  }
}

}  // namespace sfb::serve
