// The `pools:` section of a configuration. Pure functions.
#pragma once

#include "agent/discover/topology.hpp"

#include <string>
#include <string_view>

namespace sfb::discover {

/// What the front end cannot know.
struct SectionOptions {
  std::string endpoint;         ///< for all pools
  std::string deployment = {};  ///< empty: the key is not written
};

/// YAML, ends in a line end. Pools without a known partner stand in comments, because the
/// configuration demands one; all remarks do. Whatever the server sent, the section is one that the
/// configuration takes.
std::string pools_section(const Topology& topology, const SectionOptions& options);

/// A text as YAML takes it, in double quotes. It is harmless (comment.hpp).
std::string quoted(std::string_view text);

}  // namespace sfb::discover
