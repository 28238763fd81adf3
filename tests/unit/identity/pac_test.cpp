#include "agent/identity/pac.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::identity {
namespace {

constexpr std::uint32_t kEnabled =
    7;  // mandatory, by default, enabled: as a domain controller writes
constexpr std::uint32_t kDenyOnly = 0x10;
constexpr std::uint32_t kExtraSids = 0x20;
constexpr std::uint32_t kResourceGroups = 0x200;

using Members = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  // RID, attributes

// Marshals as a domain controller does.
class Writer {
 public:
  void u16(std::uint16_t value) { number(value, 2); }
  void u32(std::uint32_t value) { number(value, 4); }
  void zeros(std::size_t count) { bytes_.append(count, '\0'); }
  void pointer(bool there) { u32(there ? 0x20000 + 4 * ++pointers_ : 0); }
  void string_head(std::string_view text) {
    u16(static_cast<std::uint16_t>(2 * text.size()));
    u16(static_cast<std::uint16_t>(2 * text.size()));
    pointer(true);
  }
  void string(std::string_view text) {
    u32(static_cast<std::uint32_t>(text.size()));
    u32(0);
    u32(static_cast<std::uint32_t>(text.size()));
    for (const char c : text) {
      u16(static_cast<std::uint8_t>(c));
    }
  }
  void sid(const std::vector<std::uint32_t>& parts) {
    u32(static_cast<std::uint32_t>(parts.size()));
    bytes_ += '\1';
    bytes_ += static_cast<char>(parts.size());
    bytes_.append(5, '\0');
    bytes_ += '\5';
    for (const std::uint32_t part : parts) {
      u32(part);
    }
  }
  void members(const Members& members) {
    u32(static_cast<std::uint32_t>(members.size()));
    for (const auto& [relative, attributes] : members) {
      u32(relative);
      u32(attributes);
    }
  }
  std::string take() { return std::move(bytes_); }

 private:
  void number(std::uint64_t value, std::size_t size) {
    zeros((size - bytes_.size() % size) % size);
    for (std::size_t i = 0; i < size; ++i) {
      bytes_ += static_cast<char>(value >> 8 * i);
    }
  }

