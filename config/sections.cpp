#include "config/sections.hpp"

#include "agent/base/text.hpp"
#include "agent/base/time.hpp"
#include "config/authorization.hpp"
#include "config/credentials.hpp"
#include "config/endpoints.hpp"
#include "config/fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::config {

namespace {

// The agent's own arithmetic and memory bound these; a sane site is far below.
constexpr std::size_t kMostEvaluations = 1'000'000;
constexpr std::size_t kMostDepth = 256;  // readers recurse once per level
constexpr std::size_t kMostSeries = 10'000;
constexpr std::chrono::milliseconds kLeastRetention = std::chrono::hours(1);
constexpr std::chrono::milliseconds kMostRetention = std::chrono::hours(24 * 365 * 10);

// A millisecond for a minute is a slip of the pen; it would only keep machine and log busy.
std::optional<std::chrono::milliseconds> read_interval(Section& section, std::string_view name) {
  const auto interval = section.duration(name);
  if (interval && *interval < std::chrono::seconds(1)) {
    section.problem(name, fmt::format("{} is too often", format_duration(*interval)), "1s or more");
    return std::nullopt;
  }
  return interval;
}

void read_global(Section section, Global& global) {
  const std::size_t problems_before = section.problems().count();
  assign(global.evaluation_interval, read_interval(section, "evaluation_interval"));
  assign(global.evaluation_timeout, section.duration("evaluation_timeout"));
  assign(global.stale_after, section.duration("stale_after"));
  assign(global.min_live_interval, section.duration("min_live_interval", true));
  assign(global.max_concurrent_evaluations,
         section.number("max_concurrent_evaluations", 1, kMostEvaluations));
  // With a refused value the default would be compared, which nobody wrote.
  if (section.problems().count() == problems_before &&
      global.evaluation_timeout > global.evaluation_interval) {
    section.problem("evaluation_timeout",
                    fmt::format("{} is above evaluation_interval {}",
                                format_duration(global.evaluation_timeout),
                                format_duration(global.evaluation_interval)),
                    "an evaluation must end before the next one is due");
  }
  section.finish();
}

void read_limits(Section section, Limits& limits) {
  const std::size_t problems_before = section.problems().count();
  assign(limits.object, section.size("object", 1UL << 10U, 1UL << 30U));
  assign(limits.in_flight, section.size("in_flight", 1UL << 10U, 64UL << 30U));
  if (section.problems().count() == problems_before && limits.object > limits.in_flight) {
    section.problem("object",
                    fmt::format("{} is above in_flight {}", format_size(limits.object),
                                format_size(limits.in_flight)),
                    "one object must fit into what may be in flight");
  }
  assign(limits.depth, section.number("depth", 8, kMostDepth));
  assign(limits.modules_per_pool, section.number("modules_per_pool", 1, kMostSeries));
  assign(limits.machines_per_pool, section.number("machines_per_pool", 1, kMostSeries));
  assign(limits.label_length, section.number("label_length", 16, 1024));
  assign(limits.envelope, section.size("envelope", 64UL << 10U, 64UL << 20U));
  section.finish();
}

// Nothing for a collector that cannot be switched on, which has then been reported.
std::optional<DraftCollector> read_collector(const Entry& entry, const Section& collectors,
                                             const Context& context) {
  const std::string& name = entry.key->text;
  const Capabilities& build = context.capabilities;
  DraftCollector collector{
      .value = {.name = name}, .key = collectors.key_of(name), .name_at = entry.key};
  if (name == build.pool_status) {
    context.problems.add(entry.key->position(), collector.key,
                         "the pool's status is always evaluated",
                         "remove it; its interval is the pool's evaluation_interval");
    return std::nullopt;
  }
  if (std::ranges::find(build.collectors, name) == build.collectors.end()) {
    context.problems.add(entry.key->position(), collector.key, "unknown collector",
                         build.collectors.empty()
                             ? std::string("none is allowed")
                             : fmt::format("allowed: {}", fmt::join(build.collectors, ", ")));
    return std::nullopt;
  }
  Section section(*entry.value, collector.key, context.problems);
  collector.interval_at = section.find("interval");
  const auto interval = read_interval(section, "interval");
  section.finish();
  if (collector.interval_at != nullptr && !interval) {
    return std::nullopt;
  }
  assign(collector.value.interval, interval);
  return collector;
}

void read_storage(Section section, Storage& storage) {
  const auto retention = section.duration("retention");
  if (retention && (*retention < kLeastRetention || *retention > kMostRetention)) {
    section.problem(
        "retention", fmt::format("{} is not possible", format_duration(*retention)),
        fmt::format("{} to {}", format_duration(kLeastRetention), format_duration(kMostRetention)));
  } else {
    assign(storage.retention, retention);
  }
  assign(storage.max_size, section.size("max_size", 1UL << 20U, 64UL << 30U));
  section.finish();
}

std::vector<DraftCollector> read_collectors(Section& pool, const Context& context) {
  std::vector<DraftCollector> out;
  if (const Node* const node = pool.find("collectors")) {
    const Section section(*node, pool.key_of("collectors"), context.problems);
    for (const Entry& entry : section.entries()) {
      if (auto collector = read_collector(entry, section, context)) {
        out.push_back(std::move(*collector));
      }
    }
  }
  return out;
}

void read_pool(const Node& pools, std::size_t index, const Context& context) {
  Draft& draft = context.draft;
  Problems& problems = context.problems;
  const Node& node = *pools.items[index];
  DraftPool pool;
  pool.key = fmt::format("pools[{}]", index);
  pool.node = &node;
  if (node.kind != Node::Kind::map) {
    draft.references_known = false;
    // yaml-cpp places an empty entry at the next token, perhaps lines below.
    const Node& place = node.kind == Node::Kind::null ? pools : node;
    problems.add(place.position(), pool.key, "is not a map",
                 "write {fqdn: ..., endpoint: ..., paired_pool: ..., site: ...}");
    return;
  }
  Section section(node, pool.key, problems);
  if (section.require("fqdn", "give the pool's FQDN")) {
    pool.fqdn = section.fqdn("fqdn");
    pool.fqdn_at = section.find("fqdn");
  }
  if (section.require("endpoint", "name an entry of endpoints")) {
    pool.endpoint = section.text("endpoint");
    pool.endpoint_at = section.find("endpoint");
  }
  draft.references_known = draft.references_known && pool.endpoint.has_value();
  if (section.require("paired_pool", "give the FQDN that Get-CsPoolBackupRelationship shows")) {
    pool.paired_pool = section.fqdn("paired_pool");
    pool.paired_pool_at = section.find("paired_pool");
  }
  if (section.require("site", "give the site's name, or '' for none")) {
    assign(pool.site, section.label("site"));
  }
  assign(pool.deployment, section.label("deployment"));
  assign(pool.cms_master, section.boolean("cms_master"));
  pool.cms_master_at = section.find("cms_master");
  assign(pool.expect_rgs, section.boolean("expect_rgs"));
  pool.interval = read_interval(section, "evaluation_interval");
  pool.interval_at = section.find("evaluation_interval");
  pool.timeout = section.duration("evaluation_timeout");
  pool.timeout_at = section.find("evaluation_timeout");
  pool.collectors = read_collectors(section, context);
  section.finish();
  draft.pools.push_back(std::move(pool));
}

void read_pools(Section& root, const Context& context) {
  Draft& draft = context.draft;
  const Node* const pools = root.find("pools");
  if (pools == nullptr || pools->kind == Node::Kind::null) {
    return;
  }
  if (pools->kind != Node::Kind::sequence) {
    root.problem("pools", "is not a list", "write each pool as - {fqdn: ..., endpoint: ..., ...}");
    draft.pools_given = true;
    draft.references_known = false;
    return;
  }
  // A refused entry is an entry: "no pool is configured" on top would only confuse.
  draft.pools_given = draft.pools_given || !pools->items.empty();
  for (std::size_t i = 0; i < pools->items.size(); ++i) {
    read_pool(*pools, i, context);
  }
}

// The section, when this file has it and no earlier one had.
const Node* once(Section& root, std::string_view name, const Node*& seen_at) {
  const Node* const node = root.find(name);
  if (node == nullptr) {
    return nullptr;
  }
  const auto entry = std::ranges::find(root.entries(), name,
                                       [](const Entry& candidate) { return candidate.key->text; });
  if (seen_at != nullptr) {
    root.problems().add(entry->key->position(), name, "the section is given in two files",
                        fmt::format("remove it here or at {}", to_string(seen_at->position())));
    return nullptr;
  }
  seen_at = entry->key;
  return node;
}

}  // namespace

