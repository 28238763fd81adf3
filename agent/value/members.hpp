// All members of a value by name, whatever form it came in. Thread rule: pure functions.
#pragma once

#include "agent/value/value.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace sfb {

/// The visible properties and, of a dictionary, the entries whose key is text, in order: what
/// find_member finds by name. They live as long as the graph.
std::vector<std::pair<std::string_view, const Value*>> members_of(const Graph& graph,
                                                                  const Value& value);

}  // namespace sfb
