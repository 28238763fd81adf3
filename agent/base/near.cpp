#include "agent/base/near.hpp"

#include "agent/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace sfb {

namespace {

constexpr std::size_t kMostSlips = 2;
constexpr std::size_t kMostWord = 255;

using Row = std::array<std::size_t, kMostWord + 2>;

bool same(char a, char b) {
  return lower(a) == lower(b);
}

// What both words begin or end with changes nothing: names of pools share their domain.
void drop_common_ends(std::string_view& a, std::string_view& b) {
  const auto begin = std::ranges::mismatch(a, b, same);
  a.remove_prefix(static_cast<std::size_t>(begin.in1 - a.begin()));
  b.remove_prefix(static_cast<std::size_t>(begin.in2 - b.begin()));
  while (!a.empty() && !b.empty() && same(a.back(), b.back())) {
    a.remove_suffix(1);
    b.remove_suffix(1);
  }
}

bool may_be_near(std::size_t a, std::size_t b) {
  return std::max(a, b) <= kMostWord && std::max(a, b) - std::min(a, b) <= kMostSlips;
}

// Slips from one word to the other, kMostSlips + 1 for more; their lengths may be near. Only cells
// that near to the diagonal can hold fewer, so only those are looked at, and one on either side.
std::size_t slips(std::string_view a, std::string_view b) {
  constexpr std::size_t kFar = kMostSlips + 1;
  drop_common_ends(a, b);
  std::array<Row, 3> rows;
  std::size_t* two_before = rows[0].data();
  std::size_t* before = rows[1].data();
  std::size_t* row = rows[2].data();
  for (std::size_t j = 0; j <= std::min(b.size(), kFar); ++j) {
    before[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::size_t first = i > kMostSlips ? i - kMostSlips : 1;
    const std::size_t last = std::min(i + kMostSlips, b.size());
    row[first - 1] = first == 1 ? std::min(i, kFar) : kFar;
    std::size_t least = row[first - 1];
    for (std::size_t j = first; j <= last; ++j) {
      std::size_t cell = std::min(
          {before[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1), before[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        cell = std::min(cell, two_before[j - 2] + 1);
      }
      row[j] = std::min(cell, kFar);
      least = std::min(least, row[j]);
    }
    if (least == kFar) {
      return kFar;
    }
    row[last + 1] = kFar;  // the next row looks one cell further
    std::swap(two_before, before);
    std::swap(before, row);
  }
  return before[b.size()];
}

}  // namespace

std::vector<std::string_view> near_names(std::string_view word,
                                         std::span<const std::string_view> known) {
  std::array<std::vector<std::string_view>, kMostSlips + 1> found;  // by slips
  for (const std::string_view name : known.first(std::min(known.size(), kMostKnown))) {
    if (!may_be_near(word.size(), name.size())) {
      continue;
    }
    const std::size_t distance = slips(word, name);
    if (distance <= kMostSlips && distance * 2 < name.size() &&
        found[distance].size() < kMostNear) {
      found[distance].push_back(name);
    }
  }
  const auto nearest = std::ranges::find_if(found, [](const auto& some) { return !some.empty(); });
  return nearest == found.end() ? std::vector<std::string_view>() : *nearest;
}

std::vector<std::string_view> near_hosts(std::string_view word,
                                         std::span<const std::string_view> known) {
  if (word.contains('.')) {
    return near_names(word, known);
  }
  std::vector<std::string_view> labels;
  labels.reserve(known.size());
  for (const std::string_view name : known) {
    labels.push_back(name.substr(0, name.find('.')));
  }
  std::vector<std::string_view> names;
  for (const std::string_view near : near_names(word, labels)) {
    const auto label = std::ranges::find_if(
        labels, [&](std::string_view each) { return each.data() == near.data(); });
    names.push_back(known[static_cast<std::size_t>(label - labels.begin())]);
  }
  return names;
}

std::string did_you_mean(std::span<const std::string_view> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "did you mean " : i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return names.empty() ? text : text + '?';
}

}  // namespace sfb
