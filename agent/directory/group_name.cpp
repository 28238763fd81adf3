#include "agent/directory/group_name.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace sfb::directory {

namespace {

// rangeUpper of sAMAccountName; a short domain has at most 15.
constexpr std::size_t kMostName = 256;

std::unexpected<Error> bad_name(std::string_view written) {
  return fail(Reason::parse, "directory.group_name",
              fmt::format("{} is no name of a group", quote(written, 80)),
              "write name, DOMAIN\\name, name@domain.com, or the group's SID");
}

bool is_dns_domain(std::string_view text) {
  return text.contains('.') && Fqdn::parse(text).has_value();
}

}  // namespace

Result<GroupName> read_group_name(std::string_view written) {
  GroupName name;
  const auto slash = written.find('\\');
  const auto at = written.rfind('@');
  if (slash != std::string_view::npos) {
    name = {std::string(written.substr(slash + 1)), std::string(written.substr(0, slash)), true};
  } else if (at != std::string_view::npos && is_dns_domain(written.substr(at + 1))) {
    name = {std::string(written.substr(0, at)), std::string(written.substr(at + 1)), false};
  } else {
    name.account = written;
  }
  // Some write the name of DNS there.
  name.short_domain = name.short_domain && !name.domain.contains('.');
  const bool control = std::ranges::any_of(
      written, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (control || !is_utf8(written) || name.account.empty() || name.account.size() > kMostName ||
      name.account.contains('\\') || (slash != std::string_view::npos && name.domain.empty())) {
    return bad_name(written);
  }
  return name;
}

std::string escape_filter(std::string_view value) {
  std::string out;
  for (const char c : value) {
    // All but what is surely a character of a value: more than RFC 4515 demands, and no less.
    if (is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == ' ') {
      out += c;
    } else {
      out += fmt::format("\\{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string filter_of(const GroupName& name) {
  return fmt::format("(&(objectCategory=group)(sAMAccountName={}))", escape_filter(name.account));
}

std::string domain_of_dn(const std::string& dn) {
  // The domain is what stands behind the last part that is none of `DC`. Commas within values are
  // escaped; a domain's labels have none.
  std::string domain;
  std::string_view rest = dn;
  while (!rest.empty()) {
    std::size_t end = 0;
    while (end < rest.size() && rest[end] != ',') {
      end += rest[end] == '\\' ? 2 : 1;
    }
    const std::string_view part = trim(rest.substr(0, std::min(end, rest.size())));
    if (istarts_with(part, "DC=")) {
      domain += fmt::format("{}{}", domain.empty() ? "" : ".", to_lower(part.substr(3)));
    } else {
      domain.clear();
    }
    rest = end < rest.size() ? rest.substr(end + 1) : std::string_view();
  }
  return domain;
}

}  // namespace sfb::directory
