// Breaking text into lines as the formatter does for the cultures that wrap at words. Thread rule:
// pure functions.
#pragma once

#include "agent/format/cells.hpp"

#include <functional>
#include <string_view>

namespace sfb::format {

/// What .NET takes for white space.
inline constexpr std::u16string_view kWhiteSpace =
    u"\t\n\v\f\r \u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    u"\u200A\u2028\u2029\u202F\u205F\u3000";

using EmitLine = std::function<void(std::u16string_view)>;

/// The lines of a text: LF ends one, CR vanishes. An empty text is one empty line.
void split_lines(std::u16string_view text, const EmitLine& emit);

/// The lines of a text, each at most `width` cells. Lines break after blanks and tabs, which stay
/// at the line's end. A word wider than a line begins where it stands and is cut at the width. A
/// character wider than a line becomes a question mark. U+00AD shows only as the hyphen it stands
/// for. U+2011 and U+00A0 vanish once a line is too long, as in the console. Width 0 or less: a
/// text that is not empty has no lines.
void wrap_words(std::u16string_view text, int width, CellRule rule, const EmitLine& emit);

}  // namespace sfb::format
