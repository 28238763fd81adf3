// A warning as the console host writes it.
#pragma once

#include "agent/format/context.hpp"

#include <string_view>

namespace sfb::format {

/// `WARNING: ` and the text, wrapped at words to one column less than the window. Blanks stay at
/// the line's end as long as they fit; the others begin the next line. A window of one column wraps
/// nothing.
void write_warning(std::string_view text, const Context& context, Sink& sink);

}  // namespace sfb::format
