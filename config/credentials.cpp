#include "config/credentials.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"
#include "config/fields.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sfb::config {

namespace {

constexpr std::array<std::string_view, 5> kKnownMethods = {"basic", "kerberos", "ntlm", "negotiate",
                                                           "certificate"};
constexpr std::array<std::string_view, 7> kKeys = {
    "username", "password_file", "keytab_file", "ccache", "realm", "kdcs", "ntlm"};
constexpr std::size_t kMostUsername = 256;
constexpr std::size_t kMostCcache = 1024;
constexpr std::size_t kMostKdcs = 16;

std::optional<std::string> read_username(Section& section, Problems& warnings) {
  if (!section.require("username", "write the account's name")) {
    return std::nullopt;
  }
  const auto name = section.text("username");
  if (!name) {
    return std::nullopt;
  }
  if (name->empty()) {
    section.problem("username", "is empty", "write the account's name");
    return std::nullopt;
  }
  if (name->find(':') != std::string::npos) {
    // Not repeated: behind the colon a password may stand.
    section.problem("username", "has a colon, which ends the name in basic authentication",
                    "write the name alone; the password stands in password_file");
    return std::nullopt;
  }
  if (!is_printable(*name) || name->size() > kMostUsername) {
    section.problem("username", fmt::format("{} is not a user name", quote(*name, 60)),
                    fmt::format("must be at most {} bytes without control characters; in double "
                                "quotes YAML reads a backslash as an escape, in single quotes not",
                                kMostUsername));
    return std::nullopt;
  }
  if (std::ranges::any_of(*name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    warnings.add(section.find("username")->position(), section.key_of("username"),
                 "has letters beyond ASCII, which servers read in different ways",
                 "use an account whose name is plain ASCII when the server refuses this one");
  }
  return name;
}

// A cache that somebody else keeps filled. Memory of a process is only its own.
std::optional<std::string> read_ccache(Section& section) {
  constexpr std::array<std::string_view, 4> kTypes = {"FILE:", "DIR:", "KCM:", "KEYRING:"};
  auto name = section.text("ccache");
  if (!name) {
    return std::nullopt;
  }
  if (name->starts_with('/')) {
    name->insert(0, "FILE:");
  }
  const bool known = std::ranges::any_of(
      kTypes, [&](std::string_view type) { return name->starts_with(type) && *name != type; });
  if (!known || !is_printable(*name) || name->size() > kMostCcache) {
    section.problem(
        "ccache", "is not the name of a credential cache",
        "write an absolute path, or a name with its type: FILE:, DIR:, KCM: or KEYRING:");
    return std::nullopt;
  }
  return name;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    c = is_letter(c) && lower(c) == c ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

void read_realm(Section& section, Problems& warnings, Credentials& credentials) {
  const auto realm = section.text("realm");
  if (!realm) {
    return;
  }
  if (!Fqdn::parse(*realm)) {
    section.problem("realm", fmt::format("{} is not the name of a domain", quote(*realm, 100)),
                    "write the domain's DNS name in upper case, such as LITWAREINC.COM");
    return;
  }
  credentials.realm = upper(*realm);
  if (credentials.realm != *realm) {
    warnings.add(
        section.find("realm")->position(), section.key_of("realm"),
        fmt::format("{} is used: realms of Active Directory are in upper case", credentials.realm),
        "write it in upper case");
  }
}

void read_kdcs(Section& section, Credentials& credentials) {
  const auto kdcs = section.texts("kdcs");
  if (!kdcs) {
    return;
  }
  if (kdcs->empty() || kdcs->size() > kMostKdcs) {
    section.problem("kdcs", fmt::format("has {} entries", kdcs->size()),
                    fmt::format("write 1 to {} domain controllers, or leave it out: then krb5.conf "
                                "or DNS names them",
                                kMostKdcs));
    return;
  }
  for (const std::string& each : *kdcs) {
    const HostPort parts = split_host_port(each);
    const bool good_port = !parts.port || parse_port(*parts.port).value_or(0) > 0;
    const auto host = check_host(parts.host);
    if (!good_port || !host) {
      section.problem("kdcs", fmt::format("{} is not a host or host:port", quote(each, 100)),
                      "write such as dc1.litwareinc.com or 10.0.0.1:88");
      return;
    }
    credentials.kdcs.push_back(each);
  }
}

// The realm of a name without `realm`: its suffix. Other names do not say in which realm they are.
void check_realm(Section& section, Problems& warnings, const Credentials& credentials) {
  const std::string& name = credentials.username;
  if (name.empty() || !credentials.realm.empty() || section.find("realm") != nullptr) {
    return;
  }
  const std::size_t at = name.rfind('@');
  if (at == std::string::npos || at + 1 == name.size()) {
    section.problem("username", fmt::format("{} does not say its realm", quote(name, 60)),
                    "write realm, the domain's DNS name in upper case, or the name as user@REALM");
  } else if (const std::string suffix = name.substr(at + 1); upper(suffix) != suffix) {
    warnings.add(section.find("username")->position(), section.key_of("username"),
                 fmt::format("its suffix is taken as the realm {}", quote(upper(suffix), 100)),
                 "write the realm in upper case; where the suffix is that of a user principal name "
                 "and not the domain's, write realm");
  }
}

// Exactly one place that the secret comes from.
void read_ticket_source(Section& section, const Context& context, Credentials& credentials) {
  const std::array<std::string_view, 3> keys = {"password_file", "keytab_file", "ccache"};
  const auto given = std::ranges::count_if(
      keys, [&](std::string_view key) { return section.find(key) != nullptr; });
  if (given == 0) {
    section.problem("password_file", "is missing",
                    "name one of password_file, keytab_file and ccache");
  } else if (given > 1) {
    section.problem(section.find("ccache") != nullptr ? "ccache" : "keytab_file",
                    "stands beside another source of tickets",
                    "write one of password_file, keytab_file and ccache");
  }
  assign(credentials.password_file,
         read_secret_file(section, context, "password_file", kPasswordContent));
  assign(credentials.keytab_file, read_secret_file(section, context, "keytab_file", kKeyContent));
  assign(credentials.ccache, read_ccache(section));
}

void read_kerberos(Section& section, const Context& context, Credentials& credentials) {
  read_ticket_source(section, context, credentials);
  read_realm(section, context.warnings, credentials);
  read_kdcs(section, credentials);
  if (!credentials.kdcs.empty() && credentials.realm.empty()) {
    section.problem("kdcs", "stands without realm",
                    "write realm: whose domain controllers they are");
  }
  check_realm(section, context.warnings, credentials);
}

// Keys of the ticket methods; a password is all that the others take.
void refuse_ticket_keys(Section& section, const Credentials& credentials) {
  for (const std::string_view key : {"keytab_file", "ccache", "realm", "kdcs"}) {
    section.refuse_foreign(key, fmt::format("is not a key of method {}", credentials.method),
                           "remove it, or write method kerberos or negotiate");
  }
}

// Only `negotiate` has a choice.
void read_ntlm(Section& section, const Context& context, Credentials& credentials) {
  const auto word = section.text("ntlm");
  if (!word) {
    return;
  }
  credentials.allow_ntlm = *word == "allow";
  if (*word != "allow" && *word != "deny") {
    section.problem("ntlm", fmt::format("{} is not allowed", quote(*word, 60)),
                    "must be allow or deny");
  } else if (credentials.allow_ntlm && credentials.password_file.empty()) {
    section.problem("ntlm", "needs a password: NTLM knows neither keytab nor ticket",
                    "name a password_file, or remove ntlm");
  } else if (credentials.allow_ntlm) {
    context.warnings.add(section.find("ntlm")->position(), section.key_of("ntlm"),
                         "where Kerberos fails, the weaker NTLM is used; each use is a warning",
                         "remove it where every server takes Kerberos");
  }
}

}  // namespace

void read_credentials(const Node& node, const Context& context) {
  const Section all(node, "credentials", context.problems);
  if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
    context.draft.credentials_known = false;
  }
  for (const Entry& entry : all.entries()) {
    DraftCredentials credentials;
    credentials.key = all.key_of(entry.key->text);
    credentials.value.name = entry.key->text;
    credentials.name_at = entry.key;
    if (key_text(entry.key->text) != entry.key->text) {
      context.problems.add(entry.key->position(), credentials.key, "is not a name for credentials",
                           "use at most 64 letters, digits, dots, hyphens and underscores");
    }
    Section section(*entry.value, credentials.key, context.problems, UnknownKeys::hidden);
    const auto method =
        read_offered(section, "method", context.capabilities.methods, kKnownMethods);
    // Never a password in here: this text is shown by /config, kept in backups and version control.
    const bool inline_password =
        section.refuse_foreign("password", "a password does not belong into this file",
                               "write it into a file of its own and name that as password_file");
    if (method) {
      Credentials& value = credentials.value;
      value.method = *method;
      assign(value.username, read_username(section, context.warnings));
      if (inline_password && section.find("password_file") == nullptr) {
        // Its absence has been explained.
      } else if (value.uses_tickets()) {
        read_kerberos(section, context, value);
      } else if (refuse_ticket_keys(section, value);
                 section.require("password_file", "name the file that holds the password")) {
        assign(value.password_file,
               read_secret_file(section, context, "password_file", kPasswordContent));
      }
      if (value.method == "negotiate") {
        read_ntlm(section, context, value);
      } else {
        section.refuse_foreign("ntlm", fmt::format("is not a key of method {}", value.method),
                               "remove it, or write method negotiate");
      }
      section.finish();
    } else if (section.find("method") == nullptr) {
      section.finish_unjudged(kKeys);
    }
    context.draft.credentials.push_back(std::move(credentials));
  }
}

}  // namespace sfb::config
