// Format-List: one line a property, its value wrapped behind the label.
#pragma once

#include "agent/format/context.hpp"
#include "agent/format/row.hpp"

#include <vector>

namespace sfb::format {

/// Writes one entry and the empty lines behind it. Fewer than 5 columns show nothing but those.
void write_list_entry(const Context& context, const std::vector<Field>& fields, Sink& sink);

}  // namespace sfb::format
