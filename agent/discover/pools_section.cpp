#include "agent/discover/pools_section.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::discover {

namespace {

// Each line begins with `mark`.
std::string entry(const FoundPool& pool, const Topology& topology, const SectionOptions& options,
                  std::string_view mark) {
  std::string text = fmt::format("{}- fqdn: {}\n{}  endpoint: {}\n{}  paired_pool:{}\n", mark,
                                 pool.fqdn.str(), mark, quoted(options.endpoint), mark,
                                 pool.partner ? " " + pool.partner->str() : "");
  text += fmt::format("{}  site: {}\n", mark, quoted(pool.site.value_or("")));
  if (!options.deployment.empty()) {
    text += fmt::format("{}  deployment: {}\n", mark, quoted(options.deployment));
  }
  if (topology.master == pool.fqdn) {
    text += fmt::format("{}  cms_master: true\n", mark);
  }
  return text;
}

}  // namespace

std::string pools_section(const Topology& topology, const SectionOptions& options) {
  std::string text =
      "# The pools with a Backup Service, as a front end of their deployment knows them.\n"
      "# All of them are reached through one endpoint here.\n";
  for (const std::string& remark : topology.remarks) {
    text += fmt::format("# {}\n", remark);
  }
  const bool any = std::ranges::any_of(
      topology.pools, [](const FoundPool& pool) { return pool.partner.has_value(); });
  text += any ? "pools:\n" : "pools: []\n";
  for (const FoundPool& pool : topology.pools) {
    for (const std::string& remark : pool.remarks) {
      text += fmt::format("  # {}\n", remark);
    }
    if (pool.partner) {
      text += entry(pool, topology, options, "  ");
    } else {
      text += fmt::format("  # {}: without a partner it is left out.\n", pool.fqdn.str());
      text += entry(pool, topology, options, "  # ");
    }
  }
  return text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' || c == '\\' ? "\\" : "";
    out += c;
  }
  return out + "\"";
}

}  // namespace sfb::discover
