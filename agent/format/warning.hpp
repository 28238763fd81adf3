// A warning as the console host writes it.
#pragma once

#include "agent/format/context.hpp"

#include <string_view>

namespace sfb::format {

/// `WARNING: ` and the text, wrapped at words to the window less one column. Blanks stay at the
/// line's end as far as they fit; what does not fit of them begins the next line. A window of one
/// column wraps nothing.
void write_warning(std::string_view text, const Context& context, Sink& sink);

}  // namespace sfb::format
