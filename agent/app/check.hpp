// --config.check.
#pragma once

#include <string>
#include <vector>

namespace sfb::app {

/// Prints what is wrong in the configuration files and in the web configuration file (empty: there
/// is none), then what is doubtful, then that a file is good. Returns an exit code.
int check_config(const std::vector<std::string>& files, const std::string& web_file);

}  // namespace sfb::app