  std::string bytes_;
  std::uint32_t pointers_ = 0;
};

struct Account {
  std::string name = "bob";
  Members groups = {{513, kEnabled}, {1105, kEnabled}};
  std::uint32_t flags = kExtraSids | kResourceGroups;
  std::vector<std::pair<std::vector<std::uint32_t>, std::uint32_t>> extra = {
      {{21, 9, 8, 7, 1201}, kEnabled}};
  Members resource = {{1301, kEnabled}};
  std::optional<std::uint32_t> claimed_groups = {};  // another count than there are
  std::optional<std::uint32_t> claimed_extra = {};
};

std::string marshal(const Account& account) {
  Writer out;
  out.u32(0x00081001);
  out.u32(0xcccccccc);
  out.u32(0);
  out.u32(0);
  out.pointer(true);
  out.zeros(48);
  const std::vector<std::string> names = {account.name, "Bob B", "", "", "", ""};
  for (const std::string& name : names) {
    out.string_head(name);
  }
  out.u16(3);
  out.u16(0);
  out.u32(1104);
  out.u32(513);
  out.u32(account.claimed_groups.value_or(static_cast<std::uint32_t>(account.groups.size())));
  out.pointer(true);
  out.u32(account.flags);
  out.zeros(16);
  out.string_head("DC1");
  out.string_head("LITWAREINC");
  out.pointer(true);
  out.zeros(40);
  out.u32(account.claimed_extra.value_or(static_cast<std::uint32_t>(account.extra.size())));
  out.pointer(!account.extra.empty());
  out.pointer(!account.resource.empty());
  out.u32(static_cast<std::uint32_t>(account.resource.size()));
  out.pointer(!account.resource.empty());
  for (const std::string& name : names) {
    out.string(name);
  }
  out.members(account.groups);
  out.string("DC1");
  out.string("LITWAREINC");
  out.sid({21, 1, 2, 3});
  if (!account.extra.empty()) {
    out.u32(static_cast<std::uint32_t>(account.extra.size()));
    for (const auto& [sid, attributes] : account.extra) {
      out.pointer(true);
      out.u32(attributes);
    }
    for (const auto& [sid, attributes] : account.extra) {
      out.sid(sid);
    }
  }
  if (!account.resource.empty()) {
    out.sid({21, 1, 2, 3});
    out.members(account.resource);
  }
  return out.take();
}

std::vector<std::string> groups(const Account& account) {
  const auto info = read_logon_info(marshal(account));
  if (!info) {
    return {info.error().code};
  }
  std::vector<std::string> all;
  for (const Sid& sid : info->groups) {
    all.push_back(sid.str());
  }
  return all;
}

using Groups = std::vector<std::string>;

TEST(Pac, GroupsOfTheDomainOfOthersAndOfTheService) {
  const auto info = read_logon_info(marshal({}));
  ASSERT_TRUE(info);
  EXPECT_EQ(info->account, "bob");
  EXPECT_EQ(info->domain, "LITWAREINC");
  EXPECT_EQ(info->user.str(), "S-1-5-21-1-2-3-1104");
  EXPECT_EQ(groups({}), (Groups{"S-1-5-21-1-2-3-513", "S-1-5-21-1-2-3-1105", "S-1-5-21-1-2-3-1301",
                                "S-1-5-21-9-8-7-1201"}));
}

TEST(Pac, AGroupStandsOnce) {
  EXPECT_EQ(groups({.groups = {{1105, kEnabled}, {1105, kEnabled}},
                    .extra = {{{21, 1, 2, 3, 1105}, kEnabled}},
                    .resource = {}}),
            Groups{"S-1-5-21-1-2-3-1105"});
}

TEST(Pac, WhatIsForDenyingOrNotEnabledGrantsNothing) {
  for (const std::uint32_t attributes : {0U, 3U, kEnabled | kDenyOnly}) {
    EXPECT_EQ(groups({.groups = {{1105, attributes}},
                      .extra = {{{21, 9, 8, 7, 1201}, attributes}},
                      .resource = {{1301, attributes}}}),
              Groups{});
  }
}

TEST(Pac, WhatTheFlagsDoNotNameGrantsNothing) {
  EXPECT_EQ(groups({.flags = 0}), (Groups{"S-1-5-21-1-2-3-513", "S-1-5-21-1-2-3-1105"}));
  EXPECT_EQ(groups({.groups = {}, .flags = kResourceGroups}), Groups{"S-1-5-21-1-2-3-1301"});
  EXPECT_EQ(groups({.groups = {}, .flags = kExtraSids}), Groups{"S-1-5-21-9-8-7-1201"});
}

TEST(Pac, AGuestHasNoGroups) {
  EXPECT_EQ(groups({.flags = kExtraSids | kResourceGroups | 1}), Groups{});
}

TEST(Pac, AThousandGroups) {
  Members many;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    many.emplace_back(2000 + i, kEnabled);
  }
  EXPECT_EQ(groups({.groups = many, .extra = {}, .resource = {}}).size(), 1000U);
}

TEST(Pac, ACountThatIsNotThatOfTheElementsIsRefused) {
  const Groups refused = {"identity.pac"};
  EXPECT_EQ(groups({.claimed_groups = 1}), refused);
  EXPECT_EQ(groups({.claimed_groups = 0xffffffff}), refused);
  EXPECT_EQ(groups({.claimed_extra = 2}), refused);
  std::string both = marshal({.groups = {}, .claimed_groups = 0xffffffff});
  const std::size_t at = both.find(std::string("\xff\xff\xff\xff", 4));
  for (std::size_t i = at + 4; i + 4 <= both.size(); i += 4) {
    std::string claims = both;
    claims.replace(i, 4, "\xff\xff\xff\xff");
    const auto info = read_logon_info(claims);
    EXPECT_TRUE(!info || info->groups.size() <= 2);
  }
}

TEST(Pac, WhatIsCutIsRefusedWhereverItIsCut) {
  const std::string whole = marshal({});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_logon_info(std::string_view(whole).substr(0, size))) << size;
  }
}

TEST(Pac, OtherFormsAreRefused) {
  std::string big_endian = marshal({});
  big_endian[1] = 0;
  EXPECT_FALSE(read_logon_info(big_endian));
  std::string nothing = marshal({});
  nothing.replace(16, 4, std::string(4, '\0'));
  EXPECT_FALSE(read_logon_info(nothing));
}

}  // namespace
}  // namespace sfb::identity
