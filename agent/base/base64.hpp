// Base64 (RFC 4648 section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sfb {

std::string base64_encode(std::string_view bytes);

/// Strict but for white space, which SOAP stacks put around and inside text; padding is required.
/// nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace sfb
