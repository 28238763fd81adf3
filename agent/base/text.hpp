// Small text tools: ASCII case, UTF-8 and UTF-16, and the one way to show a peer's text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sfb {

/// ASCII only; other bytes are kept. That is enough for property, parameter and host names.
std::string to_lower(std::string_view text);

/// Equal, ignoring the case of ASCII letters.
bool iequals(std::string_view a, std::string_view b);

/// `text` starts with `prefix`, ignoring the case of ASCII letters.
bool istarts_with(std::string_view text, std::string_view prefix);

/// Without blanks, tabs, CR and LF at both ends.
std::string_view trim(std::string_view text);

/// Parts between separators; "a,,b" has three, "" has one.
std::vector<std::string_view> split(std::string_view text, char separator);

/// `1 day`, `2 days`; for nouns that take an s.
std::string counted(std::uint64_t count, std::string_view noun);

/// How many bytes of a peer's words an error or a history keeps.
inline constexpr std::size_t kPeerText = 2000;
/// The first `limit` bytes at the most; well-formed UTF-8 is not cut inside a character.
std::string_view cut_utf8(std::string_view text, std::size_t limit = kPeerText);
/// The last lines of a text, as many as fit into `limit` bytes. If the last line alone is longer,
/// its end.
std::string_view last_lines(std::string_view text, std::size_t limit);

/// Text of a peer for a message: in double quotes, with quotes and backslashes escaped. Control
/// characters become \xHH, characters that hide or reorder text \uHHHH. Cut at a character to
/// `limit` bytes, with "..." after it.
std::string quote(std::string_view text, std::size_t limit = 300);

/// For a terminal: C0 and C1 controls become visible (`^[` for escape, `\x9b`), except LF and tab.
/// So a server cannot move the cursor or colour the screen. Invalid UTF-8 becomes U+FFFD.
std::string visible(std::string_view text);

/// True when `text` is well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
bool is_utf8(std::string_view text);

/// Makes UTF-8 well-formed: every byte outside a well-formed sequence becomes one U+FFFD.
std::string to_utf8_lossy(std::string_view text);

/// The code point at `pos`, which moves past it. Ill-formed input: U+FFFD and one byte.
char32_t next_code_point(std::string_view text, std::size_t& pos);

/// Appends the UTF-8 form; a surrogate or a value above U+10FFFF becomes U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

/// UTF-16 units of UTF-8 text (ill-formed input as U+FFFD). PowerShell counts width in these.
std::u16string to_utf16(std::string_view utf8);

/// UTF-8 of UTF-16 units; a lone surrogate becomes U+FFFD.
std::string from_utf16(std::u16string_view utf16);

}  // namespace sfb
