// `/api/v1/pools` and `/api/v1/pools/{fqdn}`: what is known of each pool, for programs. Fields are
// added, never changed; unknown is null; times are UTC. Pure functions, for a worker thread.
#pragma once

#include "agent/base/time.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/api_parameters.hpp"
#include "agent/serve/elsewhere.hpp"
#include "agent/status/board.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

/// The alert whose runbook a failed evaluation names.
inline constexpr std::string_view kFailureAlert = "SfbBackupEvaluationFailing";

/// `{"pools": [...]}` by name, of those that pass every filter that is given.
http::Response pools_page(const status::Snapshot& snapshot, const Given& filter, Now now,
                          std::string_view runbooks);

/// One pool, bare. Precondition: `pool` is one of `snapshot.pools`.
http::Response pool_page(const status::Snapshot& snapshot, const status::PoolSnapshot& pool,
                         Now now, std::string_view runbooks);

/// nullptr when it is not configured.
status::PoolSnapshotPtr find_pool(const status::Snapshot& snapshot, const Fqdn& fqdn);

/// Wall time of a moment on the monotonic clock.
std::optional<WallTime> wall_of(std::optional<MonoTime> moment, Now now);

/// `did you mean a or b?` of the configured pools; empty where none is near.
std::string near_pools(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                       const Fqdn& fqdn);

/// 404 as problem+json: the pool belongs to another shard, or is not configured. `parameter`: the
/// one that named it.
http::Response no_such_pool(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                            const Fqdn& fqdn, std::string_view parameter);

/// An answer in JSON, not to be cached.
http::Response json_response(std::string body);

}  // namespace sfb::serve
