#include "agent/format/error_record.hpp"

#include "agent/base/text.hpp"
#include "agent/format/concise.hpp"
#include "agent/format/escapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::format {

namespace {

constexpr int kIndent = 4;
constexpr std::int32_t kParserError = 17;
constexpr std::u16string_view kMargin = u"    ";
// The records of a native program's output to stderr: of its first line, of the further ones.
constexpr std::string_view kNativeError = "NativeCommandError";
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

// A client cuts the reason too, and has an exception of its own where none is named.
std::string reason_text(const ErrorRecord& record, const Style& style) {
  if (!style.rebuild_category) {
    return record.category_reason;
  }
  return record.category_reason.empty() ? "RemoteException"
                                        : cut_part(record.category_reason, style);
}

// `ObjectNotFound: (target:Type) [Activity], Reason`. What was sent is shown where the server knows
// best; it is built from its parts when it was not sent, was cut in another edition's way, or where
// a client builds it anew.
std::string category_text(const ErrorRecord& record, const Style& style) {
  constexpr std::string_view kOneCharacterEllipsis = "…";
  const bool rebuild =
      style.rebuild_category || record.category_message.contains(kOneCharacterEllipsis);
  if (!record.category ||
      (!record.category_message.empty() && (!rebuild || !record.has_category()))) {
    return record.category_message;
  }
  const std::string_view name = error_category_name(*record.category);
  return fmt::format("{}: ({}:{}) [{}], {}",
                     name == "DeadlockDetected" ? "Deadlock detected" : name,  // the only one
                     cut_part(record.category_target_name, style),
                     cut_part(record.category_target_type, style),
                     cut_part(record.category_activity, style), reason_text(record, style));
}

ErrorView view_of(const Context& context) {
  const ErrorView asked = context.options.error_view;
  const bool unknown = asked == ErrorView::concise && context.style.error_view != asked;
  return asked == ErrorView::automatic || unknown ? context.style.error_view : asked;
}

// The line the error stands in, cut as the edition does.
std::string position_text(const ErrorRecord& record, const Style& style) {
  return record.place && !record.place->text.empty()
             ? position_message(*record.place, style.position)
             : record.position_message;
}

std::u16string normal_text(const Context& context, const ErrorRecord& record,
                           const std::string& message, const std::string& category) {
  std::u16string text;
  if (!record.invocation_name.empty()) {
    text = to_utf16(record.invocation_name) + u" : ";
  }
  text += to_utf16(message);
  const std::string position = position_text(record, context.style);
  // A parser's error shows the place in its own words.
  const bool parser = record.category == kParserError && record.command.empty();
  if (!position.empty() && !parser) {
    text += u'\n' + to_utf16(position);
  }
  for (const std::string& last :
       {"+ CategoryInfo          : " + category, "+ FullyQualifiedErrorId : " + record.error_id}) {
    text += u'\n';
    text += context.style.wrap_messages
                ? indented(to_utf16(last), context.options.width - kIndent - 2)
                : to_utf16(last);
  }
  if (context.style.wrap_messages && !record.message_from_details) {
    text += u"\n ";
  }
  return text;
}

}  // namespace

void emit_error(const ErrorRecord& record, const Context& context, const EmitLine& emit) {
  if (context.columns() <= 0) {
    emit({});
    return;
  }
  const std::string category = category_text(record, context.style);
  // A record without any message shows its category instead, as a deserialised one does.
  const bool as_sent = context.style.rebuild_category && !record.category_message.empty();
  const std::string& instead = as_sent ? record.category_message : category;
  const bool blank = !record.message_from_details &&
                     to_utf16(record.message).find_first_not_of(kWhiteSpace) == std::string::npos;
  const std::string& message = blank ? instead : record.message;
  const ErrorView view = view_of(context);
  std::u16string text;
  if (record.error_id == kNativeMessage ||
      (context.style.bare_native_errors && record.error_id == kNativeError)) {
    text = to_utf16(message);
  } else if (view == ErrorView::category) {
    text = to_utf16(category);
  } else if (view == ErrorView::concise) {
    text = concise_text(context, record, message, position_text(record, context.style));
  } else {
    text = normal_text(context, record, message, category);
  }
  if (context.style.wrap_messages) {
    wrap_words(text, context.columns(), context.style.cells, emit);
  } else {
    split_lines(without_escapes(text), emit);
  }
}

}  // namespace sfb::format
