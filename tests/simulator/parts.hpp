// Parts of a scenario, each read from its piece of YAML; all throw Mistake.
#pragma once

#include "tests/simulator/yaml.hpp"

#include <vector>

namespace sim {

Pool pool_of(const Item& item);
/// Faults for that scenario's listeners and pools.
std::vector<Fault> faults_of(const Item& list, const Scenario& scenario);

}  // namespace sim
