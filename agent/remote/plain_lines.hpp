// Text that a server's own formatter made, as we show it.
#pragma once

#include <string>
#include <string_view>

namespace sfb::remote {

/// The text with LF line ends and without colours; nothing else is touched. A Windows server ends
/// lines with CR LF. Colours come where the session sets $PSStyle.OutputRendering to Ansi; they are
/// the terminal's, not the text's.
std::string as_plain_lines(std::string_view text);

}  // namespace sfb::remote
