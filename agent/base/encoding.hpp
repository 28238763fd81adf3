// The bytes of files as text. Thread rule: pure functions.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb {

/// UTF-8 without BOM of a file's bytes: UTF-8 with or without BOM, UTF-16 LE or BE with BOM, and
/// UTF-16 without BOM when the first characters leave no doubt. Nothing is replaced: what is
/// ill-formed or of another encoding is an error. An XML declaration may name UTF-8 or UTF-16, the
/// bytes decide which of them it is. Reason::parse; codes file.encoding (names the place, or the
/// encoding that the declaration names), file.truncated (ends inside a character).
Result<std::string> decode_text(std::string_view bytes);

/// Where the first byte stands that is part of no well-formed UTF-8; npos when all of it is.
std::size_t find_ill_formed(std::string_view text);

}  // namespace sfb
