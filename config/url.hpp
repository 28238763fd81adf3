// The URL of an endpoint as people write it.
#pragma once

#include "agent/base/url.hpp"

#include <string_view>

namespace sfb::config {

/// parse_url with the defaults of WinRM: an empty path becomes /wsman. Without a port /wsman gets
/// WinRM's 5985 or 5986, every other path (OcsPowershell of a front end's web services, for one) 80
/// or 443.
Result<Url> complete_url(std::string_view text);

}  // namespace sfb::config
