// Numbers as PowerShell reads them in a command line. Pure functions.
#pragma once

#include <string_view>

namespace sfb::binding {

/// A bare word that PowerShell takes for a number: `2`, `0.5`, `.5`, `1e3`, `0x1F`, with a type
/// (`l`, `d`) and a multiple (`kb` to `pb`) behind it. A sign makes it text.
bool is_number(std::string_view word);

/// Whether a number converts to $true. Precondition: is_number.
bool is_nonzero(std::string_view number);

}  // namespace sfb::binding
