#include "config/authorization.hpp"

#include "agent/base/bearer_token.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/text.hpp"
#include "agent/identity/sid.hpp"
#include "config/directory.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace sfb::config {

namespace {

constexpr std::size_t kMostCallerName = 256;
constexpr std::size_t kMostGroupName = 256;

void read_anonymous(Section& section, Authorization& authorization, Problems& warnings) {
  const auto allow = section.text("allow_anonymous");
  if (!allow) {
    return;
  }
  const std::array choices = {AllowAnonymous::none, AllowAnonymous::loopback, AllowAnonymous::any};
  const auto found =
      std::ranges::find(choices, *allow, [](AllowAnonymous choice) { return to_string(choice); });
  if (found == choices.end()) {
    section.problem("allow_anonymous", fmt::format("{} is not understood", quote(*allow, 60)),
                    "must be none, loopback or any");
  } else {
    authorization.allow_anonymous = *found;
  }
  if (authorization.allow_anonymous == AllowAnonymous::any) {
    warnings.add(section.find("allow_anonymous")->position(), section.key_of("allow_anonymous"),
                 "everybody who reaches the agent may query every pool",
                 "use loopback unless something in front checks who asks");
  }
}

// What is wrong with the name of a group; empty: nothing.
std::string group_mistake(const std::string& group) {
  if (!is_printable(group) || group.size() > kMostGroupName) {
    return "is not the name of a group";
  }
  if (istarts_with(group, "S-1-") && !identity::Sid::parse(group)) {
    return fmt::format("{} is not a SID", quote(group, 60));
  }
  const std::size_t slash = group.find('\\');
  if (slash == 0 || slash == group.size() - 1 || slash != group.rfind('\\')) {
    return fmt::format("{} is not DOMAIN\\group", quote(group, 60));
  }
  return "";
}

// Groups at `name`: nothing when one of them is wrong.
std::optional<std::vector<std::string>> read_groups(Section& section, std::string_view name) {
  auto groups = section.texts(name);
  if (!groups) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < groups->size(); ++i) {
    if (const std::string mistake = group_mistake((*groups)[i]); !mistake.empty()) {
      section.problems().add(section.find(name)->items[i]->position(),
                             fmt::format("{}[{}]", section.key_of(name), i), mistake,
                             "write a group's name, DOMAIN\\name in single quotes, or its SID");
      return std::nullopt;
    }
  }
  return groups;
}

// The groups of somebody, who needs at least one.
std::optional<std::vector<std::string>> read_own_groups(Section& section, std::string_view name) {
  auto groups = read_groups(section, name);
  if (groups && groups->empty()) {
    section.problem(name, "names no group", "write a list such as [RTCUniversalServerAdmins]");
    return std::nullopt;
  }
  return groups;
}

// Why a text cannot name a caller; empty: it can.
std::string caller_mistake(std::string_view name) {
  return name.empty() || name.size() > kMostCallerName || !is_printable(name)
             ? fmt::format("is not a name of 1 to {} bytes without control characters",
                           kMostCallerName)
             : "";
}

// A map from names to groups: `users` and `certificates`.
std::vector<Membership> read_members(Section& authorization, std::string_view key,
                                     const Context& context) {
  std::vector<Membership> members;
  const Node* const node = authorization.find(key);
  if (node == nullptr) {
    return members;
  }
  Section section(*node, authorization.key_of(key), context.problems);
  for (const Entry& entry : section.entries()) {
    const std::string& name = entry.key->text;
    std::string mistake = caller_mistake(name);
    if (mistake.empty() && key == "users" && name.contains(':')) {
      // Not repeated: behind the colon a password may stand.
      mistake = "has a colon, which ends the name in basic authentication";
    }
    if (!mistake.empty()) {
      context.problems.add(entry.key->position(), authorization.key_of(key), mistake,
                           key == "users" ? "write a name of basic_auth_users"
                                          : "write a name that stands in the certificate (SAN)");
      continue;
    }
    if (auto groups = read_own_groups(section, name)) {
      members.push_back({name, std::move(*groups)});
    }
  }
  return members;
}

/// The tokens so far, for the one mistake that needs them all.
using TokensSeen = std::vector<std::pair<std::string, Secret>>;

void check_token_file(Section& section, const std::string& name, const std::string& path,
                      const Context& context, TokensSeen& seen) {
  auto content = context.files.read(path, kMostSecret);
  if (!content) {
    return;  // has been reported
  }
  const Secret whole(std::move(*content));
  const auto line = secret_line(whole.reveal());
  if (!line) {
    return;
  }
  if (const Status good = check_token(*line); !good) {
    section.problem("token_file", fmt::format("{} {}", quote(path, 200), good.error().message),
                    std::string(kTokenRemedy));
    return;
  }
  const auto same =
      std::ranges::find_if(seen, [&](const auto& other) { return other.second.reveal() == *line; });
  if (same != seen.end()) {
    section.problem("token_file", fmt::format("holds the token of {}", quote(same->first, 60)),
                    "make one for each");
  }
  seen.emplace_back(name, Secret(std::string(*line)));
}

