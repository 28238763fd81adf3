// The parts of one file that other maps refer to: endpoints and credentials.
#pragma once

#include "config/draft.hpp"
#include "config/fields.hpp"
#include "config/files.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::config {

/// What the readers of parts work with. Thread rule: lives for one call of read_document.
struct Context {
  const Capabilities& capabilities;
  const Files& files;
  Draft& draft;
  Problems& problems;
  Problems& warnings;
};

/// `endpoints:`
void read_endpoints(const Node& node, const Context& context);
/// `credentials:`
void read_credentials(const Node& node, const Context& context);

/// A word of a list that grows with the builds: nothing when it is absent or not in `available`,
/// which has then been reported, apart for a word of `known` and any other. `what`: `transport`.
std::optional<std::string> read_offered(Section& section, std::string_view what,
                                        std::span<const std::string> available,
                                        std::span<const std::string_view> known);

/// A file named by key `name`, absolute: a relative one is taken from the folder of the file that
/// names it. Nothing when it is absent, empty or no path, which has then been reported.
std::optional<std::string> read_path(Section& section, std::string_view name,
                                     const Context& context);

/// Why a file that `read_path` gave cannot be used.
void report_unusable(Section& section, std::string_view name, const std::string& path,
                     const Error& error);

}  // namespace sfb::config
