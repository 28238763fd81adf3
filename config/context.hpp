// What the readers of one file work with.
#pragma once

#include "config/draft.hpp"
#include "config/files.hpp"
#include "config/loader.hpp"
#include "config/problem.hpp"

namespace sfb::config {

/// Thread rule: lives for one call of read_document.
struct Context {
  const Capabilities& capabilities;
  const Files& files;
  Draft& draft;
  Problems& problems;
  Problems& warnings;
};

}  // namespace sfb::config
