#include "agent/wsman/fault.hpp"

#include "agent/base/text.hpp"
#include "agent/wsman/fault_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sfb::wsman {

namespace {

// Names of the standards: these may stand in our own message, others are the peer's words.
constexpr std::array<std::string_view, 16> kKnownSubcodes = {
    "AccessDenied",        "ActionNotSupported",     "AlreadyExists",
    "CannotProcessFilter", "DestinationUnreachable", "EncodingLimit",
    "EndpointUnavailable", "InternalError",          "InvalidMessageInformationHeader",
    "InvalidOptions",      "InvalidParameter",       "InvalidSelectors",
    "QuotaLimit",          "SchemaValidationError",  "TimedOut",
    "UnsupportedFeature"};

// The parts of `words` (`*` between them) in this order. `text` is in lower case.
bool says(std::string_view text, std::string_view words) {
  std::size_t pos = 0;
  for (const std::string_view part : split(words, '*')) {
    const auto at = text.find(part, pos);
    if (at == std::string_view::npos) {
      return false;
    }
    pos = at + part.size();
  }
  return true;
}

}  // namespace

const Meaning& meaning_of(const Fault& fault) {
  const auto rows = fault_rows();
  if (fault.code && *fault.code != 0) {
    const auto row = std::ranges::find(rows, *fault.code, &FaultRow::code);
    if (row != rows.end()) {
      return row->meaning;
    }
  }
  // Words only where the subcode leaves open what it is. They come from the peer, but so do the
  // code and the subcode. A server with another display language is not understood here: its quota
  // then is a plain fault, with its text shown.
  const bool open =
      fault.subcode.empty() || fault.subcode == "InternalError" || fault.subcode == "QuotaLimit";
  if (open && !fault.text.empty()) {
    const std::string text = to_lower(fault.text);
    for (const FaultRow& row : rows) {
      if (!row.words.empty() && says(text, row.words)) {
        return row.meaning;
      }
    }
  }
  for (const FaultRow& row : rows) {
    if (!row.subcode.empty() && row.subcode == fault.subcode) {
      return row.meaning;
    }
  }
  return unknown_fault();
}

Error to_error(const Fault& fault) {
  const Meaning& meaning = meaning_of(fault);
  const bool known = std::ranges::find(kKnownSubcodes, fault.subcode) != kKnownSubcodes.end();
  std::string which;
  if (fault.code) {
    which = fmt::format("fault {}", *fault.code);
  }
  if (known) {
    which += fmt::format("{}{}", which.empty() ? "fault " : ", ", fault.subcode);
  }
  Error error;
  error.reason = meaning.reason;
  error.code = meaning.code;
  error.message =
      which.empty() ? std::string(meaning.message) : fmt::format("{} ({})", meaning.message, which);
  error.remedy = meaning.remedy;
  std::string said = fault.text;
  if (!known && !fault.subcode.empty()) {
    said = fault.text.empty() ? fault.subcode : fmt::format("{}: {}", fault.subcode, fault.text);
  }
  error.peer = cut_utf8(said);
  return error;
}

}  // namespace sfb::wsman
