#include "agent/discover/difference.hpp"

#include "agent/discover/pools_section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace sfb::discover {

namespace {

void compare_pool(const FoundPool& found, const ConfiguredPool& configured,
                  const Topology& topology, Difference& difference) {
  const std::string& name = found.fqdn.str();
  const auto differs = [&](std::string_view key, std::string_view here, std::string_view there) {
    difference.lines.push_back(
        fmt::format("{}: {} is {} in the configuration, {} on the server", name, key, here, there));
  };
  const auto is_unknown = [&](std::string_view key) {
    difference.unknown.push_back(fmt::format("{}: {} is not known", name, key));
  };
  if (found.pairing == Pairing::unknown) {
    is_unknown("paired_pool");
  } else if (found.partner != configured.paired_pool) {
    differs("paired_pool", configured.paired_pool.str(),
            found.partner ? std::string_view(found.partner->str()) : "none");
  }
  if (!found.site) {
    is_unknown("site");
  } else if (*found.site != configured.site) {
    differs("site", quoted(configured.site), quoted(*found.site));
  }
  if (topology.master_known == MasterKnown::no) {
    is_unknown("cms_master");
  } else if (const bool master = topology.master == found.fqdn; master != configured.cms_master) {
    differs("cms_master", configured.cms_master ? "true" : "false", master ? "true" : "false");
  }
}

}  // namespace

Difference compare(const Topology& topology, std::span<const ConfiguredPool> configured) {
  Difference difference;
  for (const FoundPool& found : topology.pools) {
    const auto same = std::ranges::find(configured, found.fqdn, &ConfiguredPool::fqdn);
    if (same != configured.end()) {
      compare_pool(found, *same, topology, difference);
    } else if (found.partner) {
      difference.lines.push_back(
          fmt::format("{}: is on the server, paired with {}, and not in the "
                      "configuration",
                      found.fqdn.str(), found.partner->str()));
    } else if (found.pairing == Pairing::unknown) {
      difference.unknown.push_back(fmt::format(
          "{}: is not in the configuration; its partner is not known", found.fqdn.str()));
    }
  }
  for (const ConfiguredPool& pool : configured) {
    if (std::ranges::find(topology.pools, pool.fqdn, &FoundPool::fqdn) == topology.pools.end()) {
      (topology.whole ? difference.lines : difference.unknown)
          .push_back(topology.whole
                         ? fmt::format("{}: is in the configuration and not on the server",
                                       pool.fqdn.str())
                         : fmt::format("{}: is not in the answers, which may be incomplete",
                                       pool.fqdn.str()));
    }
  }
  return difference;
}

}  // namespace sfb::discover
