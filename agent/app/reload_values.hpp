// What a reload compares of an endpoint: settings as values, so that neither layout nor order of
// the configuration files counts.
#pragma once

#include "agent/base/any_comparable.hpp"
#include "config/settings.hpp"

#include <string>

namespace sfb::app {

/// What an endpoint asks and as whom. Another value is another source of answers, whose states are
/// not those known so far.
AnyComparable endpoint_identity(const config::Endpoint& endpoint, const config::Settings& settings);

/// The same as a digest that is equal in every process: what is kept of its pools comes back while
/// it stays. It holds no secret.
std::string endpoint_source(const config::Endpoint& endpoint, const config::Settings& settings);

/// Everything that an endpoint's transport is made of: while it is equal, a reload keeps it.
AnyComparable endpoint_settings(const config::Endpoint& endpoint, const config::Settings& settings);

/// What of its settings decides whether its servers let us in (engine::EndpointOptions::terms): all
/// but limits and names, users without case; with it, which file an ssh key is now.
AnyComparable endpoint_terms(const config::Endpoint& endpoint, const config::Settings& settings);

/// The name of the account that an endpoint logs on with (engine::EndpointOptions::account): two
/// entries with one user, whatever its case, and one password file are one account. Empty: none.
std::string endpoint_account(const config::Endpoint& endpoint, const config::Settings& settings);

}  // namespace sfb::app
