#include "config/web_tls.hpp"

#include "agent/base/near.hpp"
#include "agent/base/text.hpp"
#include "config/values.hpp"
#include "config/web_fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace sfb::config {

namespace {

constexpr std::size_t kMostSans = 1000;
constexpr unsigned kOthersReadOrWrite = 0026;

// What Go calls it, and what OpenSSL does. Empty: it is one of TLS 1.3, whose suites nobody
// chooses.
struct GoName {
  std::string_view go;
  std::string_view openssl;
};

constexpr std::array kSuites = {
    GoName{"TLS_AES_128_GCM_SHA256", ""},
    GoName{"TLS_AES_256_GCM_SHA384", ""},
    GoName{"TLS_CHACHA20_POLY1305_SHA256", ""},
    GoName{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    GoName{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    GoName{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    GoName{"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    GoName{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    GoName{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    GoName{"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    GoName{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    GoName{"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    GoName{"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"}};

// Names that Go knows, and that its servers and the toolkit do not offer any more.
constexpr std::array<std::string_view, 13> kUnsafeSuites = {
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_FALLBACK_SCSV"};

constexpr std::array kCurves = {GoName{"CurveP256", "P-256"}, GoName{"CurveP384", "P-384"},
                                GoName{"CurveP521", "P-521"}, GoName{"X25519", "X25519"}};

struct AuthName {
  std::string_view name;
  ClientAuth auth;
};
constexpr std::array kAuths = {
    AuthName{"NoClientCert", ClientAuth::none},
    AuthName{"RequestClientCert", ClientAuth::request},
    AuthName{"RequireAnyClientCert", ClientAuth::require_any},
    AuthName{"VerifyClientCertIfGiven", ClientAuth::verify_if_given},
    AuthName{"RequireAndVerifyClientCert", ClientAuth::require_and_verify},
    AuthName{"RequireClientCert", ClientAuth::require_any}};  // the toolkit's old name
constexpr std::size_t kAuthsToday = 5;

// What is said of a word that is none of `known`.
template <std::size_t N>
std::string near_go_name(std::string_view word, const std::array<GoName, N>& known) {
  std::vector<std::string_view> names;
  std::ranges::transform(known, std::back_inserter(names), &GoName::go);
  const auto near = near_names(word, names);
  return near.empty() ? fmt::format("allowed are {}", fmt::join(names, ", ")) : did_you_mean(near);
}

// OpenSSL's names for the items of a list, in order, each once. `what`: "cipher suite".
template <std::size_t N>
std::optional<std::vector<std::string>> read_names(Section& section, std::string_view key,
                                                   const std::array<GoName, N>& known,
                                                   std::string_view what) {
  const auto words = optional_texts(section, key);
  if (!words) {
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < words->size(); ++i) {
    const std::string& word = (*words)[i];
    const auto* const found = std::ranges::find(known, word, &GoName::go);
    if (found != known.end()) {
      if (std::ranges::find(names, found->openssl) == names.end()) {
        names.emplace_back(found->openssl);
      }
      continue;
    }
    const bool is_unsafe = std::ranges::find(kUnsafeSuites, word) != kUnsafeSuites.end();
    section.problems().add(section.find(key)->items[i]->position(),
                           fmt::format("{}[{}]", section.key_of(key), i),
                           is_unsafe ? fmt::format("{} is not safe, so it is not offered", word)
                                     : fmt::format("{} is no {}", quote(word, 60), what),
                           is_unsafe ? "remove it" : near_go_name(word, known));
  }
  return names;
}

std::optional<WebTlsVersion> read_version(Section& section, std::string_view key) {
  const auto word = optional_text(section, key);
  if (!word) {
    return std::nullopt;
  }
  if (*word == "TLS12") {
    return WebTlsVersion::tls1_2;
  }
  if (*word == "TLS13") {
    return WebTlsVersion::tls1_3;
  }
  const bool old = *word == "TLS10" || *word == "TLS11";
  section.problem(key,
                  old ? fmt::format("{} is not spoken here: it is not safe", *word)
                      : fmt::format("{} is no version of TLS", quote(*word, 60)),
                  "must be TLS12 or TLS13");
  return std::nullopt;
}

void read_versions(Section& section, WebTls& tls) {
  const std::size_t before = section.problems().count();
  assign(tls.min_version, read_version(section, "min_version"));
  assign(tls.max_version, read_version(section, "max_version"));
  if (section.problems().count() == before && tls.min_version > tls.max_version) {
    section.problem("max_version", "TLS12 is below min_version TLS13",
                    "write one that is not below it, or remove it");
  }
}

void read_suites(Section& section, const Context& context, WebTls& tls) {
  const std::size_t before = section.problems().count();
  auto suites = read_names(section, "cipher_suites", kSuites, "cipher suite that is offered");
  if (!suites || suites->empty() || section.problems().count() != before) {
    return;
  }
  std::erase(*suites, "");  // those of TLS 1.3
  if (!suites->empty()) {
    tls.cipher_suites = std::move(*suites);
    return;
  }
  // A list without suites of TLS 1.2 leaves it none.
  if (tls.max_version == WebTlsVersion::tls1_2) {
    section.problem("cipher_suites", "has none of TLS 1.2, and max_version is TLS12",
                    "add one, or remove the key");
  } else if (tls.min_version == WebTlsVersion::tls1_2) {
    context.warnings.add(section.find("cipher_suites")->position(), section.key_of("cipher_suites"),
                         "has none of TLS 1.2, so only TLS 1.3 is spoken",
                         "add one, or write min_version: TLS13");
    tls.min_version = WebTlsVersion::tls1_3;
  }
}

std::optional<ClientAuth> read_client_auth(Section& section) {
  const auto word = optional_text(section, "client_auth_type");
  if (!word) {
    return std::nullopt;
  }
  const auto* const found = std::ranges::find(kAuths, *word, &AuthName::name);
  if (found != kAuths.end()) {
    return found->auth;
  }
  std::array<std::string_view, kAuthsToday> names;
  std::ranges::transform(std::span(kAuths).first<kAuthsToday>(), names.begin(), &AuthName::name);
  section.problem("client_auth_type", fmt::format("{} is not understood", quote(*word, 60)),
                  fmt::format("must be one of {}", fmt::join(names, ", ")));
  return std::nullopt;
}

void read_sans(Section& section, WebTls& tls) {
  auto sans = optional_texts(section, "client_allowed_sans");
  if (!sans) {
    return;
  }
  if (sans->empty() || sans->size() > kMostSans) {
    section.problem("client_allowed_sans",
                    sans->empty() ? "is an empty list, which would let nobody in"
                                  : fmt::format("has more than {} names", kMostSans),
                    sans->empty() ? "write a name, or remove the key" : "use a CA of its own");
    return;
  }
  tls.client_allowed_sans = std::move(*sans);
}

// Of a PEM text: what stands in the file itself, or in one that it names. Nothing when neither is
// there, or when something was reported.
struct PemKeys {
  std::string_view text;  // `cert`
  std::string_view file;  // `cert_file`
  Repeat repeat;
};

std::optional<Pem<std::string>> read_pem(Section& section, const PemKeys& keys,
                                         const Context& context, std::vector<std::string>& files) {
  auto text = optional_text(section, keys.text);
  const bool has_file = optional_text(section, keys.file).has_value();
  if (text && has_file) {
    section.refuse(keys.text, fmt::format("stands beside {}", keys.file), "remove one of the two");
    return std::nullopt;
  }
  if (text) {
    return Pem<std::string>{std::move(*text), section.key_of(keys.text)};
  }
  if (!has_file) {
    return std::nullopt;
  }
  auto path = read_path(section, keys.file, context, keys.repeat);
  if (!path) {
    return std::nullopt;
  }
  files.push_back(*path);
  auto content = context.files.read(*path, kMaxWebFile);
  if (!content) {
    report_unusable(section, keys.file, *path, content.error(), keys.repeat);
    return std::nullopt;
  }
  return Pem<std::string>{std::move(*content), std::move(*path)};
}

std::optional<Pem<Secret>> read_key(Section& section, const Context& context,
                                    std::vector<std::string>& files) {
  auto pem = read_pem(section, {"key", "key_file", Repeat::no}, context, files);
  if (!pem) {
    return std::nullopt;
  }
  const bool from_file = pem->from.starts_with('/');
  if (const auto info = from_file ? context.files.inspect(pem->from)
                                  : fail(Reason::not_found, "config.missing", "");
      info && (info->mode & kOthersReadOrWrite) != 0) {
    context.warnings.add(section.find("key_file")->position(), section.key_of("key_file"),
                         fmt::format("{} has mode {:04o}: others may read or change the key",
                                     quote(pem->from, 200), info->mode & 0777U),
                         "chmod 600, or 640 with a group of the agent's own");
  }
  return Pem<Secret>{Secret(std::move(pem->text)), std::move(pem->from)};
}

bool is_set(Section& section, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) {
    const Node* const value = section.find(name);
    return value != nullptr && value->kind != Node::Kind::null &&
           (value->kind != Node::Kind::scalar || !value->text.empty());
  });
}

void require_pair(Section& section) {
  constexpr std::array<std::string_view, 2> kCertificate = {"cert_file", "cert"};
  constexpr std::array<std::string_view, 2> kKey = {"key_file", "key"};
  for (const auto& names : {kCertificate, kKey}) {
    if (!is_set(section, names)) {
      section.problem(names[0], "is missing",
                      fmt::format("TLS needs it: write {} or {}", names[0], names[1]));
    }
  }
}

// What asks for clients' certificates must fit together.
void check_clients(Section& section, const Context& context, bool has_ca, const WebTls& tls) {
  if (has_ca && tls.client_auth == ClientAuth::none) {
    section.problem("client_auth_type", "is NoClientCert, and a client CA is set",
                    "write RequireAndVerifyClientCert, or remove the CA");
  }
  if (tls.client_allowed_sans && tls.client_auth != ClientAuth::require_any &&
      tls.client_auth != ClientAuth::require_and_verify) {
    section.problem("client_allowed_sans", "needs clients that must send a certificate",
                    "write client_auth_type: RequireAndVerifyClientCert");
  }
  const bool verifies = tls.client_auth == ClientAuth::verify_if_given ||
                        tls.client_auth == ClientAuth::require_and_verify;
  if (verifies && !has_ca) {
    context.warnings.add(section.find("client_auth_type")->position(),
                         section.key_of("client_auth_type"),
                         "without a client CA every CA that this system trusts may let clients in",
                         "write client_ca_file");
  }
  const bool unverified =
      tls.client_auth == ClientAuth::request || tls.client_auth == ClientAuth::require_any;
  if (unverified) {
    context.warnings.add(section.find("client_auth_type")->position(),
                         section.key_of("client_auth_type"),
                         "clients may send any certificate, which proves nothing",
                         "write RequireAndVerifyClientCert");
  }
}

}  // namespace

std::optional<WebTls> read_web_tls(Section section, const Context& context,
                                   std::vector<std::string>& files) {
  constexpr std::array<std::string_view, 7> kSwitches = {
      "cert", "cert_file", "key", "key_file", "client_ca", "client_ca_file", "client_auth_type"};
  const std::size_t before = section.problems().count();
  const bool on = is_set(section, kSwitches);
  WebTls tls;
  if (on) {
    require_pair(section);
  }
  auto certificate = read_pem(section, {"cert", "cert_file", Repeat::yes}, context, files);
  auto key = read_key(section, context, files);
  auto client_ca = read_pem(section, {"client_ca", "client_ca_file", Repeat::yes}, context, files);
  read_versions(section, tls);
  read_suites(section, context, tls);
  assign(tls.prefer_server_cipher_suites, optional_boolean(section, "prefer_server_cipher_suites"));
  assign(tls.curves, read_names(section, "curve_preferences", kCurves, "curve"));
  read_sans(section, tls);
  if (const auto auth = read_client_auth(section)) {
    tls.client_auth = *auth;
  }
  if (section.problems().count() == before) {
    check_clients(section, context, client_ca.has_value(), tls);
  }
  section.finish();
  if (section.problems().count() != before || !on) {
    return std::nullopt;
  }
  tls.certificate = std::move(certificate).value();
  tls.key = std::move(key).value();
  tls.client_ca = std::move(client_ca);
  return tls;
}

}  // namespace sfb::config
