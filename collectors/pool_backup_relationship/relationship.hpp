// What Get-CsPoolBackupRelationship says. Pure, thread-safe functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/collector.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sfb::collectors {

/// An answer that names more hosts is not understood.
inline constexpr std::size_t kMostHosts = 8;

/// One good answer.
struct Relationship : Finding {
  /// The pools and servers that the answer names, each once, in its order; at least one. Which of
  /// them is the pool that was asked about the answer alone does not tell.
  std::vector<Fqdn> hosts;
  /// The answer is whole and holds no text but hosts.
  bool only_hosts = false;
};

/// No document gives the names of the members, so hosts are told by their shape, in members of any
/// name, in lists and in plain texts. Errors: those of objects_of and check_label, and parse:
/// - `relationship.unrecognised`: no host is named; `peer` shows the members
/// - `relationship.too_many_hosts`: more than kMostHosts
Result<Relationship> read_relationship(const PipelineResult& result, const Limits& limits);

/// The partner of `pool`: the only other host. Absent where there is none or several.
std::optional<Fqdn> partner_of(const Relationship& relationship, const Fqdn& pool);

/// The server knows no partner: a whole answer holds nothing but the pool itself.
bool names_no_partner(const Relationship& relationship, const Fqdn& pool);

/// Neither configured nor working is told: a partner says nothing of either. A doubt where the
/// partner is not known, or there is none.
Verdict judge(const Relationship& relationship, const Fqdn& pool);

/// Other hosts than before.
std::vector<Change> changes(const Relationship& before, const Relationship& now);

}  // namespace sfb::collectors
