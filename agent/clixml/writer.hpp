// Values to CLIXML, in the shape PowerShell's own serialiser gives. Thread rule: pure functions.
#pragma once

#include "agent/base/capped_text.hpp"
#include "agent/value/value.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sfb::clixml {

/// How type names are written.
enum class Origin {
  original,  ///< as they are: reading and writing gives the same bytes
  /// as PowerShell writes what it read: `Deserialized.` before each type name. Without type names:
  /// PSCustomObject or the collection's class; a wrapped value without anything else is bare
  deserialized,
};

/// What Export-Clixml writes: `Objs`, two blanks a level, ` />`, LF, no newline at the end, UTF-8
/// without BOM. A SecureString becomes the text `System.Security.SecureString`, as everywhere in
/// this program, because newer servers send its content readable. Indentation can make a small
/// graph a huge text: Reason::parse, code `render.too_large`, beyond `max_bytes`.
Result<std::string> write_file(const Graph& graph, const std::vector<Value>& roots,
                               Origin origin = Origin::original,
                               std::size_t max_bytes = most_text({}));

/// One value as a PSRP message body: no namespace, no white space.
std::string write_message(const Graph& graph, const Value& value);

}  // namespace sfb::clixml
