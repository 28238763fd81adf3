#include "agent/remote/ssh_failure.hpp"

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

// The first that stands in the text counts.
constexpr std::array kKnown = {
    Known{"Could not resolve hostname", Reason::dns, Stage::resolve, "ssh.dns",
          "the host name could not be resolved",
          "check the host, and the resolver of this machine"},
    Known{
        "REMOTE HOST IDENTIFICATION HAS CHANGED", Reason::tls, Stage::tls, "ssh.host_key",
        "the host has another key than the one in known_hosts_file",
        "find out why before you trust it: the server was installed anew, or somebody is between"},
    Known{"Host key verification failed", Reason::tls, Stage::tls, "ssh.host_key",
          "the host's key is not in known_hosts_file",
          "add the line that ssh-keyscan prints, after you compared it with the server's own key"},
    Known{"UNPROTECTED PRIVATE KEY FILE", Reason::process, Stage::auth, "ssh.identity",
          "the key in identity_file may be read by others, so ssh does not use it",
          "chmod 600 it; it must belong to the account of the agent"},
    Known{"Load key ", Reason::process, Stage::auth, "ssh.identity",
          "the key in identity_file cannot be used",
          "check that it is a private key without a passphrase that the agent may read"},
    Known{"Permission denied (", Reason::auth, Stage::auth, "ssh.denied",
          "the server refused the key of this user",
          "check user and identity_file, and administrators_authorized_keys or authorized_keys on "
          "the server"},
    Known{"Too many authentication failures", Reason::auth, Stage::auth, "ssh.denied",
          "the server refused the key of this user", "check user and identity_file"},
    Known{"subsystem request failed", Reason::protocol, Stage::open, "ssh.subsystem",
          "the server has no such subsystem",
          "add Subsystem powershell to its sshd_config, or correct the endpoint's subsystem"},
    Known{"Connection refused", Reason::connect, Stage::connect, "ssh.connect",
          "nothing listens on the host's port", "check that sshd runs, and the port"},
    Known{"Connection timed out", Reason::connect, Stage::connect, "ssh.connect",
          "the host does not answer", "check the host, the port and the firewall between"},
    Known{"No route to host", Reason::connect, Stage::connect, "ssh.connect",
          "the host cannot be reached", "check the network and the firewall between"},
    Known{"Network is unreachable", Reason::connect, Stage::connect, "ssh.connect",
          "the host's network cannot be reached", "check the network of this machine"},
    Known{"Connection closed by", Reason::connect, Stage::connect, "ssh.connect",
          "the host closed the connection", "look at the log of its sshd"},
    Known{"Connection reset by", Reason::connect, Stage::connect, "ssh.connect",
          "the host closed the connection", "look at the log of its sshd"},
    Known{"not responding", Reason::connect, Stage::connect, "ssh.connect",
          "the host does not answer any more", "check the host and the network between"},
    Known{"Unable to negotiate", Reason::protocol, Stage::connect, "ssh.negotiate",
          "the host and this machine's ssh have no algorithm in common",
          "the peer's text names them: allow one by the endpoint's options"},
};

}  // namespace

Error child_failure(std::string_view program, bool is_ssh,
                    const std::optional<net::ProcessExit>& exit, std::string_view words) {
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
                std::string(words),
                known.stage};
      }
    }
  }
  std::string message = exit ? fmt::format("{} ended with {}", quote(program, 200), exit->text())
                             : fmt::format("{} closed its output", quote(program, 200));
  return {Reason::process,
          "ssh.exited",
          std::move(message),
          "look at what it wrote to stderr, and run it by hand as the agent's account",
          std::string(words),
          Stage::none};
}

}  // namespace sfb::remote
