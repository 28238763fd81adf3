// Transport `ssh` of one endpoint. All values become arguments of a program, and those of `ssh`
// are read once more by ssh itself, as lines of ssh_config(5): what it would expand, split or take
// for an option is refused here.
#include "config/endpoints_ssh.hpp"

#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"
#include "config/passwords.hpp"
#include "config/session_keys.hpp"
#include "config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace sfb::config {

namespace {

constexpr std::size_t kMostArguments = 64;
constexpr std::size_t kMostArgument = 4096;
constexpr std::size_t kMostUser = 256;
constexpr std::size_t kMostOption = 1024;
constexpr std::size_t kMostKnownHosts = 4UL << 20U;
constexpr unsigned kOthers = 0077;

// ssh expands % and ${}, and takes quotes and backslashes away.
constexpr std::string_view kExpanded = "%\"\\${}";
// Of an option's value, which stands without quotes: also other quotes and comments.
constexpr std::string_view kExpandedBare = "%\"'\\${}#";
// ssh of version 9.6 and later refuses these in a user's name.
constexpr std::string_view kShell = "'`\";&<>|(){}";

// As ssh_config(5) spells them. None of them names a command, a file or another place to go to.
constexpr std::array<std::string_view, 16> kOptions = {"AddressFamily",
                                                       "BindAddress",
                                                       "Ciphers",
                                                       "Compression",
                                                       "ConnectionAttempts",
                                                       "ConnectTimeout",
                                                       "HostKeyAlgorithms",
                                                       "HostKeyAlias",
                                                       "IPQoS",
                                                       "KexAlgorithms",
                                                       "MACs",
                                                       "PubkeyAcceptedAlgorithms",
                                                       "RekeyLimit",
                                                       "ServerAliveCountMax",
                                                       "ServerAliveInterval",
                                                       "TCPKeepAlive"};

constexpr std::array<std::string_view, 7> kStarters = {
    "ProxyCommand",      "ProxyJump",      "LocalCommand",       "PermitLocalCommand",
    "KnownHostsCommand", "PKCS11Provider", "SecurityKeyProvider"};

constexpr std::string_view kProgramRemedy =
    "write the absolute path of a program and its arguments, such as [/usr/bin/pwsh, -s, -NoLogo, "
    "-NoProfile]";

// One argument; what is wrong with it has been reported when it is nothing.
std::optional<std::string> read_argument(const Node& item, const std::string& key,
                                         Problems& problems) {
  if (item.kind != Node::Kind::scalar) {
    problems.add(item.position(), key, "is not a single value",
                 "write a text, in quotes when it is empty or YAML would read it otherwise");
    return std::nullopt;
  }
  if (item.text.size() > kMostArgument || !is_printable(item.text)) {
    // Not repeated, as no argument is: in spite of all advice it may be a password.
    problems.add(item.position(), key, "is not allowed",
                 fmt::format("must be at most {} bytes without control characters", kMostArgument));
    return std::nullopt;
  }
  return item.text;
}

void check_program(const Node& item, const std::string& key, const Context& context) {
  // Whoever writes a whole command line into it means arguments by the rest.
  const std::string program = item.text.substr(0, item.text.find(' '));
  if (!item.text.starts_with('/')) {
    context.problems.add(item.position(), key,
                         fmt::format("{} is not an absolute path", quote(program, 100)),
                         "no folders are searched: write such as /usr/bin/pwsh");
    return;
  }
  if (const Status usable = context.files.executable(item.text); !usable) {
    const bool missing = usable.error().reason == Reason::not_found;
    context.problems.add(
        item.position(), key, fmt::format("{}: {}", quote(program, 200), usable.error().message),
        missing ? "install the program or correct the path" : usable.error().remedy);
  }
}

void read_program(Section& section, const Node& node, const Context& context,
                  std::vector<std::string>& program) {
  if (node.kind != Node::Kind::sequence || node.items.empty()) {
    section.problem("program",
                    node.kind == Node::Kind::sequence ? "is an empty list" : "is not a list",
                    std::string(kProgramRemedy));
    return;
  }
  if (node.items.size() > kMostArguments) {
    section.problem("program", fmt::format("has {} entries", node.items.size()),
                    fmt::format("at most {} are allowed", kMostArguments));
    return;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = *node.items[i];
    const std::string key = fmt::format("{}[{}]", section.key_of("program"), i);
    if (auto argument = read_argument(item, key, context.problems)) {
      if (i == 0) {
        check_program(item, key, context);
      }
      program.push_back(std::move(*argument));
    }
  }
  if (const auto at = password_among(program); at && program.size() == node.items.size()) {
    context.problems.add(node.items[*at]->position(),
                         fmt::format("{}[{}]", section.key_of("program"), *at),
                         "holds what looks like a password, which /config and lists of processes "
                         "would show",
                         "let the program read it from a file of its own");
  }
}

void read_host(Section& section, std::string& target) {
  if (!section.require("host", "name the server, such as den-fe-001.litwareinc.com")) {
    return;
  }
  const auto text = section.text("host");
  if (!text) {
    return;
  }
  if (auto host = check_host(*text)) {
    target = std::move(*host);
  } else {
    section.problem("host", host.error().message, host.error().remedy);
  }
}

void read_user(Section& section, std::string& target) {
  if (!section.require("user", "write the account's name on the server")) {
    return;
  }
  const auto user = section.text("user");
  if (!user) {
    return;
  }
  if (user->find(':') != std::string::npos) {
    // Not repeated: behind the colon a password may stand.
    section.problem("user", "has a colon, which no user name has",
                    "write the name alone; the key in identity_file logs it on");
    return;
  }
  const bool word = !user->empty() && user->size() <= kMostUser && is_printable(*user) &&
                    user->find(' ') == std::string::npos && !user->starts_with('-');
  if (!word) {
    section.problem("user", fmt::format("{} is not a user name", quote(*user, 60)),
                    fmt::format("must be 1 to {} bytes without blanks and control characters, not "
                                "beginning with a hyphen; in double quotes YAML reads a backslash "
                                "as an escape, in single quotes not",
                                kMostUser));
  } else if (user->find_first_of(kShell) != std::string::npos || user->ends_with('\\')) {
    section.problem("user", fmt::format("{} is a name that ssh refuses", quote(*user, 60)),
                    fmt::format("must have none of {} and no backslash at its end", kShell));
  } else {
    target = *user;
  }
}

// A file that ssh is told of: it must be the same one for ssh as for us.
std::optional<std::string> read_ssh_path(Section& section, std::string_view name,
                                         std::string_view missing, const Context& context,
                                         Repeat repeat) {
  if (!section.require(name, std::string(missing))) {
    return std::nullopt;
  }
  const std::string& written = section.find(name)->text;
  if (written.starts_with('~') || written.starts_with('-')) {
    // Not repeated: a private key begins with hyphens, a passphrase may begin with anything.
    section.problem(name, fmt::format("begins with {}", written.front()),
                    "write the path in full, or relative to the folder of this file");
    return std::nullopt;
  }
  auto path = read_path(section, name, context, repeat);
  if (path && path->find_first_of(kExpanded) != std::string::npos) {
    section.problem(
        name,
        repeat == Repeat::yes
            ? fmt::format("{} has characters that ssh would expand or split at", quote(*path, 200))
            : "has characters that ssh would expand or split at",
        R"(use a path without % " \ $ { and })");
    return std::nullopt;
  }
  return path;
}

void read_identity(Section& section, const Context& context, std::string& target) {
  const auto path = read_ssh_path(section, "identity_file",
                                  "name the file of the private key, which ssh-keygen -t ed25519 "
                                  "makes",
                                  context, Repeat::no);
  if (!path) {
    return;
  }
  target = *path;
  // Of what inspect says only the mode: that a key has several lines is no problem of a key.
  const auto info = context.files.inspect(*path);
  if (!info) {
    report_unusable(section, "identity_file", *path, info.error(), Repeat::no);
  } else if (info->public_key) {
    section.problem("identity_file", fmt::format("{} is a public key", quote(*path, 200)),
                    path->ends_with(".pub")
                        ? "name the private key, which lies beside it without .pub"
                        : "name the private key that belongs to it");
  } else if ((info->mode & kOthers) != 0) {
    context.warnings.add(
        section.find("identity_file")->position(), section.key_of("identity_file"),
        fmt::format("{} has mode {:04o}: ssh refuses its user's own key when others may reach it",
                    quote(*path, 200), info->mode & 0777U),
        "chmod 600, and let it belong to the agent's account");
  }
}

// A host, the kind of its key and the key: not a key alone, which ssh would take for a host.
bool is_entry(std::string_view line) {
  constexpr std::string_view kWhite = " \t\r";
  std::size_t fields = 0;
  std::string_view first;
  while (!line.empty()) {
    line.remove_prefix(std::min(line.find_first_not_of(kWhite), line.size()));
    const std::string_view field = line.substr(0, line.find_first_of(kWhite));
    line.remove_prefix(field.size());
    const bool marker = fields == 0 && (field == "@cert-authority" || field == "@revoked");
    if (!field.empty() && !marker) {
      first = fields == 0 ? field : first;
      ++fields;
    }
  }
  return fields >= 3 && !first.starts_with('#') && !first.starts_with("-----") &&
         !is_public_key(first);
}

bool has_entry(std::string_view known_hosts) {
  while (!known_hosts.empty()) {
    const std::size_t end = std::min(known_hosts.find('\n'), known_hosts.size());
    if (is_entry(known_hosts.substr(0, end))) {
      return true;
    }
    known_hosts.remove_prefix(std::min(end + 1, known_hosts.size()));
  }
  return false;
}

void read_known_hosts(Section& section, const Context& context, std::string& target) {
  constexpr std::string_view kMake =
      "write what ssh-keyscan HOST prints into it, after comparing it with the server's own key";
  const auto path = read_ssh_path(section, "known_hosts_file",
                                  fmt::format("name the file of the server's host key: {}", kMake),
                                  context, Repeat::yes);
  if (!path) {
    return;
  }
  target = *path;
  const auto content = context.files.read(*path, kMostKnownHosts);
  if (!content) {
    report_unusable(section, "known_hosts_file", *path, content.error());
  } else if (!has_entry(*content)) {
    section.problem("known_hosts_file", fmt::format("{} holds no host key", quote(*path, 200)),
                    std::string(kMake));
  }
}

// The value of an option of ssh_config(5) that ssh reads as it stands.
bool is_option_value(std::string_view value) {
  return !value.empty() && value.size() <= kMostOption && value.front() != '-' &&
         value.front() != ' ' && value.back() != ' ' &&
         value.find("  ") == std::string_view::npos &&
         value.find_first_of(kExpandedBare) == std::string_view::npos &&
         std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
}

void refuse_option(const Section& options, const Node& key, Problems& problems) {
  const std::string allowed = fmt::format("allowed are {}", fmt::join(kOptions, ", "));
  const bool starts = std::ranges::any_of(
      kStarters, [&](std::string_view name) { return iequals(name, key.text); });
  problems.add(
      key.position(), options.key_of(key.text),
      starts ? "makes ssh start a shell or other code on this machine" : "is not allowed here",
      starts ? fmt::format("remove it, or write a whole command as program; {}", allowed)
             : allowed);
}

void read_options(Section section, Problems& problems,
                  std::vector<std::pair<std::string, std::string>>& options) {
  for (const Entry& entry : section.entries()) {
    const std::string& written = entry.key->text;
    const auto known = std::ranges::find_if(
        kOptions, [&](std::string_view name) { return iequals(name, written); });
    if (known == kOptions.end()) {
      refuse_option(section, *entry.key, problems);
      continue;
    }
    // The same spelling twice has been reported; ssh does not know upper from lower case.
    const auto first = std::ranges::find_if(
        section.entries(), [&](const Entry& other) { return iequals(other.key->text, written); });
    if (first->key != entry.key) {
      problems.add(entry.key->position(), section.key_of(written),
                   fmt::format("{} is given twice", *known),
                   fmt::format("remove it here or at {}", to_string(first->key->position())));
      continue;
    }
    const auto value = section.text(written);
    if (!value) {
      continue;
    }
    if (is_option_value(*value)) {
      options.emplace_back(*known, *value);
    } else {
      section.problem(written, fmt::format("{} is not allowed", quote(*value, 60)),
                      fmt::format("must be 1 to {} printable characters of ASCII without {}, with "
                                  "single blanks between words, not beginning with a hyphen",
                                  kMostOption, kExpandedBare));
    }
  }
}

void read_server(Section section, const Context& context, Ssh& ssh) {
  read_host(section, ssh.host);
  if (const auto port = section.number("port", 1, 65535)) {
    ssh.port = static_cast<std::uint16_t>(*port);
  }
  read_user(section, ssh.user);
  read_identity(section, context, ssh.identity_file);
  read_known_hosts(section, context, ssh.known_hosts_file);
  if (const auto subsystem =
          read_name(section, "subsystem", false, "Subsystem in the server's sshd_config")) {
    if (subsystem->starts_with('-')) {
      section.problem("subsystem", fmt::format("{} begins with a hyphen", quote(*subsystem, 60)),
                      "give the subsystem another name in the server's sshd_config");
    }
    ssh.subsystem = *subsystem;
  }
  if (const Node* const options = section.find("options")) {
    read_options(Section(*options, section.key_of("options"), context.problems), context.problems,
                 ssh.options);
  }
  section.finish();
}

}  // namespace

void read_ssh_keys(Section& section, const Context& context, DraftEndpoint& endpoint) {
  Ssh& ssh = endpoint.value.transport.emplace<Ssh>();
  ssh.folder = folder_of(section, context);
  const Node* const program = section.find("program");
  const Node* const server = section.find("ssh");
  if (program == nullptr && server == nullptr) {
    section.problem("ssh", "is missing, and so is program",
                    "write one of the two: ssh: {host: ...} for a server, or program: [...] for a "
                    "program that speaks PowerShell remoting on its stdin and stdout");
  } else if (program != nullptr && server != nullptr) {
    section.refuse("program", "stands beside ssh", "write one of the two: program or ssh");
  }
  if (program != nullptr) {
    read_program(section, *program, context, ssh.program);
  }
  if (server != nullptr && server->kind != Node::Kind::map) {
    section.problem("ssh", "is not a map", "write the server's keys into it: ssh: {host: ...}");
  } else if (server != nullptr) {
    read_server(Section(*server, section.key_of("ssh"), context.problems), context, ssh);
  }
  read_session_keys(
      section, context,
      {.language = ssh.language, .import_module = ssh.import_module, .session = ssh.session});
}

}  // namespace sfb::config
