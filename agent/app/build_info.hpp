// What this build is, for --version, build_info and the user agent.
#pragma once

#include "agent/serve/self_metrics.hpp"

#include <string>

namespace sfb::app {

serve::BuildInfo build_info();

/// Several lines for --version: name, version, revision, compiler, platform.
std::string version_text();

}  // namespace sfb::app
