#include "agent/discover/topology.hpp"

#include "agent/base/text.hpp"
#include "agent/discover/comment.hpp"
#include "agent/discover/questions.hpp"
#include "collectors/pool_backup_relationship/cmdlet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

namespace sfb::discover {

namespace {

constexpr std::string_view kStore =
    "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus";
constexpr std::string_view kMaster = "ActiveMasterFqdn";
constexpr std::string_view kServices = "Get-CsService -UserServer";
constexpr std::string_view kUserRole = "UserServer:";
// The topology version of Lync Server 2013. What is older has no Backup Service.
constexpr int kFirstWithBackup = 6;
// As much as the configuration takes for a label.
constexpr std::size_t kSiteBytes = 128;
// More objects about one pool are counted and not shown.
constexpr std::size_t kMostShown = 3;

void append(std::vector<std::string>& lines, std::vector<std::string> more) {
  std::ranges::move(more, std::back_inserter(lines));
}

// The two lists of pools, joined.
struct Named {
  std::map<Fqdn, std::optional<std::string>> sites;  // pools with users, and where they are
  std::set<Fqdn> too_old;
  std::map<Fqdn, Fqdn> pool_of;  // each server to its pool, also of pools without users
  std::vector<std::string> remarks;
  bool whole = false;
  bool servers_known = false;
};

void add_pool(Named& named, const Fqdn& pool, std::optional<std::string> site) {
  auto& known = named.sites[pool];
  if (!known) {
    known = std::move(site);
  }
}

bool has_users(const Row& row) {
  return std::ranges::any_of(
      texts_of(row), [](std::string_view text) { return istarts_with(trim(text), kUserRole); });
}

std::optional<Fqdn> only_host(const Row& row) {
  const std::vector<Fqdn> hosts = hosts_of(row);
  return hosts.size() == 1 ? std::optional(hosts.front()) : std::nullopt;
}

std::optional<int> version_of(const Row& row) {
  const auto texts = texts_of(row, "Version");
  int version = 0;
  if (texts.empty()) {
    return std::nullopt;
  }
  const char* const end = texts.front().data() + texts.front().size();
  const auto [at, error] = std::from_chars(texts.front().data(), end, version);
  return error == std::errc() && at == end ? std::optional(version) : std::nullopt;
}

// The pool of a service: PoolFqdn, else its Identity, else the text that begins with its role,
// else the only host.
std::optional<Fqdn> pool_of_service(const Row& row) {
  if (auto named = host_of(row, {"PoolFqdn", "Identity"})) {
    return named;
  }
  for (const std::string_view text : texts_of(row)) {
    if (istarts_with(trim(text), kUserRole)) {
      return collectors::host_in(text);
    }
  }
  return only_host(row);
}

void read_services(const Answer& services, Named& named) {
  const std::vector<Row> rows = rows_of(services);
  const std::string trouble = trouble_of(services);
  bool whole = trouble.empty() && !rows.empty();
  if (!trouble.empty()) {
    named.remarks.push_back(fmt::format("{}: {}", kServices, comment_text(trouble)));
  }
  for (const Row& row : rows) {
    const auto pool = pool_of_service(row);
    if (!pool) {
      append(named.remarks, shown(kServices, row));
      whole = false;
      continue;
    }
    if (const auto version = version_of(row); version && *version < kFirstWithBackup) {
      if (named.too_old.insert(*pool).second) {
        named.remarks.push_back(fmt::format("{}: version {} of the topology has no Backup Service.",
                                            pool->str(), *version));
      }
      continue;
    }
    add_pool(named, *pool, site_of(row));
  }
  named.whole = named.whole || whole;
}

void read_pools(const Answer& pools, Named& named) {
  const std::vector<Row> rows = rows_of(pools);
  const std::string trouble = trouble_of(pools);
  bool understood = true;
  bool any = false;
  if (!trouble.empty()) {
    named.remarks.push_back(fmt::format("{}: {}", kPoolCmdlet, comment_text(trouble)));
  }
  for (const Row& row : rows) {
    auto pool = host_of(row, {"Identity", "Fqdn"});
    if (!pool) {
      pool = only_host(row);
    }
    if (!pool) {
      append(named.remarks, shown(kPoolCmdlet, row));
      understood = false;
      continue;
    }
    for (const std::string_view text : texts_of(row)) {
      const auto server = text.contains(':') ? std::nullopt : collectors::host_in(text);
      if (server) {
        named.pool_of.emplace(*server, *pool);
      }
    }
    // Of a pool that the services name, too, this may be the only word about its site.
    const bool users = has_users(row);
    any = any || users;
    if ((users || named.sites.contains(*pool)) && !named.too_old.contains(*pool)) {
      add_pool(named, *pool, site_of(row));
    }
  }
  named.servers_known = trouble.empty() && understood && !rows.empty();
  named.whole = named.whole || (named.servers_known && any);
}

Named read_names(const Answer& services, const Answer& pools) {
  Named named;
  read_services(services, named);
  read_pools(pools, named);
  return named;
}

// The same list of pools for the questions and for what is made of their answers.
std::vector<Fqdn> listed(const Named& named) {
  std::vector<Fqdn> pools;
  for (const auto& [pool, site] : named.sites) {
    if (pools.size() < kMostPools) {
      pools.push_back(pool);
    }
  }
  return pools;
}

// Nothing in the rows but the pool itself.
bool only_itself(const std::vector<Row>& rows, const Fqdn& pool) {
  for (const Row& row : rows) {
    for (const std::string_view text : texts_of(row)) {
      if (!trim(text).empty() && collectors::host_in(text) != pool) {
        return false;
      }
    }
  }
  return true;
}

// A server stands for its pool.
const Fqdn& owner_of(const Fqdn& host, const Named& named) {
  const auto found = named.pool_of.find(host);
  return named.sites.contains(host) || found == named.pool_of.end() ? host : found->second;
}

// Other pools that an answer about `pool` names; of several, those with users.
std::vector<Fqdn> candidates(const std::vector<Row>& rows, const Fqdn& pool, const Named& named) {
  std::vector<Fqdn> others;
  for (const Row& row : rows) {
    for (const Fqdn& host : hosts_of(row)) {
      const Fqdn& owner = owner_of(host, named);
      if (owner != pool && std::ranges::find(others, owner) == others.end()) {
        others.push_back(owner);
      }
    }
  }
  if (others.size() > 1) {
    std::erase_if(others, [&](const Fqdn& other) { return !named.sites.contains(other); });
  }
  return others;
}

// Where all pools with users are listed, no other host is a partner.
bool can_be_partner(const Fqdn& host, const Named& named) {
  return !named.whole || named.sites.contains(host);
}

void read_partner(const Answer& answer, const Named& named, FoundPool& pool) {
  const std::string spelled =
      fmt::format("{} -PoolFqdn {}", collectors::kRelationshipCmdlet, pool.fqdn.str());
  const std::vector<Row> rows = rows_of(answer);
  const std::string trouble = trouble_of(answer);
  if (!trouble.empty()) {
    pool.remarks.push_back(fmt::format("{}: {}", spelled, comment_text(trouble)));
  }
  if (!answer || (*answer)->state == PipelineState::failed) {
    return;
  }
  const std::vector<Fqdn> others = candidates(rows, pool.fqdn, named);
  if (others.size() == 1 && can_be_partner(others.front(), named)) {
    pool.pairing = Pairing::known;
    pool.partner = others.front();
  } else if (others.empty() && only_itself(rows, pool.fqdn)) {
    if (trouble.empty()) {
      pool.pairing = Pairing::none;
      pool.remarks.push_back(fmt::format("{} names no partner.", spelled));
    }
  } else {
    for (std::size_t i = 0; i < std::min(rows.size(), kMostShown); ++i) {
      append(pool.remarks, shown(spelled, rows[i]));
    }
    if (rows.size() > kMostShown) {
      pool.remarks.push_back(
          fmt::format("{}: {} more objects are not shown.", spelled, rows.size() - kMostShown));
    }
  }
}

void read_site(std::optional<std::string> site, FoundPool& pool) {
  if (!site) {
    pool.remarks.push_back(fmt::format("{}: the site is not known.", pool.fqdn.str()));
  } else if (site->size() > kSiteBytes || !is_harmless(*site)) {
    pool.remarks.push_back(fmt::format("{}: a configuration cannot hold the name of its site: {}",
                                       pool.fqdn.str(), comment_text(*site)));
  } else {
    pool.site = std::move(site);
  }
}

// Two pools must name each other; the configuration refuses one whose partner names another.
void check_pairs(std::vector<FoundPool>& pools) {
  std::map<Fqdn, Fqdn> partners;
  std::map<Fqdn, FoundPool*> by_name;
  for (FoundPool& pool : pools) {
    by_name.emplace(pool.fqdn, &pool);
    if (pool.partner) {
      partners.emplace(pool.fqdn, *pool.partner);
    }
  }
  for (const auto& [name, partner] : partners) {
    const auto other = by_name.find(partner);
    if (other == by_name.end()) {
      continue;
    }
    const auto back = partners.find(partner);
    const bool names_none = back == partners.end() && other->second->pairing == Pairing::none;
    const bool names_another = back != partners.end() && back->second != name;
    if (!names_none && !names_another) {
      continue;
    }
    FoundPool& pool = *by_name.at(name);
    pool.remarks.push_back(fmt::format("{}: its partner {} names {} as its own.", name.str(),
                                       partner.str(), names_none ? "none" : back->second.str()));
    other->second->remarks.push_back(
        fmt::format("{}: {} names it as its partner.", partner.str(), name.str()));
    if (names_another) {
      pool.pairing = Pairing::unknown;
      pool.partner.reset();
    }
  }
}

// The member is there and says nothing.
bool is_empty(const Row& row, std::string_view member) {
  const auto texts = texts_of(row, member);
  const bool is_there = std::ranges::any_of(
      row, [&](const collectors::Member& each) { return iequals(each.name, member); });
  return is_there &&
         std::ranges::all_of(texts, [](std::string_view text) { return trim(text).empty(); });
}

void read_master(const Answer& store, const Named& named, Topology& topology) {
  const std::string trouble = trouble_of(store);
  if (!trouble.empty()) {
    topology.remarks.push_back(fmt::format("{}: {}", kStore, comment_text(trouble)));
  }
  std::optional<Fqdn> machine;
  for (const Row& row : rows_of(store)) {
    // A text alone is a member without a name.
    const auto named_here = host_of(row, {kMaster, ""});
    if (!named_here && is_empty(row, kMaster)) {
      continue;
    }
    if (!named_here || machine) {
      append(topology.remarks, shown(kStore, row));
      machine.reset();
      return;
    }
    machine = named_here;
  }
  if (!machine) {
    if (trouble.empty()) {
      topology.remarks.push_back(fmt::format("{} names no active master.", kStore));
    }
    return;
  }
  const Fqdn& pool = owner_of(*machine, named);
  if (std::ranges::find(topology.pools, pool, &FoundPool::fqdn) != topology.pools.end()) {
    topology.master_known = MasterKnown::here;
    topology.master = pool;
    return;
  }
  topology.remarks.push_back(
      fmt::format("The Central Management store's active master is {}, which is in none of these "
                  "pools.",
                  machine->str()));
  if (named.servers_known) {
    topology.master_known = MasterKnown::elsewhere;
  }
}

}  // namespace

std::vector<Fqdn> pools_with_users(const Answer& services, const Answer& pools) {
  return listed(read_names(services, pools));
}

Topology read_topology(const Answers& answers) {
  Named named = read_names(answers.services, answers.pools);
  Topology topology;
  topology.whole = named.whole;
  topology.remarks = std::move(named.remarks);
  for (const Fqdn& fqdn : listed(named)) {
    FoundPool pool{.fqdn = fqdn};
    read_site(std::move(named.sites[fqdn]), pool);
    if (const auto answer = answers.relationships.find(fqdn);
        answer != answers.relationships.end()) {
      read_partner(answer->second, named, pool);
    }
    topology.pools.push_back(std::move(pool));
  }
  check_pairs(topology.pools);
  if (named.sites.size() > topology.pools.size()) {
    topology.whole = false;
    topology.remarks.push_back(
        fmt::format("{} more pools are not listed.", named.sites.size() - topology.pools.size()));
  }
  read_master(answers.store, named, topology);
  if (topology.remarks.size() > kMostRemarks) {
    const std::size_t rest = topology.remarks.size() - kMostRemarks;
    topology.remarks.resize(kMostRemarks);
    topology.remarks.push_back(fmt::format("{} more lines are not shown.", rest));
  }
  return topology;
}

}  // namespace sfb::discover
