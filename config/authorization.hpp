// The section `authorization`: who may ask, and what proves who asks.
#pragma once

#include "config/context.hpp"
#include "config/fields.hpp"

namespace sfb::config {

/// Reads the section into the draft; what is wrong has been reported. Token files are looked at.
void read_authorization(Section section, const Context& context);

}  // namespace sfb::config
