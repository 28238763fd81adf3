#include "config/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace sfb::config {

std::string to_string(const Position& position) {
  if (position.line == 0) {
    return position.file;
  }
  return fmt::format("{}:{}:{}", position.file, position.line, position.column);
}

std::string to_string(const Problem& problem) {
  std::string out = to_string(problem.where);
  for (const std::string_view part :
       {std::string_view(problem.key), std::string_view(problem.what)}) {
    if (!part.empty()) {
      out += ": ";
      out += part;
    }
  }
  if (!problem.remedy.empty()) {
    out += ", ";
    out += problem.remedy;
  }
  return out;
}

void Problems::add(Position where, std::string_view key, std::string what, std::string remedy) {
  ++count_;
  if (kept_.size() < kMost) {
    kept_.push_back({std::move(where), std::string(key), std::move(what), std::move(remedy)});
  }
}

std::vector<Problem> Problems::take_sorted() {
  std::ranges::sort(kept_, [](const Problem& a, const Problem& b) {
    return std::tie(a.where, a.key, a.what) < std::tie(b.where, b.key, b.what);
  });
  if (count_ > kept_.size()) {
    kept_.push_back({kept_.back().where,
                     {},
                     fmt::format("{} more {} not listed", count_ - kept_.size(),
                                 count_ - kept_.size() == 1 ? "problem is" : "problems are"),
                     "correct the listed ones first"});
  }
  count_ = 0;
  return std::exchange(kept_, {});
}

}  // namespace sfb::config
