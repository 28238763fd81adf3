// Whether an endpoint and the credentials that it names go together.
#pragma once

#include "config/draft.hpp"
#include "config/problem.hpp"

namespace sfb::config {

/// Precondition: the endpoint's transport is winrm. What would send a password or answers readable
/// over the network needs `allow_unencrypted`; a ticket needs a host name.
void check_logon(const DraftEndpoint& endpoint, const Credentials& credentials, Problems& problems,
                 Problems& warnings);

}  // namespace sfb::config
