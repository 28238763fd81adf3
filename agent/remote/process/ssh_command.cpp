#include "agent/remote/process/ssh_command.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace sfb::remote {

namespace {

// Most are ssh's defaults; written out, they hold whatever a distribution compiled in.
constexpr std::array<std::string_view, 16> kFixed = {"BatchMode=yes",
                                                     "StrictHostKeyChecking=yes",
                                                     "GlobalKnownHostsFile=none",
                                                     "UpdateHostKeys=no",
                                                     "IdentitiesOnly=yes",
                                                     "IdentityAgent=none",
                                                     "PasswordAuthentication=no",
                                                     "KbdInteractiveAuthentication=no",
                                                     "ForwardAgent=no",
                                                     "ForwardX11=no",
                                                     "ClearAllForwardings=yes",
                                                     "PermitLocalCommand=no",
                                                     "ControlMaster=no",
                                                     "ControlPath=none",
                                                     "RequestTTY=no",
                                                     "EscapeChar=none"};

// A dead server must be noticed: without these ssh waits for ever.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kDefaults = {
    {{"ConnectTimeout", "15"}, {"ServerAliveInterval", "15"}}};

}  // namespace

std::vector<std::string> ssh_command(const SshTarget& target) {
  std::vector<std::string> command = {"/usr/bin/ssh", "-F", "none", "-T"};
  const auto option = [&](std::string_view name, std::string_view value) {
    command.emplace_back("-o");
    command.push_back(fmt::format("{}={}", name, value));
  };
  for (const std::string_view fixed : kFixed) {
    command.emplace_back("-o");
    command.emplace_back(fixed);
  }
  // In quotes: ssh splits a value at blanks.
  option("UserKnownHostsFile", fmt::format("\"{}\"", target.known_hosts_file));
  option("IdentityFile", fmt::format("\"{}\"", target.identity_file));
  for (const auto& [name, value] : kDefaults) {
    const bool given = std::ranges::any_of(
        target.options, [&](const auto& chosen) { return iequals(chosen.first, name); });
    if (!given) {
      option(name, value);
    }
  }
  for (const auto& [name, value] : target.options) {
    option(name, value);
  }
  // -l instead of user@host: a name may have an @ of its own.
  for (const char* const word : {"-l", target.user.c_str(), "-p"}) {
    command.emplace_back(word);
  }
  command.push_back(fmt::format("{}", target.port));
  for (const char* const word : {"-s", "--", target.host.c_str(), target.subsystem.c_str()}) {
    command.emplace_back(word);
  }
  return command;
}

}  // namespace sfb::remote
