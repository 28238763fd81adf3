#include "config/endpoints.hpp"

#include "config/endpoints_file.hpp"
#include "config/endpoints_push.hpp"
#include "config/endpoints_ssh.hpp"
#include "config/endpoints_winrm.hpp"
#include "config/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sfb::config {

namespace {

// Each decides what its transport takes and what the others refuse by its name: a key that is read
// and does not stand here is unknown everywhere.
constexpr std::array<std::string_view, 2> kAllKeys = {"transport", "max_concurrent"};
constexpr std::array<std::string_view, 2> kFileKeys = {"path", "max_age"};
constexpr std::array<std::string_view, 11> kWinrmKeys = {
    "url",        "configuration_name", "credentials", "allow_unencrypted",
    "encryption", "channel_binding",    "spn",         "tls",
    "language",   "import_module",      "session"};
constexpr std::array<std::string_view, 5> kSshKeys = {"program", "ssh", "language", "import_module",
                                                      "session"};

constexpr std::array<std::string_view, 2> kPushKeys = {"max_age", "from"};

constexpr std::array<TransportRow, std::variant_size_v<Transport>> kTransports = {
    {{.name = File::kTransport, .keys = kFileKeys, .read = read_file_keys},
     {.name = Winrm::kTransport, .keys = kWinrmKeys, .read = read_winrm_keys},
     {.name = Ssh::kTransport, .keys = kSshKeys, .read = read_ssh_keys},
     {.name = Push::kTransport, .keys = kPushKeys, .read = read_push_keys}}};

// A transport of the language that no build has yet.
constexpr std::string_view kPlanned = "command";

// What to do about a key of another transport where more is known than to change the transport.
struct Hint {
  std::string_view transport;
  std::string_view key;
  std::string_view remedy;
};
constexpr std::array<Hint, 14> kHints = {
    {{Winrm::kTransport, "path", "remove it: url names the server, or write transport: file"},
     {Winrm::kTransport, "max_age", "remove it: the age of a session is session.max_age"},
     {Ssh::kTransport, "path", "remove it: ssh.host names the server, or write transport: file"},
     {Ssh::kTransport, "max_age", "remove it: the age of a session is session.max_age"},
     {Ssh::kTransport, "url", "remove it: ssh.host names the server, or write transport: winrm"},
     {Ssh::kTransport, "configuration_name",
      "remove it: ssh.subsystem says what the server starts"},
     {Ssh::kTransport, "allow_unencrypted", "remove it: ssh always encrypts"},
     {Ssh::kTransport, "encryption", "remove it: ssh always encrypts"},
     {Ssh::kTransport, "channel_binding", "remove it: ssh always encrypts"},
     {Ssh::kTransport, "spn", "remove it: the server is known by its key in ssh.known_hosts_file"},
     {Ssh::kTransport, "tls", "remove it: the server is known by its key in ssh.known_hosts_file"},
     {Ssh::kTransport, "credentials",
      "remove it: an ssh endpoint has its key in ssh.identity_file"},
     {Push::kTransport, "path", "remove it: what is pushed lies in no file"},
     {Push::kTransport, "credentials", "remove it: from says who may push"}}};

// The agent's own arithmetic and memory bound these; a sane site is far below.
constexpr std::size_t kMostPerEndpoint = 1'000;

bool has(const TransportRow& row, std::string_view key) {
  return std::ranges::find(row.keys, key) != row.keys.end();
}

// `key` is not one of the transport `own`: whose it is, and what to do.
std::pair<std::string, std::string> judge_foreign(std::string_view own, std::string_view key) {
  std::vector<std::string_view> owners;
  for (const TransportRow& row : kTransports) {
    if (has(row, key)) {
      owners.push_back(row.name);
    }
  }
  const auto hint = std::ranges::find_if(
      kHints, [&](const Hint& each) { return each.transport == own && each.key == key; });
  if (owners.size() > 1 && hint != kHints.end()) {
    return {fmt::format("belongs to the transports {}", fmt::join(owners, " and ")),
            std::string(hint->remedy)};
  }
  if (owners.size() > 1) {
    return {fmt::format("belongs to the transports {}", fmt::join(owners, " and ")),
            "remove it, or write one of these transports"};
  }
  return {fmt::format("belongs to transport {}", owners.front()),
          hint != kHints.end() ? std::string(hint->remedy)
                               : fmt::format("remove it, or write transport: {}", owners.front())};
}

void refuse_foreign_keys(Section& section, const TransportRow& own, const Context& context) {
  for (const TransportRow& other : kTransports) {
    for (const std::string_view key : other.keys) {
      if (has(own, key)) {
        continue;
      }
      auto [what, remedy] = judge_foreign(own.name, key);
      if (section.refuse_foreign(key, std::move(what), std::move(remedy)) && key == "credentials") {
        context.draft.credential_references_known = false;  // no second complaint: they were named
      }
    }
  }
}

std::vector<std::string_view> all_keys() {
  std::vector<std::string_view> keys(kAllKeys.begin(), kAllKeys.end());
  for (const TransportRow& row : kTransports) {
    keys.insert(keys.end(), row.keys.begin(), row.keys.end());
  }
  return keys;
}

std::vector<std::string_view> known_transports() {
  std::vector<std::string_view> known = {kPlanned};
  for (const TransportRow& row : kTransports) {
    known.push_back(row.name);
  }
  return known;
}

void read_endpoint(const Entry& entry, const Context& context) {
  const std::string& name = entry.key->text;
  DraftEndpoint endpoint;
  endpoint.key = fmt::format("endpoints.{}", key_text(name));
  endpoint.value.name = name;
  endpoint.name_at = entry.key;
  if (key_text(name) != name) {
    context.problems.add(entry.key->position(), endpoint.key, "is not a name for an endpoint",
                         "use at most 64 letters, digits, dots, hyphens and underscores");
  }
  Section section(*entry.value, endpoint.key, context.problems);
  const auto transport =
      read_offered(section, "transport", context.capabilities.transports, known_transports());
  // Without it the rest cannot be judged in this build.
  if (transport) {
    const TransportRow& row = *std::ranges::find(kTransports, *transport, &TransportRow::name);
    refuse_foreign_keys(section, row, context);
    row.read(section, context, endpoint);
    assign(endpoint.value.max_concurrent, section.number("max_concurrent", 1, kMostPerEndpoint));
    std::vector<std::string_view> allowed(kAllKeys.begin(), kAllKeys.end());
    allowed.insert(allowed.end(), row.keys.begin(), row.keys.end());
    section.finish(allowed);
  } else {
    if (section.find("transport") == nullptr) {
      section.finish_unjudged(all_keys());
    }
    context.draft.credential_references_known = false;
  }
  context.draft.endpoints.push_back(std::move(endpoint));
}

}  // namespace

std::span<const TransportRow> transports() {
  return kTransports;
}

void read_endpoints(const Node& node, const Context& context) {
  const Section endpoints(node, "endpoints", context.problems);
  if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
    context.draft.credential_references_known = false;
  }
  for (const Entry& entry : endpoints.entries()) {
    read_endpoint(entry, context);
  }
}

}  // namespace sfb::config
