// Why a child process of transport `ssh` ended: from its exit and its last words.
#pragma once

#include "agent/base/error.hpp"
#include "agent/os/child_process.hpp"

#include <optional>
#include <string_view>

namespace sfb::remote {

/// `program` is its path, `words` what it wrote to stderr last; they become the peer's text. Where
/// the program is an ssh client (`is_ssh`), what OpenSSH says is understood: dns `ssh.dns`, connect
/// `ssh.connect`, tls `ssh.host_key` (the host's key is not known, or another one), auth
/// `ssh.denied`, process `ssh.identity` (the key file cannot be used), protocol `ssh.subsystem` and
/// `ssh.negotiate` (no algorithm in common, or no SSH server). In any other case process
/// `ssh.exited`. `exit` is absent where it closed its output and still runs.
/// The wording is OpenSSH's own (9.2; unit tests hold its texts); what is not recognised is only
/// less precise.
Error child_failure(std::string_view program, bool is_ssh,
                    const std::optional<os::ProcessExit>& exit, std::string_view words);

}  // namespace sfb::remote
