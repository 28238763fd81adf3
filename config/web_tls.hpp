// The section `tls_server_config` of the web configuration file.
#pragma once

#include "config/context.hpp"
#include "config/fields.hpp"
#include "config/web_config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sfb::config {

/// Nothing when no certificate, key, client CA or client_auth_type is set, which means plain HTTP;
/// also when something was reported. `files` gets the paths of those that are named.
std::optional<WebTls> read_web_tls(Section section, const Context& context,
                                   std::vector<std::string>& files);

}  // namespace sfb::config
