// `credentials:` of one file.
#pragma once

#include "config/context.hpp"
#include "config/document.hpp"

namespace sfb::config {

/// Adds them to the draft.
void read_credentials(const Node& node, const Context& context);

}  // namespace sfb::config
