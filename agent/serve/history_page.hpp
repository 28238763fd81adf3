// `/api/v1/history`: a pool's last evaluations, newest first. Pure functions, for a worker thread.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/api_parameters.hpp"
#include "agent/status/history.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sfb::serve {

/// The largest `limit`: more than a history holds.
inline constexpr std::int64_t kMostHistory = 10'000;

/// `{"pool": ..., "history": [...]}` of the entries that pass `since`, `until` and `limit` of
/// `filter`. Fields are added, never changed.
http::Response history_page(const Fqdn& pool, const std::vector<status::HistoryEntry>& entries,
                            const Given& filter);

}  // namespace sfb::serve
