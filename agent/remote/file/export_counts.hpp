// How many items the lists of a dropped file's wrapper have. Private to the folder; pure.
#pragma once

#include "agent/value/value.hpp"

#include <vector>

namespace sfb::remote {

/// The items of a list, also of one with a Count beside it; none where there is no list.
std::vector<const Value*> items_in(const Graph& graph, const Value* list);

/// Whether the wrapper's `Counts` are the numbers of items: of its own lists, and of a member of
/// the output's objects. True without Counts. Of a list alone nobody sees that an item is gone.
bool counts_are_right(const Graph& graph, const Value& wrapper);

}  // namespace sfb::remote
