#include "config/checks.hpp"

#include "agent/base/bearer_token.hpp"
#include "agent/base/text.hpp"
#include "agent/base/time.hpp"
#include "config/checks_logon.hpp"
#include "config/checks_times.hpp"
#include "config/fields.hpp"
#include "config/suggestions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace sfb::config {

namespace {

using EndpointIndex = std::unordered_map<std::string_view, const DraftEndpoint*>;
using CredentialsIndex = std::unordered_map<std::string_view, const DraftCredentials*>;
using PoolIndex = std::unordered_map<Fqdn, const DraftPool*>;

std::string here_or_at(const Node& other) {
  return fmt::format("remove it here or at {}", to_string(other.position()));
}

EndpointIndex index_endpoints(const Draft& draft, Problems& problems) {
  EndpointIndex index;
  for (const DraftEndpoint& endpoint : draft.endpoints) {
    const auto [seen, is_new] = index.emplace(endpoint.value.name, &endpoint);
    if (!is_new) {
      problems.add(endpoint.name_at->position(), endpoint.key, "the endpoint is configured twice",
                   here_or_at(*seen->second->name_at));
    }
  }
  return index;
}

CredentialsIndex index_credentials(const Draft& draft, Problems& problems) {
  CredentialsIndex index;
  for (const DraftCredentials& credentials : draft.credentials) {
    const auto [seen, is_new] = index.emplace(credentials.value.name, &credentials);
    if (!is_new) {
      problems.add(credentials.name_at->position(), credentials.key,
                   "the credentials are configured twice", here_or_at(*seen->second->name_at));
    }
  }
  return index;
}

PoolIndex index_pools(const Draft& draft, Problems& problems) {
  PoolIndex index;
  for (const DraftPool& pool : draft.pools) {
    if (!pool.fqdn) {
      continue;
    }
    const auto [seen, is_new] = index.emplace(*pool.fqdn, &pool);
    if (!is_new) {
      problems.add(pool.fqdn_at->position(), pool.key + ".fqdn",
                   fmt::format("pool {} is configured twice", pool.fqdn->str()),
                   here_or_at(*seen->second->fqdn_at));
    }
  }
  return index;
}

void check_references(const Draft& draft, const EndpointIndex& endpoints, Problems& problems) {
  std::unordered_map<std::string_view, std::size_t> uses;
  const std::vector<std::string_view> names = names_of(draft.endpoints);
  for (const DraftPool& pool : draft.pools) {
    if (!pool.endpoint) {
      continue;
    }
    ++uses[*pool.endpoint];
    if (!endpoints.contains(*pool.endpoint)) {
      problems.add(pool.endpoint_at->position(), pool.key + ".endpoint",
                   fmt::format("there is no endpoint {}", quote(*pool.endpoint, 64)),
                   with_near("name an entry of endpoints", *pool.endpoint, names));
    }
  }
  for (const DraftEndpoint& endpoint : draft.endpoints) {
    if (endpoints.at(endpoint.value.name) != &endpoint) {
      continue;  // a second one of that name has been reported
    }
    const auto used = uses.find(endpoint.value.name);
    if (used == uses.end()) {
      if (!draft.references_known) {
        continue;
      }
      problems.add(endpoint.name_at->position(), endpoint.key, "no pool uses this endpoint",
                   "remove it or name it in a pool");
      continue;
    }
    const auto* const file = std::get_if<File>(&endpoint.value.transport);
    if (file != nullptr && used->second > 1 && !file->path.empty() &&
        file->path.find("{pool}") == std::string::npos) {
      problems.add(
          endpoint.path_at->position(), endpoint.key + ".path",
          fmt::format("{} pools use this endpoint and would read the same file", used->second),
          "write {pool} into the path");
    }
  }
}

// The entry of that name; where there is none, that has been reported.
const DraftCredentials* find_credentials(const Draft& draft, const CredentialsIndex& credentials,
                                         const std::string& name, const Node& at,
                                         const std::string& key, Problems& problems) {
  const auto found = credentials.find(name);
  if (found != credentials.end()) {
    return found->second;
  }
  if (draft.credentials_known) {
    problems.add(at.position(), key,
                 // Another text is perhaps an account with its password.
                 key_text(name) == name ? fmt::format("there are no credentials {}", quote(name))
                                        : "is not a name of credentials",
                 with_near("name an entry of credentials", name, names_of(draft.credentials)));
  }
  return nullptr;
}

// An NTLM logon would not seal, and basic is none of a directory's.
void check_directory(const Draft& draft, const CredentialsIndex& credentials, Problems& problems) {
  const Node* const at = draft.directory_credentials_at;
  if (at == nullptr) {
    return;
  }
  const std::string key = "authorization.directory.credentials";
  const DraftCredentials* const entry = find_credentials(
      draft, credentials, draft.authorization.directory->credentials, *at, key, problems);
  if (entry != nullptr && entry->value.method != "kerberos") {
    problems.add(at->position(), key,
                 fmt::format("{} has another method than kerberos", quote(entry->value.name)),
                 "name an entry with method kerberos");
  }
}

void check_credentials(const Draft& draft, const CredentialsIndex& credentials, Problems& problems,
                       Problems& warnings) {
  std::unordered_set<std::string_view> used;
  if (draft.authorization.directory) {
    used.insert(draft.authorization.directory->credentials);
    check_directory(draft, credentials, problems);
  }
  for (const DraftEndpoint& endpoint : draft.endpoints) {
    if (endpoint.credentials_at == nullptr) {
      continue;
    }
    const std::string& name = std::get<Winrm>(endpoint.value.transport).credentials;
    used.insert(name);
    if (const DraftCredentials* const entry =
            find_credentials(draft, credentials, name, *endpoint.credentials_at,
                             endpoint.key + ".credentials", problems)) {
      check_logon(endpoint, entry->value, problems, warnings);
    }
  }
  for (const DraftCredentials& entry : draft.credentials) {
    if (draft.credential_references_known && credentials.at(entry.value.name) == &entry &&
        !used.contains(entry.value.name)) {
      problems.add(entry.name_at->position(), entry.key, "no endpoint uses these credentials",
                   "remove them or name them in an endpoint");
    }
  }
}

// Who may push, against the tokens that there are.
void check_pushers(const Draft& draft, Problems& problems) {
  std::vector<std::string_view> known;
  known.reserve(draft.authorization.tokens.size());
  for (const Token& token : draft.authorization.tokens) {
    known.push_back(token.name);
  }
  for (const DraftEndpoint& endpoint : draft.endpoints) {
    const auto* const push = std::get_if<Push>(&endpoint.value.transport);
    if (push == nullptr) {
      continue;
    }
    for (const std::string& token : push->from.tokens) {
      if (std::ranges::find(known, token) == known.end()) {
        problems.add(endpoint.from_tokens_at->position(), endpoint.key + ".from.tokens",
                     // Another text is perhaps a token itself.
                     key_text(token) == token && token.size() < kLeastToken
                         ? fmt::format("there is no token {}", quote(token, 64))
                         : "holds what is not the name of a token",
                     with_near("name an entry of authorization.tokens", token, known));
      }
    }
  }
}

void check_ages(const Draft& draft, Problems& problems) {
  for (const DraftEndpoint& endpoint : draft.endpoints) {
    const auto* const file = std::get_if<File>(&endpoint.value.transport);
    const auto* const push = std::get_if<Push>(&endpoint.value.transport);
    const auto max_age = file != nullptr   ? file->max_age
                         : push != nullptr ? push->max_age
                                           : std::chrono::milliseconds(0);
    if (!endpoint.max_age_known || max_age <= draft.global.stale_after) {
      continue;
    }
    const Node* const at = endpoint.max_age_at != nullptr ? endpoint.max_age_at : endpoint.name_at;
    problems.add(at->position(), endpoint.key + ".max_age",
                 fmt::format("{}{} is above global.stale_after {}", format_duration(max_age),
                             endpoint.max_age_at == nullptr ? " (the default)" : "",
                             format_duration(draft.global.stale_after)),
                 fmt::format("{} must not be good for longer than its states are shown",
                             file != nullptr ? "a file" : "an export"));
  }
}

void check_pairs(const Draft& draft, const PoolIndex& pools, Problems& problems,
                 Problems& warnings) {
  const Partners partners(draft);
  for (const DraftPool& pool : draft.pools) {
    if (!pool.fqdn || !pool.paired_pool) {
      continue;
    }
    const Position at = pool.paired_pool_at->position();
    const std::string key = pool.key + ".paired_pool";
    if (*pool.fqdn == *pool.paired_pool) {
      problems.add(at, key, "the pool is paired with itself", "name its partner");
      continue;
    }
    const auto partner = pools.find(*pool.paired_pool);
    if (partner == pools.end() && warnings.full()) {
      warnings.add({}, {}, {});
      continue;
    }
    if (partner == pools.end()) {
      warnings.add(at, key, fmt::format("pool {} is not configured", pool.paired_pool->str()),
                   with_near_host("add it to see both directions of the backup",
                                  pool.paired_pool->str(), partners.of(*pool.fqdn)));
      continue;
    }
    const DraftPool& other = *partner->second;
    if (other.paired_pool && *other.paired_pool != *pool.fqdn) {
      problems.add(
          at, key,
          fmt::format("{} is paired with {} at {}", pool.paired_pool->str(),
                      other.paired_pool->str(), to_string(other.paired_pool_at->position())),
          "two pools must name each other");
    }
  }
}

void check_masters(const Draft& draft, Problems& problems) {
  std::unordered_map<std::string_view, const DraftPool*> masters;
  for (const DraftPool& pool : draft.pools) {
    if (!pool.cms_master) {
      continue;
    }
    const auto [seen, is_new] = masters.emplace(pool.deployment, &pool);
    if (!is_new) {
      problems.add(pool.cms_master_at->position(), pool.key + ".cms_master",
                   fmt::format("deployment {} has a second CMS master", quote(pool.deployment, 60)),
                   fmt::format("say true only once: here or at {}",
                               to_string(seen->second->cms_master_at->position())));
    }
  }
}

// Only files whose path tells collectors apart hold what another collector asks.
void check_collector_files(const Draft& draft, const EndpointIndex& endpoints, Problems& problems) {
  for (const DraftPool& pool : draft.pools) {
    const auto found = pool.endpoint ? endpoints.find(*pool.endpoint) : endpoints.end();
    const auto* const file =
        found == endpoints.end() ? nullptr : std::get_if<File>(&found->second->value.transport);
    if (file == nullptr || file->path.empty() || file->path.contains("{collector}")) {
      continue;
    }
    for (const DraftCollector& collector : pool.collectors) {
      problems.add(collector.name_at->position(), collector.key,
                   "no file of the pool's endpoint can answer it",
                   fmt::format("write {{collector}} into {}.path", found->second->key));
    }
  }
}

// One pool is enough for a collector that asks about its whole deployment.
void check_collectors(const Draft& draft, const std::vector<std::string>& of_a_pool,
                      Problems& warnings) {
  std::map<std::pair<std::string_view, std::string_view>, const DraftCollector*> first;
  for (const DraftPool& pool : draft.pools) {
    for (const DraftCollector& collector : pool.collectors) {
      if (std::ranges::find(of_a_pool, collector.value.name) != of_a_pool.end()) {
        continue;
      }
      const auto [seen, is_new] =
          first.emplace(std::pair(pool.deployment, collector.value.name), &collector);
      if (!is_new) {
        warnings.add(collector.name_at->position(), collector.key,
                     "another pool of the deployment is asked for it too",
                     here_or_at(*seen->second->name_at));
      }
    }
  }
}

}  // namespace

