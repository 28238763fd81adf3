// CLIXML, PowerShell's serialisation of objects ([MS-PSRP] 2.2.5, README.md): whole `Objs` files
// and single PSRP message bodies, read. Thread rule: pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/memory_meter.hpp"
#include "agent/value/value.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sfb::clixml {

/// The stream that a value of a file came on (attribute `S`), with PowerShell's names.
enum class Stream : std::uint8_t { output, error, warning, verbose, debug, progress, information };

/// What a file holds.
struct File : Document {
  std::vector<Stream> streams;  ///< one for each root; `output` where the file names none
};

/// A file as Export-Clixml writes it: `Objs` with any number of objects, in UTF-8 or UTF-16, with
/// or without BOM and XML declaration. After a first line `#< CLIXML` any number of `Objs` may
/// follow, each perhaps behind such a line of its own. Never throws. Reason::parse:
/// - clixml.syntax, clixml.not_clixml
/// - clixml.trailing: content after the root
/// - clixml.too_deep
/// - clixml.too_large: too many bytes or elements, or what was read takes more memory than
///   most_memory (memory_meter.hpp)
/// - clixml.bad_value (also a stream that PowerShell does not have, and values with a stream beside
///   ones without), clixml.bad_reference
/// - clixml.repeated: a part or a member stands twice in one object, so bytes between are missing
/// - those of decode_text
Result<File> read_file(std::string_view bytes, const Limits& limits);

/// The body of one PSRP message: one element without namespace, UTF-8, a BOM is allowed. An empty
/// body is one null. Errors as read_file, and clixml.encoding if it is not UTF-8.
Result<Document> read_message(std::string_view body, const Limits& limits);
/// The same into a graph that holds others already; `meter` counts for all of it. After an error
/// the graph may hold objects to which nothing refers.
Result<Value> read_message(std::string_view body, const Limits& limits, Graph& graph,
                           MemoryMeter& meter);

}  // namespace sfb::clixml
