// ConvertTo-Json of PowerShell values and a capped reader. Thread rule: pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/value.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::json {

/// Whose ConvertTo-Json: its layout, escapes, numbers and dates. 3.0 and 4.0 write as 5.1 does.
enum class Edition : std::uint8_t { windows_powershell_51, powershell_7 };

struct WriteOptions {
  Edition edition = Edition::powershell_7;
  int depth = 2;          ///< deeper values become their ToString, as ConvertTo-Json -Depth does
  bool compress = false;  ///< one line
  /// Shared objects are written wherever they stand, and 5.1 indents as far as the names are long;
  /// behind this many bytes further objects are written as "..." and nothing is indented, so that a
  /// small document cannot make a huge text. A real object inside `Limits::object` never gets
  /// there.
  std::size_t max_bytes = 64UL << 20U;
};

/// What `$objects | ConvertTo-Json` prints: one object bare, several as an array, none as nothing.
/// LF line ends, none at the end. Enums read back from CLIXML print their name (the product's
/// deliberate difference). Keys of dictionaries print as their text. 7 writes dates as they were
/// sent, 5.1 as `\/Date(ms)\/`, one without a zone as if it were UTC. What is no number in JSON
/// (INF, NaN) is a string in both editions, although 5.1 writes it bare: the text is always JSON.
/// Depth counts from the array of several objects, as the cmdlet does; more than 100 is 100.
std::string convert_to_json(const Graph& graph, const std::vector<Value>& values,
                            const WriteOptions& options = {});

/// A JSON text (UTF-8 or UTF-16 with BOM) as PowerShell values: objects as PSCustomObject with
/// ordered note properties, arrays as Object[], numbers as I32, I64, U64, D (up to 28 digits) or Db
/// by size and form, with their digits as they stand. Dates stay strings; a lone surrogate escape
/// is U+FFFD. An outermost array gives one root per item. A name that stands twice in an object, in
/// any case, is refused, as PowerShell does. Reason::parse; codes json.syntax, json.trailing
/// (content behind the end), json.duplicate_key, json.too_deep (all with line and column),
/// json.too_large (bytes, or more values than one to 16 bytes of `Limits::object`) and those of
/// decode_text. Never throws.
Result<Document> read(std::string_view bytes, const Limits& limits);

}  // namespace sfb::json
