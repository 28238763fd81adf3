// What a process settles before it does anything: its memory, its first descriptors, its signals.
#pragma once

#include "agent/base/time.hpp"

#include <cstddef>

namespace sfb::app {

/// First in `main`, whatever the command is: 0 to 2 are open, and this memory, which will hold
/// passwords, is neither written into a core file nor shown to others of the same account. Memory
/// that a thread frees serves others too. SIGHUP waits until the command is known. False: 0 to 2
/// cannot be opened. Thread rule: before there are threads.
bool prepare_process();

/// For commands that end by themselves: SIGHUP is what it was before `prepare_process`.
void restore_signals();

/// For the agent: neither a reader of stderr that went (SIGPIPE) nor a log file at its limit
/// (SIGXFSZ) ends it, whatever it inherited; SIGHUP goes on waiting, for `Signals`. Thread rule:
/// before there are threads.
void settle_signals();

/// The clock of everything that may outlive those who made it: it lasts as long as the process.
const Clock& process_clock();

/// Ends the process as `return` from main does, unless threads were left behind that hang in a dead
/// mount or name server: then nothing more is destroyed under them.
int leave(int exit_code);

/// How many descriptors this process may have open: the soft limit.
std::size_t descriptor_limit();

}  // namespace sfb::app
