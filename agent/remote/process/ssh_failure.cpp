#include "agent/remote/process/ssh_failure.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sfb::remote {

namespace {

struct Known {
  std::string_view words;  ///< OpenSSH's
  Reason reason;
  Stage stage;
  std::string_view code;
  std::string_view message;
  std::string_view remedy;
};

// The first that stands in the text counts. A connection can end at any stage: those rows have
// none.
constexpr std::array kKnown = {
    Known{"Could not resolve hostname", Reason::dns, Stage::resolve, "ssh.dns",
          "the host name could not be resolved",
          "check the host, and the resolver of this machine"},
    // The banner that says so before is longer than what is kept of stderr.
    Known{
        "has changed and you have requested strict checking", Reason::tls, Stage::tls,
        "ssh.host_key", "the host has another key than the one in known_hosts_file",
        "find out why before you trust it: the server was installed anew, or somebody is between"},
    Known{"was revoked and you have requested strict checking", Reason::tls, Stage::tls,
          "ssh.host_key", "the host's key is marked @revoked in known_hosts_file",
          "find out why before you trust it; then give the server another key"},
    Known{"Host key verification failed", Reason::tls, Stage::tls, "ssh.host_key",
          "the host's key is not in known_hosts_file",
          "add the line that ssh-keyscan prints, after you compared it with the server's own key"},
    Known{"UNPROTECTED PRIVATE KEY FILE", Reason::process, Stage::auth, "ssh.identity",
          "the key in identity_file may be read by others, so ssh does not use it",
          "chmod 600 it; it must belong to the account of the agent"},
    Known{"no such identity: ", Reason::process, Stage::auth, "ssh.identity",
          "the key in identity_file cannot be used",
          "the file is gone, or its folder is closed to the agent's account"},
    Known{"Load key ", Reason::process, Stage::auth, "ssh.identity",
          "the key in identity_file cannot be used",
          "check that it is a private key without a passphrase that the agent may read"},
    Known{"Permission denied (", Reason::auth, Stage::auth, "ssh.denied",
          "the server refused the key of this user",
          "check user and identity_file, whose key must have no passphrase, and on the server "
          "authorized_keys, or administrators_authorized_keys"},
    Known{"Too many authentication failures", Reason::auth, Stage::auth, "ssh.denied",
          "the server refused the key of this user", "check user and identity_file"},
    Known{"subsystem request failed", Reason::protocol, Stage::open, "ssh.subsystem",
          "the server has no such subsystem",
          "add Subsystem powershell to its sshd_config, or correct the endpoint's subsystem"},
    Known{"Unable to negotiate", Reason::protocol, Stage::connect, "ssh.negotiate",
          "the host and this machine's ssh have no algorithm in common",
          "the peer's text names them: allow one by the endpoint's options"},
    Known{"banner exchange: Connection to", Reason::protocol, Stage::connect, "ssh.negotiate",
          "what listens on the host's port does not speak SSH 2", "check the host and the port"},
    Known{"Connection refused", Reason::connect, Stage::connect, "ssh.connect",
          "nothing listens on the host's port", "check that sshd runs, and the port"},
    Known{"Connection timed out", Reason::connect, Stage::connect, "ssh.connect",
          "the host does not answer", "check the host, the port and the firewall between"},
    Known{"No route to host", Reason::connect, Stage::connect, "ssh.connect",
          "the host cannot be reached", "check the network and the firewall between"},
    Known{"Network is unreachable", Reason::connect, Stage::connect, "ssh.connect",
          "the host's network cannot be reached", "check the network of this machine"},
    Known{"ssh: connect to host ", Reason::connect, Stage::connect, "ssh.connect",
          "the host cannot be reached", "check the network and the firewall between"},
    Known{"not responding", Reason::connect, Stage::none, "ssh.connect",
          "the host does not answer any more", "check the host and the network between"},
    Known{"Connection closed by", Reason::connect, Stage::none, "ssh.connect",
          "the host closed the connection", "look at the log of its sshd"},
    Known{"Connection reset by", Reason::connect, Stage::none, "ssh.connect",
          "the host closed the connection", "look at the log of its sshd"},
    Known{"closed by remote host", Reason::connect, Stage::none, "ssh.connect",
          "the host closed the connection", "look at the log of its sshd"},
    Known{"client_loop: send disconnect", Reason::connect, Stage::none, "ssh.connect",
          "the connection to the host broke", "look at the log of its sshd"},
};

// A log line, the history and a query's answer show 300 bytes of a peer's text.
constexpr std::size_t kShownStderr = 280;

}  // namespace

Error child_failure(std::string_view program, bool is_ssh,
                    const std::optional<os::ProcessExit>& exit, std::string_view words) {
  // OpenSSH ends with 255 for failures of its own; else the status is the remote program's.
  const bool own = is_ssh && exit && exit->signal == 0 && exit->status == 255;
  const bool asks_subsystem = is_ssh && words.contains("subsystem request failed");
  if (own || asks_subsystem) {
    for (const Known& known : kKnown) {
      if (words.contains(known.words)) {
        return {known.reason,
                std::string(known.code),
                std::string(known.message),
                std::string(known.remedy),
                std::string(last_lines(words, kShownStderr)),
                known.stage};
      }
    }
  }
  std::string message = !exit ? fmt::format("{} closed its output", quote(program, 200))
                              // `killed by SIGKILL` or `exit status 3`
                              : fmt::format("{} {} {}", quote(program, 200),
                                            exit->signal != 0 ? "was" : "ended with", exit->text());
  return {
      Reason::process,
      "ssh.exited",
      std::move(message),
      words.empty() && exit && exit->signal != 0
          ? "a sandbox may have done that (MemoryDenyWriteExecute of the systemd unit ends .NET "
            "programs); run it by hand as the agent's account"
          : "look at what it wrote to stderr, and run it by hand as the agent's account",
      std::string(last_lines(words, kShownStderr)),
      Stage::none};
}

}  // namespace sfb::remote
