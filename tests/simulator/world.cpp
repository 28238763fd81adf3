#include "tests/simulator/world.hpp"

#include "agent/base/text.hpp"
#include "tests/simulator/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace sim {

Pool* World::pool(const std::string& fqdn) {
  const auto found = scenario_.pools.find(sfb::to_lower(fqdn));
  return found == scenario_.pools.end() ? nullptr : &found->second;
}

void World::set_pool(const std::string& fqdn, Pool pool) {
  scenario_.pools[sfb::to_lower(fqdn)] = std::move(pool);
}

std::optional<Fault> World::pick(const std::string& listener, const std::string& action,
                                 const std::string& pool,
                                 std::initializer_list<Fault::Door> doors) {
  const bool logon = action == "Logon" || action == "Leg";  // only for faults that say so
  for (Fault& fault : scenario_.faults) {
    if (std::ranges::find(doors, fault.door) == doors.end() ||
        (fault.child != 0 && fault.child != child) ||
        (!fault.listener.empty() && fault.listener != listener) ||
        (fault.action.empty() ? logon : fault.action != action) ||
        (!fault.pool.empty() && !sfb::iequals(fault.pool, pool)) ||
        (fault.times != 0 && fault.done >= fault.times)) {
      continue;
    }
    ++fault.matched;
    if ((fault.nth != 0 && fault.matched != fault.nth) ||
        (fault.every != 0 && fault.matched % fault.every != 0)) {
      continue;
    }
    if (fault.probability < 1 &&
        std::uniform_real_distribution<double>(0, 1)(chance_) >= fault.probability) {
      continue;
    }
    ++fault.done;
    ++counters.faults_done[fault.act];
    journal.write("fault", {{"do", json_text(fault.act)}, {"action", json_text(action)}});
    return fault;
  }
  return std::nullopt;
}

void World::violation(const std::string& what) {
  ++counters.violations;
  if (violations.size() < 100) {
    violations.push_back(what);
  }
  fmt::print(stderr, "violation: {}\n", what);
  journal.write("violation", {{"text", json_text(what)}});
}

}  // namespace sim
