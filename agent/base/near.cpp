#include "agent/base/near.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace sfb {

namespace {

constexpr std::size_t kMostSlips = 2;
constexpr std::size_t kMostWord = 255;

using Row = std::array<std::size_t, kMostWord + 1>;

// Slips from one word to the other, kMostSlips + 1 for more. Only cells that near to the diagonal
// can hold fewer, so that long words cost little.
std::size_t slips(std::string_view a, std::string_view b) {
  constexpr std::size_t kFar = kMostSlips + 1;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > kMostSlips) {
    return kFar;
  }
  Row two_before{};
  Row before{};
  Row row{};
  for (std::size_t j = 0; j <= b.size(); ++j) {
    before[j] = std::min(j, kFar);
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::size_t first = i > kMostSlips ? i - kMostSlips : 1;
    const std::size_t last = std::min(i + kMostSlips, b.size());
    row.fill(kFar);
    row[0] = std::min(i, kFar);
    std::size_t least = row[0];
    for (std::size_t j = first; j <= last; ++j) {
      const bool same = a[i - 1] == b[j - 1];
      std::size_t cell = std::min({before[j - 1] + (same ? 0 : 1), before[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cell = std::min(cell, two_before[j - 2] + 1);
      }
      row[j] = std::min(cell, kFar);
      least = std::min(least, row[j]);
    }
    if (least == kFar) {
      return kFar;
    }
    two_before = std::exchange(before, row);
  }
  return before[b.size()];
}

}  // namespace

std::vector<std::string_view> near_names(std::string_view word,
                                         std::span<const std::string_view> known) {
  std::array<std::vector<std::string_view>, kMostSlips + 1> found;  // by slips
  const std::string lower = to_lower(word);
  for (const std::string_view name : known.first(std::min(known.size(), kMostKnown))) {
    if (std::max(lower.size(), name.size()) > kMostWord) {
      continue;
    }
    const std::size_t distance = slips(lower, to_lower(name));
    if (distance <= kMostSlips && distance * 2 < name.size()) {
      found[distance].push_back(name);
    }
  }
  std::vector<std::string_view> names;
  for (const auto& some : found) {
    names.insert(names.end(), some.begin(), some.end());
  }
  names.resize(std::min(names.size(), kMostNear));
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
