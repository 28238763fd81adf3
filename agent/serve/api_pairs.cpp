#include "agent/serve/api_pairs.hpp"

#include "agent/serve/api_pools.hpp"
#include "agent/serve/json_text.hpp"
#include "agent/serve/pair_sides.hpp"

#include <map>
#include <string>
#include <string_view>

namespace sfb::serve {
namespace {

using status::PoolSnapshot;

std::string_view tristate_json(Tristate answer) {
  return !answer ? "null" : *answer ? "true" : "false";
}

struct Part {
  std::string json;
  Tristate working;
};

Part direction_part(const Side& source, const Side& target) {
  const Way way = way_between(source, target);
  std::string modules;
  for (const ModuleWay& module : way.modules) {
    modules += (modules.empty() ? "" : ",") +
               JsonObject()
                   .add("identity", module.identity)
                   .add_raw("export", source.json(module.exported))
                   .add_raw("import", target.json(module.imported))
                   .add("health", module.health)
                   .add_seconds("lag_seconds", lag_of(source, module.exported))
                   .str();
  }
  Part part{.json = {}, .working = way.working};
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
  Part part{.json = {}, .working = both(there.working, back.working)};
  part.json = JsonObject()
                  .add("pair", pool.identity.pair())
                  .add("deployment", pool.identity.deployment.str())
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
  for_each_pair(
      snapshot, elsewhere, [&](const PoolSnapshot& pool) { return is_wanted_pair(pool, filter); },
      [&](const PoolSnapshot& pool, const Side& first, const Side& second) {
        const Part part = pair_part(pool, first, second);
        const std::string_view working = !part.working   ? "unknown"
                                         : *part.working ? "true"
                                                         : "false";
        if (wanted == nullptr || *wanted == working) {
          by_name.emplace(pool.identity.pair(), part.json);
        }
      });
  std::string list;
  for (const auto& [pair, json] : by_name) {
    list += (list.empty() ? "\n" : ",\n") + json;
  }
  return json_response("{\"pairs\":[" + list + (list.empty() ? "]}\n" : "\n]}\n"));
}

}  // namespace sfb::serve
