// PowerShell 7's ConciseView. Thread rule: pure functions.
#pragma once

#include "agent/format/context.hpp"
#include "agent/value/pipeline.hpp"

#include <string>
#include <string_view>

namespace sfb::format {

/// `REASON: MESSAGE`. For an error in a script or after the first typed line, the script's line
/// with a mark below it stands between the two, and the message is broken at the screen's width.
/// Lines end with LF. Stops early when the budget is spent.
std::u16string concise_text(const Context& context, const ErrorRecord& record,
                            std::string_view message, std::string_view position);

}  // namespace sfb::format
