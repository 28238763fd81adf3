// The commands named as the cmdlets: each asks the agent and prints what the cmdlet would print.
#pragma once

#include "agent/client/arguments.hpp"
#include "agent/client/login.hpp"
#include "agent/client/printout.hpp"
#include "agent/http/types.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace sfb::client {

/// An answer as a printout: 0 for a good evaluation, 2 when the agent refused the parameters, 1 for
/// everything else. A good one whose verdict is not good says it on stderr, and is still 0. Behind
/// a 401 stands what to set; `logged_in`: a login was sent.
Printout print_response(std::string_view cmdlet, const http::Response& response,
                        bool logged_in = false);

struct RunOptions {
  Access access = {};  ///< without a URL it is http://127.0.0.1:9943
  int width = 120;
  std::chrono::seconds timeout{300};  ///< the agent itself ends a query after evaluation_timeout
};

/// One request with a loop of its own. Messages name the address and the remedy.
Printout run(const binding::Cmdlet& cmdlet, const std::vector<std::string>& arguments,
             const RunOptions& options);

/// Columns of a terminal on stdout, 120 when it is none.
int terminal_width();

}  // namespace sfb::client
