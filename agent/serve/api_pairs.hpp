// `/api/v1/pairs`: both directions of each pair, what one pool exports beside what the other
// imports. Pure functions, for a worker thread.
#pragma once

#include "agent/http/types.hpp"
#include "agent/serve/api_parameters.hpp"
#include "agent/serve/elsewhere.hpp"
#include "agent/status/board.hpp"

namespace sfb::serve {

/// `{"pairs": [...]}` by name, of those that pass every filter that is given. A direction's source
/// or target may not be configured, or evaluated elsewhere: what only it could tell is null then.
http::Response pairs_page(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                          const Given& filter);

}  // namespace sfb::serve
