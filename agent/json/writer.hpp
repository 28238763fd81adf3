// ConvertTo-Json of PowerShell values. Thread rule: pure functions.
#pragma once

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

}  // namespace sfb::json
