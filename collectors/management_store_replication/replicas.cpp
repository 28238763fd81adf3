#include "collectors/management_store_replication/replicas.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"
#include "agent/value/date_time.hpp"
#include "collectors/answer.hpp"
#include "collectors/management_store_replication/cmdlet.hpp"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>
#include <utility>

namespace sfb::collectors {

namespace {

std::optional<WallTime> date_of(const Graph& graph, const Value& row, std::string_view member) {
  const Value* const found = find_member(graph, row, member);
  return found == nullptr ? std::nullopt : as_date_time(graph, *found);
}

// A name is no joined text and has no blanks: two replicas must not become one.
Result<std::string> name_of(const Graph& graph, const Value& row, std::size_t number,
                            const Limits& limits) {
  const Value* const member = find_member(graph, row, "ReplicaFqdn");
  const auto text = member == nullptr ? std::nullopt : plain_text(graph, *member);
  const std::string_view name = text ? trim(*text) : std::string_view();
  if (!is_server_name(name)) {
    // Not left out: it could be the one that is not up to date.
    return bad_answer("replicas.bad_replica",
                      fmt::format("ReplicaFqdn of object {} is not the name of one server", number),
                      std::string(text.value_or("")));
  }
  if (auto checked = check_label("ReplicaFqdn", name, limits); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  return to_lower(name);
}

Result<Replica> read_replica(const Graph& graph, const Value& row, std::size_t number,
                             const Limits& limits, std::vector<std::string>& notes) {
  auto name = name_of(graph, row, number, limits);
  if (!name) {
    return std::unexpected(std::move(name.error()));
  }
  Replica replica{.fqdn = std::move(*name),
                  .last_status_report = date_of(graph, row, "LastStatusReport"),
                  .last_update_creation = date_of(graph, row, "LastUpdateCreation")};
  if (const Value* const word = find_member(graph, row, "UpToDate")) {
    replica.up_to_date = as_bool(graph, *word);
    if (!replica.up_to_date) {
      notes.push_back(fmt::format("UpToDate of {} is neither True nor False: {}", replica.fqdn,
                                  quote(plain_text(graph, *word).value_or(""), 80)));
    }
  }
  return replica;
}

std::string_view word_of(const Replica& replica) {
  return !replica.up_to_date ? "unknown" : *replica.up_to_date ? "True" : "False";
}

using ByName = std::unordered_map<std::string_view, const Replica*>;

ByName by_name(const Replicas& all) {
  ByName found;
  for (const Replica& replica : all.replicas) {
    found.emplace(replica.fqdn, &replica);
  }
  return found;
}

}  // namespace

Result<Replicas> read_replicas(const PipelineResult& result, const Limits& limits) {
  const auto rows = objects_of(result, kReplicationStatusCmdlet);
  if (!rows) {
    return std::unexpected(rows.error());
  }
  Replicas all;
  std::unordered_map<std::string, std::size_t> places;
  std::size_t number = 0;
  for (const Value* const row : *rows) {
    auto replica = read_replica(result.graph, *row, ++number, limits, all.notes);
    if (!replica) {
      return std::unexpected(std::move(replica.error()));
    }
    const auto [place, is_new] = places.emplace(replica->fqdn, all.replicas.size());
    if (!is_new) {
      if (all.replicas[place->second] != *replica) {
        return bad_answer("replicas.duplicate_replica",
                          "a replica is listed twice, and the rows differ", replica->fqdn);
      }
      all.notes.push_back(fmt::format("replica {} is listed more than once", replica->fqdn));
      continue;
    }
    // Not cut: the replica left out could be the one that is not up to date.
    if (all.replicas.size() == kMostReplicas) {
      return bad_answer("replicas.too_many_replicas",
                        fmt::format("the answer holds more than {} replicas", kMostReplicas));
    }
    all.replicas.push_back(std::move(*replica));
  }
  const std::vector<std::string> gaps = gaps_of(result);
  all.whole = gaps.empty();
  all.notes.insert(all.notes.begin(), gaps.begin(), gaps.end());
  return all;
}

Verdict judge(const Replicas& replicas) {
  Verdict verdict;
  for (const Replica& replica : replicas.replicas) {
    if (!replica.up_to_date) {
      verdict.doubts.push_back({.module = replica.fqdn,
                                .direction = {},
                                .code = "up_to_date_unknown",
                                .text = fmt::format("{}: UpToDate is not known.", replica.fqdn)});
    } else if (!*replica.up_to_date) {
      verdict.reasons.push_back(
          {.module = replica.fqdn,
           .direction = {},
           .code = "replica_not_up_to_date",
           .text = fmt::format("{}: the replica is not up to date.", replica.fqdn)});
    }
  }
  if (!replicas.whole) {
    verdict.doubts.push_back({.module = {},
                              .direction = {},
                              .code = "answer_incomplete",
                              .text = "Replicas may be missing from the answer."});
  }
  if (!verdict.reasons.empty()) {
    verdict.working = false;
  }
  return verdict;
}

std::vector<Change> changes(const Replicas& before, const Replicas& now) {
  std::vector<Change> found;
  const ByName old = by_name(before);
  for (const Replica& replica : now.replicas) {
    const auto known = old.find(replica.fqdn);
    const std::string_view from = known == old.end() ? "" : word_of(*known->second);
    if (known == old.end() && !before.whole) {
      continue;  // it may only have been missing
    }
    if (from != word_of(replica)) {
      found.push_back({"replica state changed",
                       {{"replica", replica.fqdn},
                        {"from", std::string(from)},
                        {"to", std::string(word_of(replica))}}});
    }
  }
  const ByName current = by_name(now);
  for (const Replica& replica : before.replicas) {
    if (now.whole && !current.contains(replica.fqdn)) {
      found.push_back({"replica gone", {{"replica", replica.fqdn}}});
    }
  }
  return found;
}

}  // namespace sfb::collectors
