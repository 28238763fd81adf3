// `authorization.directory:`, which knows the SIDs of groups that are given by name.
#pragma once

#include "config/context.hpp"
#include "config/document.hpp"
#include "config/fields.hpp"

namespace sfb::config {

/// Into the draft.
void read_directory(Section& authorization, const Context& context);

}  // namespace sfb::config
