#include "agent/identity/pac.hpp"

#include "agent/identity/ndr.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

namespace sfb::identity {

namespace {

// UserFlags, MS-PAC 2.5.
constexpr std::uint32_t kGuest = 0x1;
constexpr std::uint32_t kExtraSids = 0x20;
constexpr std::uint32_t kResourceGroups = 0x200;
// GROUP_MEMBERSHIP's and KERB_SID_AND_ATTRIBUTES' Attributes.
constexpr std::uint32_t kEnabled = 0x4;
constexpr std::uint32_t kDenyOnly = 0x10;

bool grants(std::uint32_t attributes) {
  return (attributes & kEnabled) != 0 && (attributes & kDenyOnly) == 0;
}

struct Array {
  std::uint32_t count = 0;
  bool there = false;
};

Array array(Ndr& in) {
  const std::uint32_t count = in.u32();
  return {count, in.u32() != 0};
}

struct Text {
  std::uint16_t length = 0;
  bool there = false;
};

Text text(Ndr& in) {
  const std::uint16_t length = in.u16();
  in.u16();
  return {length, in.u32() != 0};
}

std::string content(Ndr& in, const Text& text) {
  return text.there ? in.text(text.length) : std::string();
}

// RIDs of a domain whose SID may come behind them.
std::vector<std::uint32_t> memberships(Ndr& in, const Array& array) {
  std::vector<std::uint32_t> granting;
  if (!array.there) {
    return granting;
  }
  for (std::uint32_t left = in.elements(array.count, 8); left > 0; --left) {
    const std::uint32_t relative = in.u32();
    if (grants(in.u32())) {
      granting.push_back(relative);
    }
  }
  return granting;
}

std::vector<Sid> extra_sids(Ndr& in, const Array& array) {
  std::vector<Sid> granting;
  if (!array.there) {
    return granting;
  }
  std::vector<bool> grant;  // of each that is there
  for (std::uint32_t left = in.elements(array.count, 8); left > 0; --left) {
    const bool there = in.u32() != 0;
    const std::uint32_t attributes = in.u32();
    if (there) {
      grant.push_back(grants(attributes));
    }
  }
  for (const bool granted : grant) {
    const auto sid = in.sid();
    if (!sid) {
      break;
    }
    if (granted) {
      granting.push_back(*sid);
    }
  }
  return granting;
}

void add(std::vector<Sid>& groups, const std::optional<Sid>& domain,
         const std::vector<std::uint32_t>& relatives) {
  for (const std::uint32_t relative : relatives) {
    if (const auto sid = domain ? domain->with(relative) : std::nullopt) {
      groups.push_back(*sid);
    }
  }
}

std::optional<LogonInfo> read(Ndr& in) {
  // MS-RPCE 2.2.6: version 1, little endian, header of 8 bytes; then the length of what follows.
  const std::string_view common = in.take(8);
  if (!common.starts_with(std::string_view("\x01\x10\x08\x00", 4)) || in.take(8).empty() ||
      in.u32() == 0) {
    return std::nullopt;
  }
  in.take(6UL * 8);  // times, from LogonTime to PasswordMustChange
  std::array<Text, 6> names;
  for (Text& name : names) {
    name = text(in);
  }
  in.take(4);  // LogonCount, BadPasswordCount
  const std::uint32_t user = in.u32();
  in.take(4);  // PrimaryGroupId: stands in GroupIds too
  const Array group_ids = array(in);
  const std::uint32_t flags = in.u32();
  in.take(16);  // UserSessionKey
  const Text server = text(in);
  const Text domain_name = text(in);
  const bool has_domain = in.u32() != 0;
  in.take(8 + 4 + 4 + 8 + 8 + 4 + 4);  // Reserved1 to Reserved3
  const Array extra = array(in);
  const bool has_resource_domain = in.u32() != 0;
  const Array resource_ids = array(in);

  // What the pointers lead to, in their order.
  LogonInfo info;
  info.account = content(in, names.front());
  for (std::size_t i = 1; i < names.size(); ++i) {
    content(in, names.at(i));
  }
  const std::vector<std::uint32_t> relatives = memberships(in, group_ids);
  content(in, server);
  info.domain = content(in, domain_name);
  const auto domain = has_domain ? in.sid() : std::nullopt;
  std::vector<Sid> extra_groups = extra_sids(in, extra);
  const auto resource_domain = has_resource_domain ? in.sid() : std::nullopt;
  const std::vector<std::uint32_t> resource_relatives = memberships(in, resource_ids);
  const auto self = domain ? domain->with(user) : std::nullopt;
  if (!in.good() || !self) {
    return std::nullopt;
  }
  info.user = *self;
  if ((flags & kGuest) != 0) {
    return info;
  }
  add(info.groups, domain, relatives);
  if ((flags & kExtraSids) != 0) {
    std::ranges::move(extra_groups, std::back_inserter(info.groups));
  }
  if ((flags & kResourceGroups) != 0) {
    add(info.groups, resource_domain, resource_relatives);
  }
  std::ranges::sort(info.groups);
  const auto repeated = std::ranges::unique(info.groups);
  info.groups.erase(repeated.begin(), repeated.end());
  return info;
}

}  // namespace

Result<LogonInfo> read_logon_info(std::string_view bytes) {
  Ndr in(bytes);
  auto info = read(in);
  if (!info) {
    return fail(Reason::parse, "identity.pac",
                "the ticket's account data (PAC, logon-info) cannot be read",
                "tell the project with the domain controller's version");
  }
  return *std::move(info);
}

}  // namespace sfb::identity
