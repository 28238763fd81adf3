#include "collectors/pool_backup_relationship/relationship.hpp"

#include "agent/base/text.hpp"
#include "collectors/answer.hpp"
#include "collectors/pool_backup_relationship/cmdlet.hpp"
#include "collectors/shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfb::collectors {

namespace {

// Sorted: the order of an object's members means nothing.
std::string names_of(const Relationship& relationship) {
  std::vector<Fqdn> hosts = relationship.hosts;
  std::ranges::sort(hosts);
  std::string text;
  for (const Fqdn& host : hosts) {
    text += fmt::format("{}{}", text.empty() ? "" : " ", host.str());
  }
  return text;
}

}  // namespace

Result<Relationship> read_relationship(const PipelineResult& result, const Limits& limits) {
  const auto objects = objects_of(result, kRelationshipCmdlet);
  // The documents say that the cmdlet returns a name: a text alone is an answer, too.
  if (!objects && objects.error().code != "answer.unrecognised") {
    return std::unexpected(objects.error());
  }
  Relationship relationship;
  relationship.only_hosts = true;
  std::vector<Member> members;
  for (const Value& value : result.output) {
    std::ranges::move(member_texts(result.graph, value), std::back_inserter(members));
  }
  for (const Member& member : members) {
    for (const std::string_view text : member.texts) {
      const auto host = host_in(text);
      relationship.only_hosts = relationship.only_hosts && (host || trim(text).empty());
      if (!host || std::ranges::find(relationship.hosts, *host) != relationship.hosts.end()) {
        continue;
      }
      if (auto checked = check_label("the partner", host->str(), limits); !checked) {
        return std::unexpected(std::move(checked.error()));
      }
      if (relationship.hosts.size() == kMostHosts) {
        return bad_answer("relationship.too_many_hosts",
                          fmt::format("the answer names more than {} hosts", kMostHosts),
                          shown(members));
      }
      relationship.hosts.push_back(*host);
    }
  }
  if (relationship.hosts.empty()) {
    return bad_answer("relationship.unrecognised",
                      fmt::format("{} names no pool", kRelationshipCmdlet), shown(members));
  }
  relationship.notes = gaps_of(result);
  relationship.only_hosts = relationship.only_hosts && relationship.notes.empty();
  return relationship;
}

std::optional<Fqdn> partner_of(const Relationship& relationship, const Fqdn& pool) {
  std::optional<Fqdn> partner;
  for (const Fqdn& host : relationship.hosts) {
    if (host == pool) {
      continue;
    }
    if (partner) {
      return std::nullopt;
    }
    partner = host;
  }
  return partner;
}

bool names_no_partner(const Relationship& relationship, const Fqdn& pool) {
  return relationship.only_hosts && relationship.hosts == std::vector{pool};
}

Verdict judge(const Relationship& relationship, const Fqdn& pool) {
  Verdict verdict;
  if (names_no_partner(relationship, pool)) {
    verdict.doubts.push_back({.module = {},
                              .direction = {},
                              .code = "partner_none",
                              .text = "The answer names no partner: only the pool itself."});
  } else if (!partner_of(relationship, pool)) {
    verdict.doubts.push_back(
        {.module = {},
         .direction = {},
         .code = "partner_unknown",
         .text = fmt::format("The answer does not tell the partner: it names {}.",
                             names_of(relationship))});
  }
  return verdict;
}

std::vector<Change> changes(const Relationship& before, const Relationship& now) {
  std::string from = names_of(before);
  std::string to = names_of(now);
  if (from == to) {
    return {};
  }
  return {{"backup relationship changed", {{"from", std::move(from)}, {"to", std::move(to)}}}};
}

}  // namespace sfb::collectors
