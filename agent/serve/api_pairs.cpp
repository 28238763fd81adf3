#include "agent/serve/api_pairs.hpp"

#include "agent/base/text.hpp"
#include "agent/json/writer.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/json_text.hpp"
#include "agent/value/access.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sfb::serve {
namespace {

using status::PoolSnapshot;
using status::PoolSnapshotPtr;

/// true, false, or not known.
using Tristate = std::optional<bool>;

/// All are true, or one is false, or it is not known.
Tristate both(Tristate one, Tristate other) {
  if (one == false || other == false) {
    return false;
  }
  return one && other ? Tristate(true) : std::nullopt;
}

std::string_view tristate_json(Tristate answer) {
  return !answer ? "null" : *answer ? "true" : "false";
}

/// One pool of a pair, as its collector describes it.
class Side {
 public:
  /// `elsewhere`: of a pool that is not evaluated here; may be null.
  Side(std::string name, PoolSnapshotPtr pool, const PoolElsewhere* elsewhere)
      : name_(std::move(name)),
        partner_(pool                   ? pool->identity.paired_pool
                 : elsewhere != nullptr ? elsewhere->paired_pool
                                        : std::string()),
        pool_(std::move(pool)) {
    if (pool_ && pool_->what->describe && pool_->view) {
      document_ = pool_->what->describe(*pool_->view);
    }
  }

  const std::string& name() const { return name_; }
  /// As configured; empty where it is not.
  const std::string& partner() const { return partner_; }
  const PoolSnapshotPtr& pool() const { return pool_; }
  const Graph& graph() const { return document_.graph; }

  std::vector<const Value*> modules() const {
    const Value* const list =
        document_.roots.empty() ? nullptr : member(document_.roots.front(), "modules");
    return list == nullptr ? std::vector<const Value*>() : items_of(graph(), *list);
  }
  /// nullptr when it has none of this name.
  const Value* module(std::string_view identity) const {
    for (const Value* const each : modules()) {
      if (iequals(text(each, "identity"), identity)) {
        return each;
      }
    }
    return nullptr;
  }
  Tristate configured() const {
    const Value* const verdict =
        document_.roots.empty() ? nullptr : member(document_.roots.front(), "verdict");
    const Value* const told = verdict == nullptr ? nullptr : member(*verdict, "configured");
    return told == nullptr ? std::nullopt : as_bool(graph(), *told);
  }
  const Value* member(const Value& value, std::string_view name) const {
    return find_property(graph(), value, name);
  }
  std::string_view text(const Value* value, std::string_view name) const {
    const Value* const found = value == nullptr ? nullptr : member(*value, name);
    return found == nullptr ? std::string_view() : plain_text(graph(), *found).value_or("");
  }
  std::string json(const Value* value) const {
    if (value == nullptr) {
      return "null";
    }
    const auto text = json::convert_to_json(graph(), {*value}, {.depth = 20, .compress = true});
    return text ? *text : "null";
  }

