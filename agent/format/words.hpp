// Breaking text into lines as the formatter of Windows PowerShell does for the cultures that wrap
// at words. Thread rule: pure functions.
#pragma once

#include <functional>
#include <string_view>

namespace sfb::format {

using EmitLine = std::function<void(std::u16string_view)>;

/// The lines of a text: LF ends one, CR vanishes. An empty text is one empty line.
void split_lines(std::u16string_view text, const EmitLine& emit);

/// The lines of a text, each at most `width` cells: broken after blanks and tabs, which stay at
/// the line's end; a word wider than a line is filled up in place and cut hard. U+00AD shows only
/// as the hyphen it stands for, U+2011 and U+00A0 vanish once a line is too long (as they do in
/// the console). Width 0 or less: nothing of a text that is not empty.
void wrap_words(std::u16string_view text, int width, const EmitLine& emit);

}  // namespace sfb::format
