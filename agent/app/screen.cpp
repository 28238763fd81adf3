#include "agent/app/screen.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace sfb::app {

namespace {

constexpr std::size_t kNameWidth = 15;
constexpr std::size_t kFactIndent = 2;
constexpr std::size_t kValueWidth = 84;

// What stands on one line: up to the last blank that fits; a word alone may be longer.
std::string_view first_piece(std::string_view line) {
  if (line.size() <= kValueWidth) {
    return line;
  }
  const std::size_t fits = line.rfind(' ', kValueWidth);
  const std::size_t blank = fits != std::string_view::npos && fits > 0 ? fits : line.find(' ', 1);
  return line.substr(0, blank == std::string_view::npos ? line.size() : blank + 1);
}

}  // namespace

std::string aligned(std::string_view name, std::string_view value, std::size_t indent) {
  const bool cut = value.size() > kMostFact;
  const std::string shown = visible(value.substr(0, kMostFact)) + (cut ? "..." : "");
  // A server chooses some of the names: one as wide as the column still ends in a blank.
  std::string out = fmt::format("{:{}}{:<{}} ", "", indent, visible(name), kNameWidth - indent - 1);
  bool first = true;
  for (std::string_view line : split(trim(shown), '\n')) {
    do {
      const std::string_view piece = first_piece(line);
      line.remove_prefix(piece.size());
      out += first ? "" : fmt::format("\n{:{}}", "", kNameWidth);
      out += trim(piece);
      first = false;
    } while (!line.empty());
  }
  out += '\n';
  return out;
}

void Screen::stage(const StageTime& time) {
  if (answered_) {
    return;
  }
  print(fmt::format("{:<{}}{:>12}\n", to_string(time.stage), kNameWidth,
                    milliseconds(time.duration)));
  print(std::exchange(facts_, {}));
}

void Screen::answered() {
  print(std::exchange(facts_, {}));
  answered_ = true;
}

void Screen::fact(std::string_view name, std::string_view value) {
  if (name == "warning") {
    print(fmt::format("warning: {}\n", visible(trim(value))));
    return;
  }
  if (answered_) {
    return;
  }
  facts_ += aligned(name, value, kFactIndent);
}

void Screen::wire(std::string_view direction, std::string_view text) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(clock_.now().wall);
  const std::chrono::hh_mm_ss time(now - std::chrono::floor<std::chrono::days>(now));
  const std::string begin =
      fmt::format("{:02}:{:02}:{:02}.{:03} {} ", time.hours().count(), time.minutes().count(),
                  time.seconds().count(), time.subseconds().count(), direction);
  std::string out;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) {
      line.remove_suffix(1);  // of a HTTP head
    }
    out += begin;
    out += visible(line);
    out += '\n';
  }
  print(out);
}

void Screen::print(std::string_view text) {
  // A reader of stderr that went away is no reason to end an evaluation.
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream_));
  static_cast<void>(std::fflush(stream_));
}

std::string milliseconds(std::chrono::nanoseconds duration) {
  return fmt::format("{:.1f} ms", to_seconds(duration) * 1000);
}

}  // namespace sfb::app
