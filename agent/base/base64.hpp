// Base64 (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sfb {

std::string base64_encode(std::string_view bytes);

/// Strict: padding is required. White space is skipped, because SOAP stacks put it into text.
/// nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace sfb
