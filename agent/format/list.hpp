// Format-List: one line a property, its value wrapped behind the label.
#pragma once

#include "agent/format/context.hpp"
#include "agent/format/row.hpp"
#include "agent/format/words.hpp"

#include <vector>

namespace sfb::format {

/// Emits the lines of one entry. Fewer than 5 columns show nothing.
void emit_list_entry(const Context& context, const std::vector<Field>& fields,
                     const EmitLine& emit);

}  // namespace sfb::format
