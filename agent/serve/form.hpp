// The form in which an answer of the query door is wanted. Pure functions.
#pragma once

#include "agent/format/choice.hpp"
#include "agent/http/query_string.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/query.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sfb::serve {

inline constexpr int kDefaultWidth = 120;
inline constexpr int kMinWidth = 20;
inline constexpr int kMaxWidth = 500;
/// Seconds of `max_age`. Ten years: more than any answer is kept.
inline constexpr std::int64_t kMaxAgeLimit = 315'360'000;

/// How an answer is wanted, as far as that is known when something goes wrong.
struct Form {
  format::Choice choice = {};
  int width = kDefaultWidth;
  std::string cmdlet = "Get-CsBackupServiceStatus";
  std::string line = "Get-CsBackupServiceStatus";  ///< what the position of an error shows
  std::string request_id = {};
};

/// Form of a query that was understood.
Form form_of(const Query& query, std::string request_id);

/// `as`, `edition`, `view`, `width` and Accept of a request; what is wrong with them is passed
/// over. `items` is its query.
Form guess_form(const http::Request& request, std::span<const http::QueryItem> items,
                std::string request_id);

/// The same of a query that was not read yet.
Form guess_form(const http::Request& request, std::string request_id);

/// Columns, from kMinWidth to kMaxWidth.
std::optional<int> parse_width(std::string_view text);

}  // namespace sfb::serve
