#include "collectors/answer.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

namespace sfb::collectors {

namespace {

// C0, DEL and C1: they would move a terminal's cursor or break a log line.
bool has_control_character(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    const char32_t c = next_code_point(text, pos);
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::unexpected<Error> bad_answer(std::string code, std::string message, std::string peer) {
  return fail(Reason::parse, std::move(code), std::move(message),
              "see the objects with `evaluate --as clixml`; where a file was written without "
              "Export-BackupStatus.ps1, give ConvertTo-Json or Export-Clixml a greater -Depth; if "
              "the product really answers so, report it",
              std::move(peer));
}

Status check_label(std::string_view what, std::string_view text, const Limits& limits) {
  if (text.size() > limits.label_length) {
    return bad_answer("status.label_too_long",
                      fmt::format("{} has {} bytes, at most {} are taken (limits.label_length)",
                                  what, text.size(), limits.label_length),
                      std::string(text));
  }
  if (has_control_character(text)) {
    return bad_answer("status.control_character", fmt::format("{} holds a control character", what),
                      std::string(text));
  }
  return {};
}

}  // namespace sfb::collectors
