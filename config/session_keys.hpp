// The keys of every transport that holds sessions.
#pragma once

#include "config/context.hpp"
#include "config/fields.hpp"
#include "config/settings.hpp"

#include <string>

namespace sfb::config {

/// Where the values of `language`, `import_module` and `session` go.
struct SessionKeys {
  Language& language;
  std::string& import_module;
  Session& session;
};
/// Absent ones stay as they are.
void read_session_keys(Section& section, const Context& context, const SessionKeys& keys);

}  // namespace sfb::config
