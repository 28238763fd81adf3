// The certificates that an endpoint trusts.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/winrm/winrm_endpoint.hpp"

#include <boost/asio/awaitable.hpp>

namespace sfb::remote {

/// Reads them anew into `endpoint.tls` where their file changed. Where that fails and there are old
/// ones, these are used on, with a warning. Thread rule: loop thread.
boost::asio::awaitable<Status> read_trusted(WinrmEndpoint& endpoint, MonoTime deadline);

}  // namespace sfb::remote
