// Transport `push` of one endpoint.
#pragma once

#include "config/context.hpp"
#include "config/fields.hpp"

namespace sfb::config {

/// Puts its keys into `endpoint`, with their defaults.
void read_push_keys(Section& section, const Context& context, DraftEndpoint& endpoint);

}  // namespace sfb::config
