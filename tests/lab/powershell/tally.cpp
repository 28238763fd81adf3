#include "tests/lab/powershell/tally.hpp"

#include <fmt/format.h>
#include <fmt/std.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace sfb::lab {

namespace {

constexpr std::size_t kShown = 20;  // differences; more would hide the counts

// Blanks at a line's end and control characters made visible.
std::string visible(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7F') {
      out += fmt::format("<{:02X}>", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '$';
}

std::string line_at(std::string_view text, std::size_t place) {
  place = std::min(place, text.size());
  const std::size_t before = text.substr(0, place).rfind('\n');
  const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
  return visible(text.substr(start, text.find('\n', place) - start));
}

}  // namespace

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file.good()) {
    fmt::print(stderr, "lab_driver: cannot read {}\n", path);
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

void Tally::compare(const std::string& what, std::string_view ours, std::string_view engines,
                    std::string_view reason) {
  if (ours == engines) {
    ++equal_;
    return;
  }
  if (!reason.empty()) {
    ++explained_[reason];
    return;
  }
  const auto place =
      static_cast<std::size_t>(std::ranges::mismatch(ours, engines).in1 - ours.begin());
  differs(what, fmt::format("line {}\n  engine: {}\n  ours:   {}",
                            1 + std::ranges::count(ours.substr(0, place), '\n'),
                            line_at(engines, place), line_at(ours, place)));
}

void Tally::differs(const std::string& what, const std::string& how) {
  if (++different_ <= kShown) {
    fmt::print("{}: {}\n", what, how);
  }
}

void Tally::rewritten(std::string_view what) {
  ++rewritten_[what];
}

int Tally::finish(std::string_view what, std::size_t least, std::size_t ceiling) const {
  std::size_t explained = 0;
  for (const auto& [reason, count] : explained_) {
    fmt::print("{}: {} explained: {}\n", what, count, reason);
    explained += count;
  }
  for (const auto& [reason, count] : rewritten_) {
    fmt::print("{}: {} rewritten: {}\n", what, count, reason);
  }
  const std::size_t compared = equal_ + explained + different_;
  fmt::print("{}: {} compared, {} equal, {} explained, {} different\n", what, compared, equal_,
             explained, different_);
  const bool few = compared < least;
  const bool many = explained * 100 > compared * ceiling;
  if (few) {
    fmt::print("{}: fewer than the {} that were to be compared\n", what, least);
  }
  if (many) {
    fmt::print("{}: more than {} % are explained; the generator or a reason is too generous\n",
               what, ceiling);
  }
  return different_ != 0 || few || many ? 1 : 0;
}

}  // namespace sfb::lab
