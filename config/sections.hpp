// The sections of one file, each key by its own rule.
#pragma once

#include "config/context.hpp"
#include "config/document.hpp"

namespace sfb::config {

/// Adds one file to the draft; what is wrong within the file goes to `problems`. Looks at the files
/// that it names.
void read_document(const Document& document, const Capabilities& capabilities, const Files& files,
                   Draft& draft, Problems& problems, Problems& warnings);

}  // namespace sfb::config
