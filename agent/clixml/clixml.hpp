// CLIXML, PowerShell's serialisation of objects ([MS-PSRP] 2.2.5, README.md): whole `Objs` files
// and single PSRP message bodies, read and written. Thread rule: pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/value.hpp"

#include <string>
#include <string_view>

namespace sfb::clixml {

/// A file as Export-Clixml writes it: `Objs` with any number of objects; UTF-8 or UTF-16, with or
/// without BOM and XML declaration. Behind a first line `#< CLIXML` any number of `Objs`. A part or
/// a member that stands twice in one object is refused: bytes between the two are missing.
/// Reason::parse; codes clixml.syntax, clixml.trailing (content behind the root),
/// clixml.not_clixml, clixml.too_deep, clixml.too_large, clixml.bad_value, clixml.repeated,
/// clixml.bad_reference and those of decode_text. Never throws.
Result<Document> read_file(std::string_view bytes, const Limits& limits);

/// The body of one PSRP message: one element without namespace, UTF-8, a BOM is allowed. An empty
/// body is one null. Errors as read_file; clixml.encoding for what is not UTF-8.
Result<Document> read_message(std::string_view body, const Limits& limits);

/// How type names are written.
enum class Origin {
  original,  ///< as they are: reading and writing gives the same bytes
  /// as PowerShell writes what it read: `Deserialized.` before each type name, PSCustomObject or
  /// the collection's class where there was none, a wrapped value bare where nothing is known of it
  deserialized,
};

/// What Export-Clixml writes: `Objs`, two blanks a level, ` />`, no newline at the end, LF, UTF-8
/// without BOM. A SecureString is written as the text `System.Security.SecureString`, as it is
/// shown everywhere: newer servers send its content readable.
std::string write_file(const Graph& graph, const std::vector<Value>& roots,
                       Origin origin = Origin::original);

/// One value as a PSRP message body: no namespace, no white space.
std::string write_message(const Graph& graph, const Value& value);

/// `_xHHHH_` escapes of strings and names. Unescaping a lone surrogate gives U+FFFD (and sets
/// `lossy`).
std::string escape(std::string_view text);
std::string unescape(std::string_view text, bool* lossy = nullptr);

}  // namespace sfb::clixml
