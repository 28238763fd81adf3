// The text that a dropped file's wrapper carries beside the objects. Private to the folder; pure.
#pragma once

#include "agent/value/pipeline.hpp"

#include <string>
#include <vector>

namespace sfb::remote {

/// What the field `Text` of a wrapper gives.
struct ExportText {
  std::vector<Rendering> rendered;
  std::string culture;   ///< `de-DE`; empty where it is not told
  std::string left_out;  ///< why the text is not used, half a sentence without any of it
};

/// Reads `Text`: Culture, and Width80 and Width120, what a console of so many columns prints of the
/// objects. All of it is left out where something of it is wrong, where a text is longer than 256
/// KiB, and where it cannot be that of the objects. Before the objects leave the wrapper.
ExportText read_text_of(const Graph& graph, const Value& wrapper, PipelineState state);

}  // namespace sfb::remote
