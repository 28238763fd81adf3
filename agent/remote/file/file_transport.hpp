// Transport `file`: reads what a scheduled task on a front end drops (agent/remote/README.md).
#pragma once

#include "agent/base/byte_budget.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/session/observer.hpp"
#include "agent/remote/transport.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace sfb::remote {

struct FileOptions {
  std::string endpoint;  ///< its name, for messages
  std::string path;      ///< absolute, holds {pool}, perhaps {category}, {collector}
  std::chrono::milliseconds max_age{600'000};
  Limits limits;
  std::shared_ptr<ByteBudget> budget;  ///< shared by all endpoints; absent: one of its own
  std::shared_ptr<Observer> observer;  ///< `evaluate` only; nothing goes over a wire here
};

/// Reads on a thread of its own, one job at a time, so that a dead mount costs this endpoint only.
/// A file is read again when its stat changed (checked at every ask) and parsed once. inotify on
/// its folder tells of new content. Links must be relative and stay beneath the part of `path`
/// before the first placeholder, which may itself be a link. Errors: not_found `file.missing`;
/// process `file.unreadable` (with the uid to grant), `file.not_regular`, `file.link_outside`;
/// stale `file.too_old`, `file.clock_skew`; timeout `file.hung`; those of parse_export. Content
/// dated ahead of our clock is as old as its first sight by this transport, and that is its
/// published time; over 5 minutes ahead it has the note `file.clock_skew`, over an hour it is that
/// failure.
std::shared_ptr<Transport> make_file_transport(boost::asio::any_io_executor executor,
                                               FileOptions options, const Clock& clock,
                                               Logger logger);

}  // namespace sfb::remote
