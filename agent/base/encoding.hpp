// The bytes of files as text. Thread rule: pure functions.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb {

/// A file's bytes as UTF-8 without BOM. Takes UTF-8 with or without BOM, UTF-16 with BOM, and
/// UTF-16 without BOM when the first characters leave no doubt. Replaces nothing. An XML
/// declaration may name UTF-8 or UTF-16; the bytes decide which it is. Reason::parse:
/// - file.encoding: ill-formed, or another encoding; names the place, or the declared encoding
/// - file.truncated: ends inside a character
Result<std::string> decode_text(std::string_view bytes);
/// The same without a copy: a view of `bytes` where they are UTF-8, else of `storage`.
Result<std::string_view> decode_text(std::string_view bytes, std::string& storage);

/// The position of the first byte that is not well-formed UTF-8; npos if there is none.
std::size_t find_ill_formed(std::string_view text);

}  // namespace sfb
