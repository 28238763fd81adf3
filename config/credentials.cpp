#include "config/credentials.hpp"

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
constexpr std::size_t kMostUsername = 256;
constexpr unsigned kOthersRead = 0004;
constexpr unsigned kOthersWrite = 0022;

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

std::optional<std::string> read_password_file(Section& section, const Context& context) {
  if (!section.require("password_file", "name the file that holds the password")) {
    return std::nullopt;
  }
  auto path = read_path(section, "password_file", context);
  if (!path) {
    return std::nullopt;
  }
  const auto info = context.files.inspect(*path);
  if (!info) {
    report_unusable(section, "password_file", *path, info.error());
    return path;
  }
  if (info->problem) {
    section.problem("password_file",
                    fmt::format("{} {}", quote(*path, 200), info->problem->message),
                    info->problem->remedy);
  }
  if ((info->mode & (kOthersRead | kOthersWrite)) != 0) {
    const bool write = (info->mode & kOthersWrite) != 0;
    context.warnings.add(
        section.find("password_file")->position(), section.key_of("password_file"),
        fmt::format("{} has mode {:04o}: others may {} the password", quote(*path, 200),
                    info->mode & 0777U, write ? "change" : "read"),
        "chmod 600, or 640 with a group of the agent's own");
  }
  return path;
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
      credentials.value.method = *method;
      assign(credentials.value.username, read_username(section, context.warnings));
      if (!inline_password || section.find("password_file") != nullptr) {
        assign(credentials.value.password_file, read_password_file(section, context));
      } else {
        section.find("password_file");  // allowed, but its absence has been explained
      }
      section.finish();
    }
    context.draft.credentials.push_back(std::move(credentials));
  }
}

}  // namespace sfb::config
