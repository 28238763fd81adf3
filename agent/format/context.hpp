// What every part of one rendering needs. Thread rule: lives on one thread for one call.
#pragma once

#include "agent/format/sink.hpp"
#include "agent/format/style.hpp"
#include "agent/value/value.hpp"

namespace sfb::format {

struct Context {
  const Graph& graph;
  const Options& options;
  const Style& style;
  Budget& budget;

  /// The columns a formatter uses: the console keeps its last one free.
  int columns() const { return options.width > 0 ? options.width - 1 : 0; }
};

}  // namespace sfb::format
