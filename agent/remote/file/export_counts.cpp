#include "agent/remote/file/export_counts.hpp"

#include "agent/value/access.hpp"
#include "agent/value/members.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace sfb::remote {

namespace {

bool is_count(const Graph& graph, const Value& wrapper, std::string_view name, const Value& told) {
  const Value* const list = find_member(graph, wrapper, name);
  std::size_t found = items_in(graph, list).size();
  if (list == nullptr) {
    for (const Value* const object : items_in(graph, find_member(graph, wrapper, "Output"))) {
      found += items_in(graph, find_member(graph, *object, name)).size();
    }
  }
  const auto number = as_int64(graph, told);
  return number && std::cmp_equal(*number, found);
}

}  // namespace

std::vector<const Value*> items_in(const Graph& graph, const Value* list) {
  const Value* const inner = list == nullptr ? nullptr : unwrap_counted(graph, *list);
  return inner == nullptr ? std::vector<const Value*>() : items_of(graph, *inner);
}

bool counts_are_right(const Graph& graph, const Value& wrapper) {
  constexpr std::size_t kMostCounts = 16;  // each is looked for in every object of the output
  const Value* const counts = find_member(graph, wrapper, "Counts");
  if (counts == nullptr) {
    return true;
  }
  const auto members = members_of(graph, *counts);
  return !members.empty() && members.size() <= kMostCounts &&
         std::ranges::all_of(members, [&](const auto& member) {
           return is_count(graph, wrapper, member.first, *member.second);
         });
}

}  // namespace sfb::remote
