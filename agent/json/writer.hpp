// ConvertTo-Json of PowerShell values. Thread rule: pure functions.
#pragma once

#include "agent/base/capped_text.hpp"
#include "agent/json/edition.hpp"
#include "agent/value/value.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sfb::json {

struct WriteOptions {
  Edition edition = Edition::powershell_7;
  int depth = 2;          ///< deeper values become their ToString, as ConvertTo-Json -Depth does
  bool compress = false;  ///< one line
  /// Shared objects are written each time they occur, and 5.1 indents by the length of names: a
  /// longer text is an error, and is not made first.
  std::size_t max_bytes = most_text({});
};

/// What `$objects | ConvertTo-Json` prints: one object bare, several as an array, none as nothing.
/// LF line ends, none at the end.
/// - Enums read back from CLIXML print their name, a deliberate difference.
/// - Keys of dictionaries print as their text.
/// - Dates: 7 writes them as they were sent, 5.1 as `\/Date(ms)\/`, without a zone as UTC.
/// - INF and NaN are strings in both editions, so that the text is JSON; 5.1 writes them bare.
/// - Depth counts from the array of several objects, as the cmdlet counts; more than 100 is 100.
/// Reason::parse, code `render.too_large`.
Result<std::string> convert_to_json(const Graph& graph, const std::vector<Value>& values,
                                    const WriteOptions& options = {});

}  // namespace sfb::json
