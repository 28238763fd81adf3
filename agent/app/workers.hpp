// The threads of the agent beside the loop, one pool for each kind of work.
#pragma once

#include "agent/app/places.hpp"
#include "agent/base/error.hpp"
#include "agent/net/worker_pool.hpp"

namespace sfb::app {

/// Scrapes must not wait behind somebody's large query, nor either behind a dead configuration
/// mount. Thread rule: made and destroyed on the loop thread; outlives what runs in it.
struct Workers {
  explicit Workers(const Places& places);

  /// Before anybody can ask: an agent that looks healthy and cannot make a page is worse than none.
  /// What only some configurations need starts with its first piece of work.
  Status start();

  net::WorkerPool pages;      ///< metrics pages
  net::WorkerPool cpu;        ///< what renders
  net::WorkerPool files;      ///< reads the configuration
  net::WorkerPool logins;     ///< compares passwords
  net::WorkerPool tickets;    ///< looks at Kerberos tickets
  net::WorkerPool directory;  ///< asks the Global Catalog
  net::WorkerPool tokens;     ///< reads token files
};

}  // namespace sfb::app
