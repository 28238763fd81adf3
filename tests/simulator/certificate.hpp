// A certification authority and a server certificate for a test or a demonstration.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sim {

/// Writes ca.pem, server.pem and server.key (mode 0600) into `folder`, valid for 30 days, for
/// localhost, 127.0.0.1, ::1 and `names`. The error text when that fails.
std::optional<std::string> make_certificates(const std::string& folder,
                                             const std::vector<std::string>& names);

}  // namespace sim
