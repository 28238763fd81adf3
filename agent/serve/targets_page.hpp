// `/http_sd`: the pools as targets of `/probe`, for Prometheus' http_sd_configs. Pure.
#pragma once

#include "agent/http/types.hpp"
#include "agent/status/board.hpp"

namespace sfb::serve {

/// A target group for each pool of the snapshot, by name; `[]` without any. Labels that a pool has
/// no value for are left out.
http::Response targets_page(const status::Snapshot& snapshot);

}  // namespace sfb::serve
