// A JSON reader with caps: depth, bytes, values. Thread rule: pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/value.hpp"

#include <string_view>

namespace sfb::json {

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
