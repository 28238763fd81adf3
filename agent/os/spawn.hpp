// Starts a program: descriptors, signals and process group as a supervised child needs them.
#pragma once

#include "agent/base/descriptor.hpp"
#include "agent/base/error.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace sfb::os {

/// A program that runs. Nobody has reaped it yet, so its number is its own until `waitid`.
struct Spawned {
  pid_t pid = 0;  ///< also its process group's
  Descriptor pidfd;
  Descriptor in;   ///< writes to its stdin; the three pipes do not block
  Descriptor out;  ///< reads its stdout
  Descriptor err;  ///< reads its stderr
};

/// Starts `argv` (an absolute path and its arguments) in `folder` (empty: the agent's own) and in a
/// process group of its own, with the agent's environment, no descriptor but its three pipes,
/// default signal handlers and no signal blocked. Blocks until the program is loaded. Should this
/// process ignore SIGCHLD, it no longer does. Errors: Reason::process, code `process.start`. Thread
/// rule: any thread.
Result<Spawned> spawn(const std::vector<std::string>& argv, const std::string& folder = {});

/// write(2) into a pipe, with no SIGPIPE however the program takes that: EPIPE is all.
ssize_t write_without_signal(int fd, std::string_view bytes);

}  // namespace sfb::os
