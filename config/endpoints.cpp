// `endpoints:` of one file.
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "agent/base/time.hpp"
#include "config/parts.hpp"
#include "config/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sfb::config {

namespace {

constexpr std::array<std::string_view, 4> kKnownTransports = {"file", "winrm", "ssh", "command"};
constexpr std::array<std::string_view, 5> kWinrmKeys = {"url", "configuration_name", "credentials",
                                                        "allow_unencrypted", "tls"};
constexpr std::array<std::string_view, 3> kSessionKeys = {"language", "import_module", "session"};
constexpr std::array<std::string_view, 2> kSshKeys = {"program", "ssh"};

// The agent's own arithmetic and memory bound these; a sane site is far below.
constexpr std::size_t kMostPerEndpoint = 1'000;
constexpr std::size_t kMostPipelines = 1'000'000;
constexpr std::size_t kMostName = 128;
constexpr std::size_t kMostCa = 4UL << 20U;

// What is wrong with a path, and what to do; empty when it is right.
std::pair<std::string, std::string> judge_path(std::string_view path) {
  if (!path.starts_with('/') || path.ends_with('/') || path.size() > 4096) {
    return {fmt::format("{} is not the absolute path of a file", quote(path, 100)),
            "write one such as /srv/sfb/{pool}.clixml"};
  }
  if (!is_printable(path)) {
    return {fmt::format("{} has control characters", quote(path, 100)), "remove them"};
  }
  std::size_t categories = 0;
  for (std::size_t at = path.find_first_of("{}"); at != std::string_view::npos;
       at = path.find_first_of("{}", at)) {
    const std::size_t end = path.find('}', at);
    if (path[at] == '}' || end == std::string_view::npos) {
      return {fmt::format("{} has a brace without its partner", quote(path, 100)),
              "braces belong to {pool} and {category}"};
    }
    const std::string_view name = path.substr(at, end - at + 1);
    if (name == "{category}") {
      ++categories;
    } else if (name != "{pool}") {
      return {fmt::format("{} is no placeholder", quote(name, 60)),
              "allowed are {pool} and {category}"};
    }
    at = end + 1;
  }
  if (categories > 1) {
    return {"{category} stands in it more than once", "write it once"};
  }
  return {};
}

void refuse_ssh_keys(Section& section) {
  for (const std::string_view name : kSshKeys) {
    section.refuse_foreign(name, "belongs to transport ssh", "remove it, or write transport: ssh");
  }
}

void read_file_keys(Section& section, DraftEndpoint& endpoint) {
  for (const std::string_view name : kWinrmKeys) {
    section.refuse_foreign(name, "belongs to transport winrm",
                           "remove it, or write transport: winrm");
  }
  for (const std::string_view name : kSessionKeys) {
    section.refuse_foreign(name, "belongs to the transports winrm and ssh",
                           "remove it, or write one of these transports");
  }
  refuse_ssh_keys(section);
  if (section.require("path", "name the file, such as /srv/sfb/{pool}.clixml")) {
    endpoint.path_at = section.find("path");
    assign(endpoint.value.path, section.text("path"));
    if (endpoint.path_at->kind == Node::Kind::scalar) {
      auto [what, remedy] = judge_path(endpoint.value.path);
      if (!what.empty()) {
        section.problem("path", std::move(what), std::move(remedy));
        endpoint.value.path.clear();  // no second complaint about the same text
      }
    }
  }
  endpoint.max_age_at = section.find("max_age");
  const auto max_age = section.duration("max_age");
  if (endpoint.max_age_at != nullptr) {
    // A refused value compares with nothing; the default was not meant.
    endpoint.value.max_age = max_age.value_or(std::chrono::milliseconds(0));
  }
}

std::optional<Language> read_language(Section& section) {
  const auto text = section.text("language");
  if (!text) {
    return std::nullopt;
  }
  constexpr std::array kChoices = {Language::automatic, Language::full, Language::constrained,
                                   Language::none};
  const auto found =
      std::ranges::find(kChoices, *text, [](Language choice) { return to_string(choice); });
  if (found == kChoices.end()) {
    section.problem("language", fmt::format("{} is not understood", quote(*text, 60)),
                    "must be auto, full, constrained or none");
    return std::nullopt;
  }
  return *found;
}

// One in PEM's armour (also OpenSSL's TRUSTED CERTIFICATE) that could be DER inside. What it says
// is read at the first connection.
bool has_certificate(std::string_view content) {
  constexpr std::string_view kEnd = "CERTIFICATE-----";
  const std::size_t begin = content.find(kEnd);
  if (begin == std::string_view::npos) {
    return false;
  }
  const std::string_view inside = content.substr(begin + kEnd.size());
  const auto der = base64_decode(inside.substr(0, inside.find("-----END")));
  return der && der->starts_with('\x30');
}

void read_ca_file(Section& section, const Context& context, std::string& target) {
  const auto written = section.text("ca_file");
  if (!written || written->empty()) {
    return;  // '': the system's store
  }
  const auto path = read_path(section, "ca_file", context);
  if (!path) {
    return;
  }
  target = *path;
  const auto content = context.files.read(*path, kMostCa);
  if (!content) {
    report_unusable(section, "ca_file", *path, content.error());
  } else if (!has_certificate(*content)) {
    section.problem("ca_file", fmt::format("{} holds no PEM certificate", quote(*path, 200)),
                    "convert a binary one with openssl x509 -inform der");
  }
}

void read_tls(Section section, const Context& context, Tls& tls) {
  read_ca_file(section, context, tls.ca_file);
  const auto name = section.text("server_name");
  if (name && !name->empty()) {
    if (auto host = check_host(*name)) {
      tls.server_name = std::move(*host);
    } else {
      section.problem("server_name", host.error().message, host.error().remedy);
    }
  }
  if (const auto version = section.text("min_version")) {
    if (*version == "1.2" || *version == "1.3") {
      tls.min_version = *version;
    } else {
      section.problem("min_version", fmt::format("{} is not allowed", quote(*version, 60)),
                      "must be '1.2' or '1.3'");
    }
  }
  section.finish();
}

void read_session(Section section, Session& session) {
  assign(session.reuse, section.boolean("reuse"));
  assign(session.max_age, section.duration("max_age"));
  assign(session.max_pipelines, section.number("max_pipelines", 1, kMostPipelines));
  section.finish();
}

void read_url(Section& section, DraftEndpoint& endpoint) {
  if (!section.require("url", "write such as https://server.example.com:5986/wsman")) {
    return;
  }
  endpoint.url_at = section.find("url");
  const auto text = section.text("url");
  if (!text) {
    return;
  }
  auto url = complete_url(*text);
  if (!url) {
    section.problem("url", url.error().message, url.error().remedy);
    return;
  }
  endpoint.value.winrm.url = std::move(url->text);
  endpoint.scheme = url->tls ? DraftEndpoint::Scheme::https : DraftEndpoint::Scheme::http;
}

void read_encryption(Section& section, const Context& context, DraftEndpoint& endpoint) {
  using enum DraftEndpoint::Scheme;
  Winrm& winrm = endpoint.value.winrm;
  endpoint.allow_unencrypted_at = section.find("allow_unencrypted");
  const auto allowed = section.boolean("allow_unencrypted");
  assign(winrm.allow_unencrypted, allowed);
  if (winrm.allow_unencrypted && endpoint.scheme == https) {
    context.warnings.add(endpoint.allow_unencrypted_at->position(),
                         section.key_of("allow_unencrypted"), "has no effect: the URL is https",
                         "remove it");
  }
  const Node* const tls = section.find("tls");
  if (tls != nullptr && endpoint.scheme == http) {
    section.refuse("tls", "the URL is http, which has no TLS", "write https, or remove it");
  } else if (tls != nullptr) {
    read_tls(Section(*tls, section.key_of("tls"), context.problems), context, winrm.tls);
  }
  if (endpoint.allow_unencrypted_at != nullptr && !allowed) {
    endpoint.scheme = unknown;  // no second complaint: something was written
  }
}

void read_winrm_keys(Section& section, const Context& context, DraftEndpoint& endpoint) {
  Winrm& winrm = endpoint.value.winrm;
  section.refuse_foreign("path", "belongs to transport file",
                         "remove it: url names the server, or write transport: file");
  section.refuse_foreign("max_age", "belongs to transport file",
                         "remove it: the age of a session is session.max_age");
  refuse_ssh_keys(section);
  read_url(section, endpoint);
  assign(winrm.configuration_name,
         read_name(section, "configuration_name", false, "Get-PSSessionConfiguration"));
  read_session_keys(
      section, context,
      {.language = winrm.language, .import_module = winrm.import_module, .session = winrm.session});
  if (section.require("credentials", "name an entry of credentials")) {
    if (const auto name = section.text("credentials")) {
      winrm.credentials = *name;
      endpoint.credentials_at = section.find("credentials");
    }
  }
  read_encryption(section, context, endpoint);
  context.draft.credential_references_known =
      context.draft.credential_references_known && endpoint.credentials_at != nullptr;
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
      read_offered(section, "transport", context.capabilities.transports, kKnownTransports);
  // Without it the rest cannot be judged in this build.
  if (transport) {
    endpoint.value.transport = *transport;
    if (*transport == "winrm") {
      read_winrm_keys(section, context, endpoint);
    } else if (*transport == "ssh") {
      read_ssh_keys(section, context, endpoint.value.ssh);
    } else {
      read_file_keys(section, endpoint);
    }
    assign(endpoint.value.max_concurrent, section.number("max_concurrent", 1, kMostPerEndpoint));
    section.finish();
  } else {
    context.draft.credential_references_known = false;
  }
  context.draft.endpoints.push_back(std::move(endpoint));
}

}  // namespace

std::optional<std::string> read_name(Section& section, std::string_view name, bool empty_allowed,
                                     std::string_view shown_by) {
  auto value = section.text(name);
  if (!value) {
    return std::nullopt;
  }
  const bool word = std::ranges::all_of(*value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (!word || value->size() > kMostName || (value->empty() && !empty_allowed)) {
    section.problem(name, fmt::format("{} is not allowed", quote(*value, 60)),
                    fmt::format("write the name as {} shows it: letters, digits, dots, hyphens and "
                                "underscores, at most {}",
                                shown_by, kMostName));
    return std::nullopt;
  }
  return value;
}

void read_session_keys(Section& section, const Context& context, const SessionKeys& keys) {
  assign(keys.language, read_language(section));
  assign(keys.import_module, read_name(section, "import_module", true, "Get-Module"));
  if (keys.language == Language::none && !keys.import_module.empty()) {
    context.warnings.add(section.find("import_module")->position(), section.key_of("import_module"),
                         "has no effect: with language none no script runs that could import it",
                         "let the session configuration import the module, and remove it here");
  }
  if (const Node* const session = section.find("session")) {
    read_session(Section(*session, section.key_of("session"), context.problems), keys.session);
  }
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
