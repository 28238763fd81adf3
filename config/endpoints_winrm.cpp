#include "config/endpoints_winrm.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"
#include "config/session_keys.hpp"
#include "config/url.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sfb::config {

namespace {

constexpr std::size_t kMostCa = 4UL << 20U;
constexpr std::size_t kMostUrls = 16;
constexpr std::string_view kUrlExample = "write such as https://server.example.com:5986/wsman";

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

// One of the front ends. What is wrong is reported at its own place.
bool read_url(const Section& section, const Node& node, const std::string& key, Problems& problems,
              std::vector<Url>& urls) {
  if (node.kind != Node::Kind::scalar) {
    problems.add(node.position(), key, "is not a URL", std::string(kUrlExample));
    return false;
  }
  auto url = complete_url(node.text);
  if (!url) {
    problems.add(node.position(), key, url.error().message, url.error().remedy);
    return false;
  }
  if (std::ranges::find(urls, *url) != urls.end()) {
    problems.add(node.position(), key, fmt::format("{} stands there twice", url->with_port()),
                 "write each front end once");
    return false;
  }
  if (!urls.empty() && urls.front().tls != url->tls) {
    problems.add(node.position(), key,
                 fmt::format("http and https are mixed in {}", section.key_of("url")),
                 "write one scheme: how messages are protected holds for the whole endpoint");
    return false;
  }
  urls.push_back(std::move(*url));
  return true;
}

void read_urls(Section& section, DraftEndpoint& endpoint, Winrm& winrm) {
  if (!section.require("url", std::string(kUrlExample))) {
    return;
  }
  const Node& node = *section.find("url");
  endpoint.url_at = &node;
  if (node.kind != Node::Kind::sequence) {
    if (section.text("url") &&
        read_url(section, node, section.key_of("url"), section.problems(), winrm.urls)) {
      endpoint.urls_at.push_back(&node);
      endpoint.encryption_known = true;
    }
    return;
  }
  if (node.items.empty() || node.items.size() > kMostUrls) {
    section.problem("url", fmt::format("has {} entries", node.items.size()),
                    fmt::format("write 1 to {} front ends", kMostUrls));
    return;
  }
  bool good = true;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (read_url(section, *node.items[i], fmt::format("{}[{}]", section.key_of("url"), i),
                 section.problems(), winrm.urls)) {
      endpoint.urls_at.push_back(node.items[i]);
    } else {
      good = false;
    }
  }
  endpoint.encryption_known = good;
}

// The service's ticket. Service names are those that Windows' own client knows.
void read_spn(Section section, DraftEndpoint& endpoint, Spn& spn) {
  constexpr std::array<std::string_view, 3> kServices = {"HTTP", "WSMAN", "host"};
  if (const auto service = section.text("service")) {
    const auto* const known = std::ranges::find_if(
        kServices, [&](std::string_view each) { return iequals(each, *service); });
    if (known != kServices.end()) {
      spn.service = *known;
    } else {
      section.problem("service", fmt::format("{} is not a service", quote(*service, 60)),
                      "must be HTTP, WSMAN or host");
    }
  }
  endpoint.spn_host_at = section.find("host");
  const auto host = section.text("host");
  if (host && !host->empty()) {
    if (auto name = check_host(*host)) {
      spn.host = std::move(*name);
    } else {
      section.problem("host", name.error().message, name.error().remedy);
    }
  }
  section.finish();
}

void read_logon(Section& section, const Context& context, DraftEndpoint& endpoint, Winrm& winrm) {
  endpoint.encryption_at = section.find("encryption");
  if (const auto word = section.text("encryption")) {
    constexpr std::array kAll = {Encryption::automatic, Encryption::always, Encryption::never};
    const auto* const known =
        std::ranges::find(kAll, *word, [](Encryption each) { return to_string(each); });
    if (known != kAll.end()) {
      winrm.encryption = *known;
    } else {
      section.problem("encryption", fmt::format("{} is not allowed", quote(*word, 60)),
                      "must be auto, always or never");
    }
  }
  endpoint.channel_binding_at = section.find("channel_binding");
  if (const auto word = section.text("channel_binding")) {
    winrm.channel_binding = *word != "off";
    if (*word != "on" && *word != "off") {
      section.problem("channel_binding", fmt::format("{} is not allowed", quote(*word, 60)),
                      "must be on or off");
    }
  }
  if (const Node* const spn = section.find("spn")) {
    read_spn(Section(*spn, section.key_of("spn"), context.problems), endpoint, winrm.spn);
  }
}

void read_encryption(Section& section, const Context& context, DraftEndpoint& endpoint,
                     Winrm& winrm) {
  const bool https = endpoint.encryption_known && winrm.over_tls();
  const bool http = endpoint.encryption_known && !winrm.over_tls();
  endpoint.allow_unencrypted_at = section.find("allow_unencrypted");
  const auto allowed = section.boolean("allow_unencrypted");
  assign(winrm.allow_unencrypted, allowed);
  if (winrm.allow_unencrypted && https) {
    context.warnings.add(endpoint.allow_unencrypted_at->position(),
                         section.key_of("allow_unencrypted"), "has no effect: the URL is https",
                         "remove it");
  }
  const Node* const tls = section.find("tls");
  if (tls != nullptr && http) {
    section.refuse("tls", "the URL is http, which has no TLS", "write https, or remove it");
  } else if (tls != nullptr) {
    read_tls(Section(*tls, section.key_of("tls"), context.problems), context, winrm.tls);
  }
  if (endpoint.allow_unencrypted_at != nullptr && !allowed) {
    endpoint.encryption_known = false;  // no second complaint: something was written
  }
}

}  // namespace

void read_winrm_keys(Section& section, const Context& context, DraftEndpoint& endpoint) {
  Winrm& winrm = endpoint.value.transport.emplace<Winrm>();
  read_urls(section, endpoint, winrm);
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
  read_logon(section, context, endpoint, winrm);
  read_encryption(section, context, endpoint, winrm);
  context.draft.credential_references_known =
      context.draft.credential_references_known && endpoint.credentials_at != nullptr;
}

}  // namespace sfb::config