Settings check_and_resolve(Draft draft, const Capabilities& capabilities, const Position& start,
                           Problems& problems, Problems& warnings) {
  const EndpointIndex endpoints = index_endpoints(draft, problems);
  const CredentialsIndex credentials = index_credentials(draft, problems);
  const PoolIndex pools = index_pools(draft, problems);
  check_references(draft, endpoints, problems);
  check_credentials(draft, credentials, problems, warnings);
  check_ages(draft, problems);
  check_pushers(draft, problems);
  check_pairs(draft, pools, problems, warnings);
  check_masters(draft, problems);
  check_collectors(draft, capabilities.collectors_of_a_pool, warnings);
  check_collector_files(draft, endpoints, problems);
  if (!draft.pools_given) {
    problems.add(start, "pools", "no pool is configured", "configure at least one");
  }
  Settings settings{.global = draft.global,
                    .limits = draft.limits,
                    .credentials = {},
                    .endpoints = {},
                    .pools = {},
                    .authorization = std::move(draft.authorization),
                    .storage = draft.storage};
  settings.pools.reserve(draft.pools.size());
  for (DraftPool& pool : draft.pools) {
    if (!pool.fqdn || !pool.endpoint || !pool.paired_pool) {
      continue;
    }
    Pool resolved{.fqdn = *pool.fqdn,
                  .endpoint = *pool.endpoint,
                  .paired_pool = *pool.paired_pool,
                  .site = std::move(pool.site),
                  .deployment = pool.deployment,
                  .cms_master = pool.cms_master,
                  .expect_rgs = pool.expect_rgs,
                  .evaluation_interval = pool.interval.value_or(draft.global.evaluation_interval),
                  .evaluation_timeout = pool.timeout.value_or(draft.global.evaluation_timeout),
                  .collectors = {}};
    for (const DraftCollector& collector : pool.collectors) {
      resolved.collectors.push_back(collector.value);
    }
    check_pool_times(pool, resolved, draft.global, problems, warnings);
    settings.pools.push_back(std::move(resolved));
  }
  for (DraftCredentials& entry : draft.credentials) {
    settings.credentials.push_back(std::move(entry.value));
  }
  for (DraftEndpoint& endpoint : draft.endpoints) {
    settings.endpoints.push_back(std::move(endpoint.value));
  }
  return settings;
}

}  // namespace sfb::config
