// `evaluate`: one evaluation in the foreground, stage by stage, for whoever sets up a pool.
#pragma once

#include "agent/app/output.hpp"

#include <string>
#include <vector>

namespace sfb::app {

struct EvaluateOptions {
  std::vector<std::string> config_files;
  std::string pool;
  OutputOptions output;
  bool debug = false;
};

/// One evaluation in the foreground: the answer on stdout; stages, warnings, reason and remedy on
/// stderr. Returns an exit code.
int run_evaluate(const EvaluateOptions& options);

}  // namespace sfb::app
