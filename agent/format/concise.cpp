#include "agent/format/concise.hpp"

#include "agent/base/text.hpp"
#include "agent/format/words.hpp"

#include <algorithm>
#include <vector>

namespace sfb::format {

namespace {

// The number of a line stands above as many columns.
constexpr std::size_t kLineColumns = 4;

std::u16string_view trimmed(std::u16string_view text) {
  const std::size_t start = std::min(text.find_first_not_of(kWhiteSpace), text.size());
  const std::size_t end = text.find_last_not_of(kWhiteSpace) + 1;
  return start < end ? text.substr(start, end - start) : std::u16string_view();
}

// The head of at most `length` characters, up to its last white space.
std::u16string_view head_at_blank(std::u16string_view text, std::size_t length) {
  if (text.size() <= length) {
    return text;
  }
  const std::u16string_view head = text.substr(0, length);
  return head.substr(0, head.find_last_of(kWhiteSpace));
}

// The words before the colon of CategoryInfo, for records that came without its parts.
std::string category_name(const ErrorRecord& record) {
  if (record.has_category()) {
    return *record.category == 0 ? "" : std::string(error_category_name(*record.category));
  }
  return record.category_message.substr(0, record.category_message.find(':'));
}

std::string reason(const ErrorRecord& record) {
  for (const std::string& text : {record.category_activity, record.command, record.invocation_name,
                                  category_name(record), record.category_reason}) {
    if (!text.empty()) {
      return text;
    }
  }
  return "RemoteException";
}

// A module's own lines tell its user nothing.
bool shows_line(const ErrorRecord& record, std::string_view position) {
  return record.place && (!record.place->file.empty() || record.place->line > 1) &&
         !to_lower(record.place->file).ends_with(".psm1") && position.contains('\n');
}

// Every line but the first begins with `prefix`.
std::u16string broken(const Context& context, std::u16string message, std::u16string_view prefix) {
  std::ranges::replace(message, u'\n', u' ');
  std::ranges::replace(message, u'\t', u' ');
  const auto width = static_cast<std::size_t>(std::max(context.options.width, 0));
  if (message.size() <= width) {
    return message;
  }
  const std::u16string_view first = head_at_blank(message, width);
  std::u16string out(first);
  std::u16string_view rest = trimmed(std::u16string_view(message).substr(first.size()));
  while (rest.size() + prefix.size() > width && width > prefix.size()) {
    std::u16string line(prefix);
    line += rest.substr(0, width - prefix.size());
    const bool cut = prefix.size() + rest.size() > width;
    const std::size_t end = cut ? std::u16string_view(line).find_last_of(kWhiteSpace) : line.size();
    line.resize(std::min(end, line.size()));
    if (line.size() <= prefix.size() || !context.budget.take(line.size())) {
      break;
    }
    out.append(1, u'\n').append(line);
    rest = trimmed(rest.substr(line.size() - prefix.size()));
  }
  return out.append(1, u'\n').append(prefix).append(rest);
}

}  // namespace

std::u16string concise_text(const Context& context, const ErrorRecord& record,
                            std::string_view message, std::string_view position) {
  std::u16string out = to_utf16(reason(record)) + u": ";
  std::u16string prefix;
  if (shows_line(record, position)) {
    const std::string number = std::to_string(record.place->line);
    const std::size_t wide = std::max(number.size(), kLineColumns);
    const std::u16string more(wide - kLineColumns, u' ');
    prefix = more + u"     | ";
    // `At line:3 char:1`, the line and its mark; both begin with a plus sign.
    const std::vector<std::string_view> lines = split(position, '\n');
    if (!record.place->file.empty()) {
      out += to_utf16(record.place->file + ":" + number);
    }
    out += u'\n' + more + u"Line |\n" + std::u16string(wide - number.size(), u' ');
    out += to_utf16(number) + u" | " +
           to_utf16(lines[1].substr(std::min<std::size_t>(1, lines[1].size())));
    const std::string_view mark = lines.back();
    if (mark.size() > 1) {
      out += u'\n' + prefix + to_utf16(mark.substr(1));
    }
    out += u'\n';
  }
  std::u16string text = to_utf16(message);
  std::erase(text, u'\r');
  text.insert(0, prefix);
  const bool in_script = record.place && !record.place->file.empty();
  if (in_script || category_name(record) == "ParserError") {
    out += broken(context, std::move(text), prefix) + u'\n';
  } else {
    out += text;
  }
  const std::u16string action = to_utf16(record.recommended_action);
  return out + (trimmed(action).empty() ? u"" : u"\n  Recommendation: ") + action;
}

}  // namespace sfb::format
