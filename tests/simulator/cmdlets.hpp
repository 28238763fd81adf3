// Cmdlets of a server beside the status: what they answer, as the scenario says.
#pragma once

#include "tests/simulator/yaml.hpp"

#include <map>
#include <string>

namespace sim {

/// The key `cmdlets` of a server.
Cmdlets cmdlets_of(const Item& item);

/// The entry for a call of `name`: of those whose switches are all given, the one with most. `end`
/// when there is none. `arguments` have names in lower case.
Cmdlets::const_iterator find_cmdlet(const Cmdlets& cmdlets, const std::string& name,
                                    const std::map<std::string, std::string>& arguments);

}  // namespace sim
