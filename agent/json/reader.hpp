// A JSON reader with caps: depth, bytes, values, memory. Thread rule: pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/value.hpp"

#include <string_view>

namespace sfb::json {

/// A JSON text (UTF-8 or UTF-16 with BOM) as PowerShell values. Objects become PSCustomObject with
/// ordered note properties, arrays Object[]. Numbers become I32, I64, U64, D (up to 28 digits) or
/// Db by size and form, and keep their digits. Dates stay strings. A lone surrogate escape is
/// U+FFFD. An outermost array gives one root per item. Never throws. Reason::parse:
/// - json.syntax, json.too_deep, with line and column as the next two
/// - json.trailing: content after the end
/// - json.duplicate_key: a name stands twice in an object, in any case, as PowerShell refuses it
/// - json.too_large: too many bytes, more than one value for 16 bytes of `Limits::object`, or what
///   was read takes more memory than most_memory (memory_meter.hpp)
/// - those of decode_text
Result<Document> read(std::string_view bytes, const Limits& limits);

}  // namespace sfb::json
