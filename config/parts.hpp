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

/// Where the values of `language`, `import_module` and `session` go.
struct SessionKeys {
  Language& language;
  std::string& import_module;
  Session& session;
};
/// The keys of every transport that holds sessions.
void read_session_keys(Section& section, const Context& context, const SessionKeys& keys);

/// The keys of one transport: puts them into `endpoint`, with their defaults.
void read_file_keys(Section& section, const Context& context, DraftEndpoint& endpoint);
void read_winrm_keys(Section& section, const Context& context, DraftEndpoint& endpoint);
void read_ssh_keys(Section& section, const Context& context, DraftEndpoint& endpoint);

/// One transport of the language.
struct TransportRow {
  std::string_view name;
  std::span<const std::string_view> keys;  ///< of an endpoint, besides those that each one has
  void (*read)(Section& section, const Context& context, DraftEndpoint& endpoint);
};
/// The one table of transports and their keys. A key of another transport is refused by its owner's
/// name. Lives as long as the program.
std::span<const TransportRow> transports();

/// A name that PowerShell or a server gave, at most 128 letters, digits, dots, hyphens and
/// underscores, so that it is one thing everywhere. Nothing when it is absent or no such name,
/// which has then been reported. `shown_by`: where the right name is to be seen.
std::optional<std::string> read_name(Section& section, std::string_view name, bool empty_allowed,
                                     std::string_view shown_by);

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
