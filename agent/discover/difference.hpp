// What differs between the configuration and what a front end says. Pure functions.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/discover/topology.hpp"

#include <span>
#include <string>
#include <vector>

namespace sfb::discover {

/// A pool of the configuration, as far as a front end knows about it.
struct ConfiguredPool {
  Fqdn fqdn;
  Fqdn paired_pool;
  std::string site;
  bool cms_master = false;
};

struct Difference {
  std::vector<std::string> lines;    ///< one for each difference, for people
  std::vector<std::string> unknown;  ///< what could not be compared
};

/// `configured` are those of the deployment that was asked. A pool without a partner cannot be
/// configured and is no difference. A name that is not known is neither equal nor different.
Difference compare(const Topology& topology, std::span<const ConfiguredPool> configured);

}  // namespace sfb::discover
