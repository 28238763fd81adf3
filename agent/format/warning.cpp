#include "agent/format/warning.hpp"

#include "agent/base/text.hpp"
#include "agent/format/escapes.hpp"
#include "agent/format/words.hpp"

#include <algorithm>
#include <string>

namespace sfb::format {

namespace {

void wrap_line(std::u16string_view text, std::size_t width, Sink& sink) {
  std::u16string line;
  while (!text.empty()) {
    const bool blank = text.front() == u' ';
    const std::size_t run = blank ? text.find_first_not_of(u' ') : text.find(u' ');
    // A run longer than a line is taken in pieces of a line's width.
    const std::u16string_view piece = text.substr(0, std::min({run, text.size(), width}));
    text.remove_prefix(piece.size());
    if (line.size() + piece.size() <= width) {
      line += piece;
      continue;
    }
    const std::size_t fitting = blank ? width - line.size() : 0;
    sink.line(line.append(piece.substr(0, fitting)));
    line = piece.substr(fitting);
  }
  sink.line(line);
}

}  // namespace

void write_warning(std::string_view text, const Context& context, Sink& sink) {
  std::u16string all = u"WARNING: " + to_utf16(text);
  if (!context.style.wrap_messages) {
    split_lines(without_escapes(all), [&](std::u16string_view line) { sink.line(line); });
    return;
  }
  std::erase(all, u'\r');
  std::ranges::replace(all, u'\t', u' ');
  const auto width = static_cast<std::size_t>(context.columns());
  std::u16string_view rest = all;
  for (;;) {
    const std::size_t end = rest.find(u'\n');
    const std::u16string_view line = rest.substr(0, end);
    if (width == 0) {
      sink.line(line);
    } else {
      wrap_line(line, width, sink);
    }
    if (end == std::u16string_view::npos) {
      return;
    }
    rest.remove_prefix(end + 1);
  }
}

}  // namespace sfb::format
