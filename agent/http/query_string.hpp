// Percent encoding and query strings, strictly: what cannot be decoded is an error, never guessed.
#pragma once

#include "agent/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::http {

/// One part of a query: `Force` has no value, `Force=` an empty one.
struct QueryItem {
  std::string name;
  std::optional<std::string> value;

  bool operator==(const QueryItem&) const = default;
};

/// The items between `&`, in order, duplicates kept, empty parts (`a&&b`) left out; `+` is a blank.
/// Reason::parse: code `url.escape` (a `%` without two hex digits), `url.nul`, `url.utf8`; the part
/// that is wrong stands in `Error::peer`.
Result<std::vector<QueryItem>> parse_query(std::string_view query);

/// What `+` means: a blank in a query, itself in a path.
enum class Plus : std::uint8_t { itself, blank };

/// Undoes %XX. Reason::parse: code `url.escape`, or `url.nul` for a NUL, raw or encoded.
Result<std::string> percent_decode(std::string_view text, Plus plus = Plus::itself);

/// All but letters, digits and `-._~` as %XX: safe as a name or value of a query and in a path.
std::string percent_encode(std::string_view text);

}  // namespace sfb::http
