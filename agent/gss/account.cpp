#include "agent/gss/account.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::gss {

namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return out;
}

std::unexpected<Error> unusable(std::string message, std::string remedy) {
  return fail(Reason::auth, "auth.user_name", std::move(message), std::move(remedy));
}

constexpr std::string_view kWrite = "write it as user@REALM, DOMAIN\\user or user@domain";

// Control characters and what is not UTF-8 have no place in any name.
Status check_text(std::string_view name) {
  const bool control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (name.empty() || control || !is_utf8(name)) {
    return unusable("the user name is empty, has a control character or is not UTF-8",
                    std::string(kWrite));
  }
  return {};
}

struct Parts {
  std::string_view domain;  ///< before the backslash
  std::string_view user;
  std::string_view suffix;  ///< behind the sign @
};

Result<Parts> parts_of(std::string_view name) {
  if (Status good = check_text(name); !good) {
    return std::unexpected(std::move(good.error()));
  }
  Parts parts;
  const std::size_t slash = name.find('\\');
  const std::size_t at = name.find('@');
  if (slash != std::string_view::npos) {
    parts.domain = name.substr(0, slash);
    parts.user = name.substr(slash + 1);
  } else {
    parts.user = name.substr(0, at);
    parts.suffix = at == std::string_view::npos ? std::string_view() : name.substr(at + 1);
  }
  const bool empty =
      parts.user.empty() || (slash != std::string_view::npos && slash == 0) || name.ends_with('@');
  const bool twice = parts.user.find_first_of("\\@") != std::string_view::npos ||
                     parts.suffix.find_first_of("\\@/") != std::string_view::npos ||
                     parts.domain.contains('@');
  if (empty || twice) {
    return unusable(fmt::format("the user name {} cannot be read", quote(name)),
                    std::string(kWrite));
  }
  if (parts.user.contains('/')) {
    return unusable(
        fmt::format("the user name {} has a slash, which Kerberos reads as a separator",
                    quote(name)),
        "an SPN cannot log on: give the account that owns it (of a computer: its name and $)");
  }
  return parts;
}

}  // namespace

Result<Principal> principal_of(const Account& account) {
  auto parts = parts_of(account.username);
  if (!parts) {
    return std::unexpected(std::move(parts.error()));
  }
  Principal principal;
  const std::string_view said = account.realm.empty() ? parts->suffix : account.realm;
  if (said.empty()) {
    return unusable(
        fmt::format("the user name {} does not say its Kerberos realm", quote(account.username)),
        "give the credential a realm (the domain's DNS name in upper case), or write user@REALM");
  }
  principal.realm = upper(said);
  principal.raised = principal.realm != said;
  // Only the realm itself, as it is written, makes a plain name: any other suffix may be one that
  // the domain knows for user principal names. A keytab has the account's own name alone.
  principal.enterprise = account.keytab_file.empty() && !account.realm.empty() &&
                         !parts->suffix.empty() && parts->suffix != principal.realm;
  principal.name = principal.enterprise ? fmt::format("{}@{}", parts->user, parts->suffix)
                                        : fmt::format("{}@{}", parts->user, principal.realm);
  return principal;
}

Result<std::string> ntlm_name_of(const Account& account) {
  if (auto parts = parts_of(account.username); !parts) {
    return std::unexpected(std::move(parts.error()));
  }
  return account.username;
}

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kerberos:
      return "kerberos";
    case Method::negotiate:
      return "negotiate";
    case Method::ntlm:
      return "ntlm";
  }
  return "negotiate";
}

std::string spn_of(const Service& service) {
  return fmt::format("{}/{}", service.name, service.host);
}

}  // namespace sfb::gss
