// Who may ask, from the configuration to the doors.
#pragma once

#include "agent/base/log.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/serve/live_gate.hpp"
#include "agent/serve/live_tokens.hpp"
#include "config/settings.hpp"
#include "config/web_config.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfb::app {

/// What the configuration says about who callers are; nothing of tickets.
serve::Identities identities_of(const config::Authorization& authorization);

/// What reads the token files, on threads of `files`, which outlives the loop's last step.
std::shared_ptr<serve::Tokens> make_tokens(boost::asio::any_io_executor loop,
                                           net::WorkerPool& files, Logger logger);

/// What is odd about the callers of the configuration beside this web configuration: users that it
/// does not know, certificates that nothing verifies, groups that open nothing, `from` of an
/// endpoint that names whom nothing proves, and what strangers can read on the way. `listens`: the
/// addresses of the pages, as they are written; what cannot be read counts as one that others
/// reach. One line each.
std::vector<std::string> caller_doubts(const config::Settings& settings,
                                       const config::WebConfig& web,
                                       const std::vector<std::string>& listens);

/// Logs doubts. Either of the two files may change, so each is told once until the next reload.
/// Thread rule: one thread.
class CallerDoubts {
 public:
  CallerDoubts(Logger logger, std::vector<std::string> listens)
      : logger_(std::move(logger)), listens_(std::move(listens)) {}
  void tell(const config::Settings& settings, const config::WebConfig& web);
  /// A reload begins: one file is new before the other, and what is odd about such a pair is no
  /// news. `tell` says nothing until `release`.
  void hold() { held_ = true; }
  /// The reload has ended: tells all that is odd now, and returns it.
  const std::vector<std::string>& release(const config::Settings& settings,
                                          const config::WebConfig& web);

 private:
  Logger logger_;
  std::vector<std::string> listens_;
  std::vector<std::string> told_;
  bool held_ = false;
};

}  // namespace sfb::app
