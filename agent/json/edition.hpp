// The two ways in which PowerShell writes JSON.
#pragma once

#include <cstdint>

namespace sfb::json {

/// Whose ConvertTo-Json: its layout, escapes, numbers and dates. 3.0 and 4.0 write as 5.1 does.
enum class Edition : std::uint8_t { windows_powershell_51, powershell_7 };

}  // namespace sfb::json
