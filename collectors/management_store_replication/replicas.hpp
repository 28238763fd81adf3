// What the rows of Get-CsManagementStoreReplicationStatus mean. Pure, thread-safe functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/time.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/collector.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sfb::collectors {

/// More replicas in one answer are a failure. A deployment has a few hundred servers.
inline constexpr std::size_t kMostReplicas = 1'000;

/// One row. What is absent is not known.
struct Replica {
  std::string fqdn;  ///< lower case
  std::optional<bool> up_to_date = {};
  std::optional<WallTime> last_status_report = {};
  std::optional<WallTime> last_update_creation = {};
  bool operator==(const Replica&) const = default;
};

/// One good answer.
struct Replicas : Finding {
  std::vector<Replica> replicas;  ///< in the server's order, each name once; at least one
  bool whole = true;              ///< false: rows may be missing, a note says why
};

/// Members by name in any case; all but ReplicaFqdn are optional. Errors: those of objects_of and
/// check_label, and parse:
/// - `replicas.bad_replica`: a row without a name, or several names in one
/// - `replicas.duplicate_replica`: a name twice, and the rows differ
/// - `replicas.too_many_replicas`: more than kMostReplicas
Result<Replicas> read_replicas(const PipelineResult& result, const Limits& limits);

/// Not working when a replica is known not to be up to date. Never true, and
/// `configured` is absent: both are said of the pool's status alone.
Verdict judge(const Replicas& replicas);

/// Replicas that came, went or changed UpToDate.
std::vector<Change> changes(const Replicas& before, const Replicas& now);

}  // namespace sfb::collectors
