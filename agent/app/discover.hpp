// `discover`: asks a front end for the pools of its deployment, in the foreground.
#pragma once

#include <string>
#include <vector>

namespace sfb::app {

struct DiscoverOptions {
  std::vector<std::string> config_files;
  std::string endpoint;    ///< a configured one; empty: `url`, or the only one that can be asked
  std::string url;         ///< of a front end that is no endpoint; empty: none
  std::string credential;  ///< an entry of `credentials`; with `url`
  bool diff = false;       ///< compare with the configuration instead of writing
  bool debug = false;
};

/// The exit code of `discover` where not everything could be asked or compared.
inline constexpr int kNotAsked = 2;

/// Writes the `pools:` section on stdout, or with `diff` one line for each difference; what is
/// asked, and what failed, on stderr. Returns 0, 1 (`diff` found a difference) or kNotAsked.
int run_discover(const DiscoverOptions& options);

}  // namespace sfb::app
