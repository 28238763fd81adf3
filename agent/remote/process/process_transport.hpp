// Transport `ssh`: ProcessSession over the stdin and stdout of a supervised child process, which is
// an ssh client or any other program that speaks PSRP out of process.
#pragma once

#include "agent/base/byte_budget.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/log.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/remote/session/asking.hpp"
#include "agent/remote/session/observer.hpp"
#include "agent/remote/transport.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace sfb::remote {

struct SshOptions {
  std::string endpoint;           ///< its name, for messages
  std::vector<std::string> argv;  ///< an absolute path and arguments; never through a shell
  std::string folder;             ///< where it starts; empty: the agent's own
  bool is_ssh = false;            ///< argv is an ssh client: its words on stderr are understood
  Language language = Language::automatic;
  std::string import_module;
  bool reuse = true;  ///< the process is kept for the next ask
  std::chrono::milliseconds max_age{
      3'600'000};                  ///< a session older than this is closed after its run
  std::size_t max_pipelines = 50;  ///< so is one that ran as many
  std::size_t max_concurrent = 1;  ///< processes at once
  Limits limits;
  std::chrono::milliseconds open_cap{30'000};
  std::chrono::milliseconds close_cap{6'000};
  std::chrono::milliseconds eof_patience{2'000};   ///< from the end of stdin to SIGTERM
  std::chrono::milliseconds term_patience{2'000};  ///< from SIGTERM to SIGKILL
  std::chrono::milliseconds session_idle{200'000};
  std::shared_ptr<ByteBudget> budget;        ///< shared; absent: one of its own
  std::shared_ptr<net::WorkerPool> readers;  ///< shared; for large answers; absent: its own
  std::shared_ptr<Observer> observer;        ///< `evaluate` only
};

/// One process serves many pools one after the other. What an ask leaves behind is cleared in the
/// background (lanes_transport.hpp); a process that is not to be used again is ended: Close, the
/// end of its stdin, SIGTERM, SIGKILL to its whole group. Close the transport before it is dropped,
/// or its processes are killed without a word. Errors: those of ProcessSession, child_process.hpp
/// and ssh_failure.hpp; `ssh.in_flight` (limits.in_flight). What the process wrote to stderr last
/// stands behind the peer's words.
std::shared_ptr<Transport> make_process_transport(boost::asio::any_io_executor executor,
                                                  SshOptions options, const Clock& clock,
                                                  Logger logger);

}  // namespace sfb::remote
