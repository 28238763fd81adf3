// Listening sockets that somebody else has opened and handed over, as systemd does.
#pragma once

#include "agent/base/descriptor.hpp"
#include "agent/base/error.hpp"
#include "agent/http/listener.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <string>
#include <vector>

namespace sfb::http {

/// The sockets that $LISTEN_FDS and $LISTEN_PID tell of (sd_listen_fds(3)). They do not go on to
/// programs that this process starts, and the variables are removed. Reason::process, code
/// `listen.systemd`: there are none, or the variables say nothing that can be. Thread rule: once,
/// before there are threads.
Result<std::vector<Descriptor>> inherited_sockets();

/// Where a socket is bound: `127.0.0.1:9943`, `[::]:9943`, `unix:/path`, `unix:` without a file;
/// empty for another family.
std::string socket_address(const Descriptor& socket);

/// One of them as a listener. Reason::process, code `listen.systemd`: it is not a stream socket of
/// IP or unix that listens.
Result<Listener> inherit_listener(const boost::asio::any_io_executor& executor, Descriptor socket);

}  // namespace sfb::http
