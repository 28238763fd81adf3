// `render`: what the console would print for a CLIXML document from anywhere.
#pragma once

#include "agent/app/output.hpp"

namespace sfb::app {

/// A CLIXML document from stdin as the console would print it. Returns an exit code.
int run_render(const OutputOptions& options);

}  // namespace sfb::app
