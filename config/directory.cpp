#include "config/directory.hpp"

#include "agent/base/fqdn.hpp"
#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::config {

namespace {

constexpr std::size_t kMostServers = 16;
constexpr std::uint16_t kCatalog = 3268;

// What is wrong with a server and what to do; both empty: nothing.
std::pair<std::string, std::string> server_mistake(const std::string& text) {
  const HostPort parts = split_host_port(text);
  const auto port = parts.port ? parse_port(*parts.port) : kCatalog;
  const bool address = parts.host.find_first_not_of("0123456789.:") == std::string_view::npos;
  if (parts.host.empty() || parts.bracketed || address || !port || *port == 0 ||
      !Fqdn::parse(parts.host)) {
    return {fmt::format("{} is not a host name with or without a port", quote(text, 80)),
            "write the FQDN of a domain controller, as its SPN ldap/HOST has it"};
  }
  if (*port == 389) {
    return {"port 389 knows the groups of one domain only",
            "write 3268, the port of the global catalog"};
  }
  if (*port == 636 || *port == 3269) {
    return {fmt::format("port {} takes TLS only", *port),
            "write 3268: Kerberos seals the connection"};
  }
  return {};
}

std::vector<std::string> read_servers(Section& section) {
  std::vector<std::string> servers;
  const auto texts = section.texts("servers");
  if (!texts) {
    return servers;
  }
  if (texts->empty() || texts->size() > kMostServers) {
    section.problem(
        "servers",
        texts->empty() ? "is empty" : fmt::format("names more than {} servers", kMostServers),
        "name one to three domain controllers that hold the global catalog");
  }
  for (std::size_t i = 0; i < texts->size() && i < kMostServers; ++i) {
    const Position at = section.find("servers")->items[i]->position();
    const std::string key = fmt::format("{}[{}]", section.key_of("servers"), i);
    if (auto [mistake, remedy] = server_mistake((*texts)[i]); !mistake.empty()) {
      section.problems().add(at, key, std::move(mistake), std::move(remedy));
      continue;
    }
    const HostPort parts = split_host_port((*texts)[i]);
    std::string server =
        host_port(Fqdn::parse(parts.host)->str(),
                  parts.port ? parse_port(*parts.port).value_or(kCatalog) : kCatalog);
    if (std::ranges::find(servers, server) != servers.end()) {
      section.problems().add(at, key, fmt::format("{} is named twice", server), "name it once");
      continue;
    }
    servers.push_back(std::move(server));
  }
  return servers;
}

bool is_there(const Section& section, std::string_view key) {
  return std::ranges::any_of(section.entries(),
                             [&](const Entry& entry) { return entry.key->text == key; });
}

}  // namespace

void read_directory(Section& authorization, const Context& context) {
  const Node* const node = authorization.find("directory");
  if (node == nullptr) {
    return;
  }
  Section section(*node, authorization.key_of("directory"), context.problems);
  Directory directory;
  const bool judged = node->kind == Node::Kind::map || node->kind == Node::Kind::null;
  if (judged && section.require("servers", "write a list such as ['gc1.litwareinc.com:3268']")) {
    directory.servers = read_servers(section);
  }
  if (judged &&
      section.require("credentials", "name an entry of credentials with method kerberos")) {
    assign(directory.credentials, section.text("credentials"));
    context.draft.directory_credentials_at = section.find("credentials");
  }
  if (context.draft.directory_credentials_at == nullptr) {
    context.draft.credential_references_known = false;  // no second complaint: it may be this one
  }
  section.finish();
  if (!is_there(authorization, "negotiate")) {
    context.warnings.add(node->position(), authorization.key_of("directory"),
                         "no caller comes with SIDs, because `negotiate` is not configured",
                         "add negotiate, or remove it");
  }
  context.draft.authorization.directory = std::move(directory);
}

}  // namespace sfb::config