void read_document(const Document& document, const Capabilities& capabilities, const Files& files,
                   Draft& draft, Problems& problems, Problems& warnings) {
  if (document.root == nullptr || document.root->kind == Node::Kind::null) {
    problems.add({document.file, 1, 1}, {}, "the file is empty",
                 "write at least one section or remove it");
    draft.pools_given = true;
    return;
  }
  Section root(*document.root, "", problems);
  if (document.root->kind != Node::Kind::map) {
    draft.pools_given = true;
    draft.references_known = false;
    draft.credential_references_known = false;
    return;
  }
  if (const Node* const node = once(root, "global", draft.global_at)) {
    read_global(Section(*node, "global", problems), draft.global);
  }
  if (const Node* const node = once(root, "limits", draft.limits_at)) {
    read_limits(Section(*node, "limits", problems), draft.limits);
  }
  if (const Node* const node = once(root, "storage", draft.storage_at)) {
    read_storage(Section(*node, "storage", problems), draft.storage);
  }
  const Context context{.capabilities = capabilities,
                        .files = files,
                        .draft = draft,
                        .problems = problems,
                        .warnings = warnings};
  if (const Node* const node = once(root, "authorization", draft.authorization_at)) {
    read_authorization(Section(*node, "authorization", problems), context);
  }
  if (const Node* const node = root.find("credentials")) {
    read_credentials(*node, context);
  }
  if (const Node* const node = root.find("endpoints")) {
    read_endpoints(*node, context);
  }
  read_pools(root, context);
  root.finish();
}

}  // namespace sfb::config
