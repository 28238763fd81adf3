#include "agent/format/error_record.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace sfb::format {

namespace {

constexpr int kIndent = 4;
constexpr std::u16string_view kMargin = u"    ";
// The record of a native program's output to stderr shows its message alone.
constexpr std::string_view kNativeMessage = "NativeCommandErrorMessage";

// The well-known odd look of Windows PowerShell's last lines: the text is cut into pieces of fixed
// width, four blanks go before each, and the pieces are joined again WITHOUT line ends; the word
// wrapping that follows knows nothing of the cut. Line breaks are no part of a piece.
std::u16string indented(std::u16string_view text, int piece_width) {
  std::u16string out;
  const auto add = [&](std::u16string_view piece) {
    if (!piece.empty()) {
      out.append(kMargin).append(piece);
    }
  };
  if (piece_width < 0) {
    add(text);
    return out;
  }
  // On a screen of six columns the cut falls behind every character.
  const auto width = static_cast<std::size_t>(std::max(piece_width, 1));
  while (!text.empty()) {
    const std::size_t line_end = std::min(text.find(u'\n'), text.size());
    const std::size_t whole = line_end - line_end % width;
    for (std::size_t at = 0; at < whole; at += width) {
      add(text.substr(at, width));
    }
    // What is left of the line stays together with its line break and further short lines.
    std::size_t end = line_end;
    while (end < text.size()) {
      const std::size_t next = std::min(text.find(u'\n', end + 1), text.size());
      const bool long_line = next - end - 1 >= width;
      end = long_line ? end + 1 : next;
      if (long_line) {
        break;
      }
    }
    add(text.substr(whole, end - whole));
    text.remove_prefix(end);
  }
  return out;
}

// CategoryInfo cuts each of its parts in the middle.
std::string cut_part(const std::string& part, const Style& style) {
  const std::u16string units = to_utf16(part);
  if (units.size() <= style.category_part_limit) {
    return part;
  }
  const std::u16string_view all = units;
  std::u16string cut(all.substr(0, style.category_part_kept));
  cut += style.ellipsis;
  cut += all.substr(all.size() - style.category_part_kept);
  return from_utf16(cut);
}

// `ObjectNotFound: (target:Type) [Activity], Reason`. What was sent is shown, because the server
// knows best; it is built from its parts when it was not sent, or was cut in another edition's way.
std::string category_text(const ErrorRecord& record, const Style& style) {
  constexpr std::string_view kOneCharacterEllipsis = "…";
  const bool foreign_cut =
      style.ellipsis != u"…" && record.category_message.contains(kOneCharacterEllipsis);
  if (!record.category || (!record.category_message.empty() && !foreign_cut)) {
    return record.category_message;
  }
  return fmt::format("{}: ({}:{}) [{}], {}", error_category_name(*record.category),
                     cut_part(record.category_target_name, style),
                     cut_part(record.category_target_type, style),
                     cut_part(record.category_activity, style), record.category_reason);
}

}  // namespace

void emit_error(const ErrorRecord& record, const Context& context, const EmitLine& emit) {
  if (context.columns() <= 0) {
    emit({});
    return;
  }
  // A record without any message shows its category instead, as a deserialised one does.
  const std::string category = category_text(record, context.style);
  const std::string& message = record.message.empty() ? category : record.message;
  std::u16string text;
  if (record.error_id == kNativeMessage) {
    text = to_utf16(message);
  } else {
    if (!record.invocation_name.empty()) {
      text = to_utf16(record.invocation_name) + u" : ";
    }
    text += to_utf16(message);
    if (!record.position_message.empty()) {
      text += u'\n' + to_utf16(record.position_message);
    }
    const int piece_width = context.options.width - kIndent - 2;
    text += u'\n' + indented(to_utf16("+ CategoryInfo          : " + category), piece_width);
    text += u'\n' + indented(to_utf16("+ FullyQualifiedErrorId : " + record.error_id), piece_width);
    if (!record.message_from_details) {
      text += u"\n ";
    }
  }
  wrap_words(text, context.columns(), emit);
}

}  // namespace sfb::format