void read_token(const Node& node, std::string key, const Context& context, TokensSeen& seen) {
  std::vector<Token>& tokens = context.draft.authorization.tokens;
  Section section(node, std::move(key), context.problems, UnknownKeys::hidden);
  if (node.kind != Node::Kind::map) {
    return;  // has been reported
  }
  Token token;
  if (section.require("name", "write the name that the log shows")) {
    assign(token.name, section.text("name"));
    if (section.find("name")->kind == Node::Kind::scalar) {
      const auto same = std::ranges::find(tokens, token.name, &Token::name);
      if (const std::string mistake = caller_mistake(token.name); !mistake.empty()) {
        section.problem("name", mistake, "write the name that the log shows");
      } else if (same != tokens.end()) {
        section.problem("name", fmt::format("{} is configured twice", quote(token.name, 60)),
                        "give each token a name of its own");
      }
    }
  }
  const bool inline_token =
      section.refuse_foreign("token", "a token does not belong into this file",
                             "write it into a file of its own and name that as token_file");
  if (!inline_token || section.find("token_file") != nullptr) {
    if (section.require("token_file", "name the file that holds the token")) {
      const std::size_t before = context.problems.count();
      assign(token.token_file, read_secret_file(section, context, "token_file", kTokenContent));
      if (context.problems.count() == before) {
        check_token_file(section, token.name, token.token_file, context, seen);
      }
    }
  }
  // Without one the token opens no page; it may still be of use elsewhere.
  assign(token.groups, read_groups(section, "groups"));
  section.finish();
  tokens.push_back(std::move(token));
}

void read_tokens(Section& section, const Context& context) {
  const Node* const node = section.find("tokens");
  if (node == nullptr) {
    return;
  }
  if (node->kind != Node::Kind::sequence) {
    section.problem("tokens", "is not a list",
                    "write each as - {name: ..., token_file: ..., groups: [...]}");
    return;
  }
  TokensSeen seen;
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    read_token(*node->items[i], fmt::format("{}[{}]", section.key_of("tokens"), i), context, seen);
  }
}

// `negotiate`: the keys that callers' tickets are made with.
void read_negotiate(Section& authorization, const Context& context) {
  const Node* const node = authorization.find("negotiate");
  if (node == nullptr) {
    return;
  }
  if (!context.capabilities.keytab) {
    authorization.refuse("negotiate", "this program takes no tickets of callers", "remove it");
    return;
  }
  Section section(*node, authorization.key_of("negotiate"), context.problems);
  if (node->kind == Node::Kind::map &&
      section.require("keytab_file", "name the file with the keys of HTTP/NAME")) {
    const std::size_t before = context.problems.count();
    std::string& path = context.draft.authorization.keytab_file;
    assign(path, read_secret_file(section, context, "keytab_file", kKeyContent));
    const auto doubts = context.problems.count() == before
                            ? context.capabilities.keytab(path)
                            : Result<std::vector<std::string>>();  // has been reported
    if (!doubts) {
      section.problem("keytab_file", doubts.error().message, doubts.error().remedy);
    }
    for (const std::string& doubt : doubts.value_or(std::vector<std::string>())) {
      context.warnings.add(section.find("keytab_file")->position(), section.key_of("keytab_file"),
                           fmt::format("{} {}", quote(path, 200), doubt),
                           "export it anew (deploy/kerberos-callers.md)");
    }
  }
  section.finish();
}

// A ticket holds SIDs, so a name lets nobody in while nothing says whose it is.
void warn_of_names_alone(const Section& section, const Context& context) {
  const Authorization& authorization = context.draft.authorization;
  const bool known =
      std::ranges::any_of(authorization.authorized_universal_groups,
                          [](const std::string& group) { return istarts_with(group, "S-1-"); }) ||
      std::ranges::any_of(section.entries(),
                          [](const Entry& entry) { return entry.key->text == "directory"; });
  if (!authorization.keytab_file.empty() && !known) {
    const auto entry = std::ranges::find(section.entries(), "negotiate",
                                         [](const Entry& each) { return each.key->text; });
    context.warnings.add(entry->key->position(), section.key_of("negotiate"),
                         "a ticket lets nobody in: it holds SIDs, and the groups are known by name "
                         "alone",
                         "add directory, or write the SIDs of RTCUniversalServerAdmins and other "
                         "groups into authorized_universal_groups");
  }
}

}  // namespace

void read_authorization(Section section, const Context& context) {
  Authorization& authorization = context.draft.authorization;
  read_anonymous(section, authorization, context.warnings);
  read_negotiate(section, context);
  authorization.users = read_members(section, "users", context);
  authorization.certificates = read_members(section, "certificates", context);
  read_tokens(section, context);
  const bool given = std::ranges::any_of(
      std::array<std::string_view, 4>{"negotiate", "users", "certificates", "tokens"},
      [&](std::string_view key) { return section.find(key) != nullptr; });
  if (const auto groups = read_groups(section, "authorized_universal_groups")) {
    if (!given) {
      section.refuse(
          "authorized_universal_groups",
          "no identity source is configured that could prove a group",
          "add negotiate, users, certificates or tokens, or remove it and use allow_anonymous");
    }
    authorization.authorized_universal_groups = *groups;
  }
  warn_of_names_alone(section, context);
  read_directory(section, context);
  section.finish();
}

}  // namespace sfb::config
