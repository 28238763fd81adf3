// HTTP authentication by user name and password.
#pragma once

#include "agent/auth/scheme.hpp"

#include <memory>
#include <string>

namespace sfb::auth {

/// RFC 7617, UTF-8, sent with the first request. A user name with a colon cannot be sent:
/// Reason::auth, code auth.user_name, at the first step.
std::unique_ptr<Scheme> make_basic(std::string user_name, std::shared_ptr<const Secret> password);

}  // namespace sfb::auth
