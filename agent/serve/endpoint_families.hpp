// The families that carry the label endpoint: what its connections have shown.
#pragma once

#include "agent/exposition/exposition.hpp"
#include "agent/status/board.hpp"

#include <vector>

namespace sfb::serve {

/// Each family only where an endpoint has such a fact.
void write_endpoint_families(exposition::Writer& writer,
                             const std::vector<status::EndpointSnapshot>& endpoints);

}  // namespace sfb::serve
