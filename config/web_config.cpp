#include "config/web_config.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/base/time.hpp"
#include "config/context.hpp"
#include "config/document.hpp"
#include "config/fields.hpp"
#include "config/web_fields.hpp"
#include "config/web_tls.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <utility>

namespace sfb::config {

namespace {

constexpr std::size_t kMostUsers = 1000;
constexpr std::size_t kMostUserName = 256;
constexpr std::size_t kMostHeader = 4096;
constexpr std::size_t kMostBurst = 1'000'000'000;
constexpr std::size_t kBcryptSize = 60;
// Each step doubles the time of a login, and of a guess. The toolkit takes all costs.
constexpr int kDearCost = 14;
constexpr std::chrono::milliseconds kCostTen{50};

// The toolkit's list: headers that it sets for every exporter alike.
struct KnownHeader {
  std::string_view name;
  std::array<std::string_view, 2> values;  // empty: any
};
constexpr std::array kHeaders = {KnownHeader{"Content-Security-Policy", {}},
                                 KnownHeader{"X-Frame-Options", {"deny", "sameorigin"}},
                                 KnownHeader{"X-Content-Type-Options", {"nosniff", ""}},
                                 KnownHeader{"X-XSS-Protection", {}},
                                 KnownHeader{"Strict-Transport-Security", {}}};

std::string listed(const KnownHeader& header) {
  const bool two = !header.values[1].empty();
  return two ? fmt::format("{} or {}", header.values[0], header.values[1])
             : std::string(header.values[0]);
}

std::optional<WebHeader> read_header(Section& section, const KnownHeader& known) {
  auto value = optional_text(section, known.name);
  if (!value) {
    return std::nullopt;
  }
  if (!is_printable(*value) || value->size() > kMostHeader) {
    section.problem(known.name, "is no value of a header",
                    fmt::format("must be one line of at most {} bytes without control characters",
                                kMostHeader));
    return std::nullopt;
  }
  if (!known.values[0].empty() && std::ranges::find(known.values, *value) == known.values.end()) {
    section.problem(known.name, fmt::format("{} is not allowed", quote(*value, 60)),
                    fmt::format("must be {}", listed(known)));
    return std::nullopt;
  }
  return WebHeader{std::string(known.name), std::move(*value)};
}

void read_http(Section section, WebConfig& config, Problems& warnings) {
  if (optional_boolean(section, "http2")) {
    warnings.add(section.find("http2")->position(), section.key_of("http2"),
                 "has no effect: this server speaks HTTP/1.1 alone",
                 "leave it for other exporters, or remove it");
  }
  if (const Node* const headers = section.find("headers")) {
    Section named(*headers, section.key_of("headers"), section.problems());
    for (const KnownHeader& known : kHeaders) {
      if (auto header = read_header(named, known)) {
        config.headers.push_back(std::move(*header));
      }
    }
    named.finish();
  }
  section.finish();
}

// Nothing after the first problem: none holds the name or the hash, which may be a password.
std::optional<WebUser> read_web_user(const Entry& entry, const std::string& key, Problems& problems,
                                     Problems& warnings) {
  const std::string& name = entry.key->text;
  if (name.contains(':')) {
    problems.add(entry.key->position(), key,
                 "a user's name has a colon, which ends the name in basic authentication",
                 "write a name without one, a colon and a blank, and the hash");
    return std::nullopt;
  }
  if (!is_printable(name) || name.size() > kMostUserName) {
    problems.add(entry.key->position(), key, "is no user's name",
                 fmt::format("must be at most {} bytes without control characters", kMostUserName));
    return std::nullopt;
  }
  const Node& value = *entry.value;
  const auto cost = value.kind == Node::Kind::scalar ? bcrypt_cost(value.text) : std::nullopt;
  if (!cost) {
    problems.add(value.kind == Node::Kind::null ? entry.key->position() : value.position(),
                 fmt::format("{}.{}", key, key_text(name)), "is no bcrypt hash",
                 "make one with `htpasswd -nBC 10 USER`: what stands behind the colon, 60 "
                 "characters that begin with $2y$, $2b$ or $2a$");
    return std::nullopt;
  }
  if (*cost > kDearCost) {
    const auto time = std::chrono::round<std::chrono::seconds>(kCostTen * (1LL << (*cost - 10)));
    warnings.add(
        value.position(), fmt::format("{}.{}", key, key_text(name)),
        fmt::format("the hash's cost {} makes each login of this user, and each guess at an "
                    "unknown name, take some {}; other logins wait for it",
                    *cost, format_duration(time)),
        "make one of cost 10 to 12: `htpasswd -nBC 12 USER`; a login of over 10 s is "
        "answered 503");
  }
  return WebUser{name, Secret(std::string(value.text)), *cost};
}

void read_users(const Node& node, WebConfig& config, Problems& problems, Problems& warnings) {
  const std::string key = "basic_auth_users";
  // Names are not named where a password may have been written instead.
  const Section section(node, key, problems, UnknownKeys::hidden);
  if (section.entries().size() > kMostUsers) {
    problems.add(node.position(), key, fmt::format("are more than {} users", kMostUsers),
                 "use client certificates for so many");
    return;
  }
  for (const Entry& entry : section.entries()) {
    if (auto user = read_web_user(entry, key, problems, warnings)) {
      config.basic_auth_users.push_back(std::move(*user));
    }
  }
}

void read_rate(Section section, WebConfig& config) {
  const std::size_t before = section.problems().count();
  const auto interval = go_duration(section, "interval");
  const auto burst = section.number("burst", 0, kMostBurst);
  section.finish();
  if (section.problems().count() != before || !interval || interval->count() == 0) {
    return;  // as in the toolkit: without an interval there is no limit
  }
  if (burst.value_or(0) == 0) {
    section.problem("burst", burst ? "0 would refuse every request" : "is missing",
                    "write how many requests may come at once, 1 or more");
    return;
  }
  config.rate_limit = WebRateLimit{*interval, *burst};
}

WebConfig read_web(const Document& document, const Context& context,
                   std::vector<std::string>& files) {
  WebConfig config;
  if (document.root == nullptr) {
    return config;
  }
  Section root(*document.root, "", context.problems);
  if (const Node* const tls = root.find("tls_server_config")) {
    config.tls = read_web_tls(Section(*tls, "tls_server_config", context.problems), context, files);
  }
  if (const Node* const http = root.find("http_server_config")) {
    read_http(Section(*http, "http_server_config", context.problems), config, context.warnings);
  }
  if (const Node* const users = root.find("basic_auth_users")) {
    read_users(*users, config, context.problems, context.warnings);
    const bool readable = !config.basic_auth_users.empty() && !config.tls;
    if (readable && context.problems.count() == 0) {
      context.warnings.add(users->position(), "basic_auth_users",
                           "without TLS passwords can be read on their way",
                           "write tls_server_config, or listen on loopback alone");
    }
  }
  if (const Node* const rate = root.find("rate_limit")) {
    read_rate(Section(*rate, "rate_limit", context.problems), config);
  }
  root.finish();
  return config;
}

}  // namespace

std::optional<int> bcrypt_cost(std::string_view text) {
  constexpr std::array<std::string_view, 3> kForms = {"$2a$", "$2b$", "$2y$"};
  const bool known =
      std::ranges::any_of(kForms, [&](std::string_view form) { return text.starts_with(form); });
  if (!known || text.size() != kBcryptSize || !is_digit(text[4]) || !is_digit(text[5]) ||
      text[6] != '$') {
    return std::nullopt;
  }
  const bool base64 = std::ranges::all_of(
      text.substr(7), [](char c) { return is_letter_or_digit(c) || c == '.' || c == '/'; });
  const int cost = (text[4] - '0') * 10 + (text[5] - '0');
  return base64 && cost >= 4 && cost <= 31 ? std::optional(cost) : std::nullopt;
}

WebFile load_web_config(const std::string& path, const Files& files) {
  WebFile result{.config = WebConfig{}, .warnings = {}, .files = {files.absolute(path)}};
  Problems problems;
  Problems warnings;
  const auto refuse = [&](Problem problem) {
    result.config = std::unexpected(std::vector{std::move(problem)});
    return result;
  };
  const auto content = files.read(path, kMaxWebFile);
  if (!content) {
    const bool missing = content.error().reason == Reason::not_found;
    return refuse(
        {{path, 0, 0},
         {},
         content.error().message,
         missing ? "check the path given with --web.config.file" : content.error().remedy});
  }
  const auto document = parse_document(path, *content);
  if (!document) {
    return refuse(document.error());
  }
  const Capabilities none;
  Draft unused;
  const Context context{none, files, unused, problems, warnings};
  WebConfig config = read_web(**document, context, result.files);
  result.warnings = warnings.take_sorted();
  if (problems.count() != 0) {
    result.config = std::unexpected(problems.take_sorted());
  } else {
    result.config = std::move(config);
  }
  return result;
}

}  // namespace sfb::config
