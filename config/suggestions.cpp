#include "config/suggestions.hpp"

#include "agent/base/near.hpp"
#include "config/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace sfb::config {

namespace {

template <typename Draft>
std::vector<std::string_view> names(std::span<const Draft> drafts) {
  std::vector<std::string_view> out;
  for (const Draft& draft : drafts) {
    if (key_text(draft.value.name) == draft.value.name) {
      out.push_back(draft.value.name);
    }
  }
  return out;
}

std::string with(std::string remedy, std::span<const std::string_view> meant) {
  const std::string near = did_you_mean(meant);
  return near.empty() ? remedy : fmt::format("{}: {}", remedy, near);
}

}  // namespace

std::string with_near(std::string remedy, std::string_view word,
                      std::span<const std::string_view> known) {
  return with(std::move(remedy), near_names(word, known));
}

std::string with_near_host(std::string remedy, std::string_view host,
                           std::span<const std::string_view> known) {
  return with(std::move(remedy), near_hosts(host, known));
}

std::vector<std::string_view> names_of(std::span<const DraftEndpoint> endpoints) {
  return names(endpoints);
}

std::vector<std::string_view> names_of(std::span<const DraftCredentials> credentials) {
  return names(credentials);
}

Partners::Partners(const Draft& draft) {
  std::unordered_set<Fqdn> configured;
  for (const DraftPool& pool : draft.pools) {
    if (pool.fqdn) {
      configured.insert(*pool.fqdn);
    }
  }
  for (const DraftPool& pool : draft.pools) {
    if (!pool.fqdn) {
      continue;
    }
    if (pool.paired_pool) {
      naming_[*pool.paired_pool].push_back(pool.fqdn->str());
    }
    if (!pool.paired_pool || !configured.contains(*pool.paired_pool)) {
      free_.push_back(pool.fqdn->str());
    }
  }
}

std::vector<std::string_view> Partners::of(const Fqdn& pool) const {
  std::vector<std::string_view> out;
  if (const auto naming = naming_.find(pool); naming != naming_.end()) {
    out = naming->second;
  }
  std::ranges::copy_if(free_, std::back_inserter(out),
                       [&](std::string_view name) { return name != pool.str(); });
  return out;
}

}  // namespace sfb::config
