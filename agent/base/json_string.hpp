// JSON strings: the one place that knows their escapes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sfb {

/// What is escaped besides what JSON demands: `"`, `\` and characters below U+0020.
enum class JsonEscapes : std::uint8_t {
  all_controls,   ///< every control character and line separator: always one line, in any terminal
  powershell_7,   ///< U+0085 and the line separators, as ConvertTo-Json of PowerShell 7
  powershell_51,  ///< these and `'`, `<`, `>`, `&`, as ConvertTo-Json of Windows PowerShell 5.1
};

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text,
                        JsonEscapes escapes = JsonEscapes::all_controls);

/// The same, as a new text.
std::string json_string(std::string_view text, JsonEscapes escapes = JsonEscapes::all_controls);

}  // namespace sfb