 private:
  std::string name_;
  std::string partner_;
  PoolSnapshotPtr pool_;  ///< null when it is not evaluated here
  Document document_;
};

/// The worse of both; what is not known is worse than benign.
std::string_view worse(std::string_view one, std::string_view other) {
  for (const std::string_view health : {"bad", "unknown", "benign"}) {
    if (one == health || other == health) {
      return health;
    }
  }
  return "good";
}

/// How long the export has not been healthy, as the alerts count it: from the last healthy answer
/// to the last good one.
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

struct Part {
  std::string json;
  Tristate working;
};

Part module_part(const Side& source, const Side& target, std::string_view identity) {
  const Value* const from = source.module(identity);
  const Value* const to = target.module(identity);
  const Value* const exported = from == nullptr ? nullptr : source.member(*from, "export");
  const Value* const imported = to == nullptr ? nullptr : target.member(*to, "import");
  const auto health_of = [](const Side& side, const Value* value) {
    return value == nullptr ? std::string_view("unknown") : side.text(value, "health");
  };
  const std::string_view health = worse(health_of(source, exported), health_of(target, imported));
  Part part;
  part.json = JsonObject()
                  .add("identity", identity)
                  .add_raw("export", source.json(exported))
                  .add_raw("import", target.json(imported))
                  .add("health", health)
                  .add_seconds("lag_seconds", lag_of(source, exported))
                  .str();
  part.working = health == "unknown" ? std::nullopt : Tristate(health != "bad");
  return part;
}

Part direction_part(const Side& source, const Side& target) {
  std::vector<std::string_view> identities;
  for (const Side* const side : {&source, &target}) {
    for (const Value* const module : side->modules()) {
      const std::string_view identity = side->text(module, "identity");
      if (std::ranges::none_of(identities,
                               [&](std::string_view one) { return iequals(one, identity); })) {
        identities.push_back(identity);
      }
    }
  }
  Part part;
  // A pool that answers without any module backs up nothing and takes nothing.
  part.working = both(source.configured(), target.configured());
  std::string modules;
  for (const std::string_view identity : identities) {
    const Part module = module_part(source, target, identity);
    part.working = both(part.working, module.working);
    modules += (modules.empty() ? "" : ",") + module.json;
  }
  part.json = JsonObject()
                  .add("source", source.name())
                  .add("target", target.name())
                  .add_raw("working", tristate_json(part.working))
                  .add_raw("modules", '[' + modules + ']')
                  .str();
  return part;
}

Part pair_part(const PoolSnapshot& pool, const Side& first, const Side& second) {
  const auto names = [](const Side& one, const Side& other) {
    return one.partner() == other.name();
  };
  const Part there = direction_part(first, second);
  const Part back = direction_part(second, first);
  Part part;
  part.working = both(there.working, back.working);
  part.json = JsonObject()
                  .add("pair", pool.identity.pair())
                  .add("deployment", pool.identity.deployment)
                  .add("reciprocal", names(first, second) && names(second, first))
                  .add_raw("working", tristate_json(part.working))
                  .add_raw("directions", "[\n" + there.json + ",\n" + back.json + ']')
                  .str();
  return part;
}

bool is_wanted_pair(const PoolSnapshot& pool, const Given& filter) {
  const auto* const fqdn = filter.get<Fqdn>("pool");
  const auto* const deployment = filter.get<std::string>("deployment");
  return (fqdn == nullptr || *fqdn == pool.identity.fqdn ||
          fqdn->str() == pool.identity.paired_pool) &&
         (deployment == nullptr || *deployment == pool.identity.deployment);
}

}  // namespace

http::Response pairs_page(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                          const Given& filter) {
  const auto* const wanted = filter.get<std::string>("working");
  std::map<std::string, std::string> by_name;
  for (const PoolSnapshotPtr& pool : snapshot.pools) {
    const std::string& name = pool->identity.fqdn.str();
    const std::string& other = pool->identity.paired_pool;
    const auto fqdn = Fqdn::parse(other);
    const PoolSnapshotPtr partner = fqdn ? find_pool(snapshot, *fqdn) : nullptr;
    const bool told = partner && partner->identity.paired_pool == name && other < name;
    if (told || !is_wanted_pair(*pool, filter)) {
      continue;
    }
    const Side mine(name, pool, nullptr);
    const Side theirs(other, partner, fqdn ? elsewhere.find(*fqdn) : nullptr);
    const Part part =
        name < other ? pair_part(*pool, mine, theirs) : pair_part(*pool, theirs, mine);
    const std::string_view working = !part.working ? "unknown" : *part.working ? "true" : "false";
    if (wanted == nullptr || *wanted == working) {
      by_name.emplace(pool->identity.pair(), part.json);
    }
  }
  std::string list;
  for (const auto& [pair, json] : by_name) {
    list += (list.empty() ? "\n" : ",\n") + json;
  }
  return json_response("{\"pairs\":[" + list + (list.empty() ? "]}\n" : "\n]}\n"));
}

}  // namespace sfb::serve
