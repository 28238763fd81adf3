#include "agent/directory/directory.hpp"

#include "agent/base/text.hpp"
#include "agent/directory/group_name.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace sfb::directory {

namespace {

// The catalog does not hold the short names of domains: the same machine's own directory does.
constexpr std::uint16_t kOwnPort = 389;

std::optional<std::int32_t> number(std::string_view text) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  return error == std::errc() && end == text.end() && !text.empty() ? std::optional(value)
                                                                    : std::nullopt;
}

Entry entry_of(const Found& found) {
  return {.domain = domain_of_dn(found.dn),
          .account = found.first("samaccountname"),
          .sid = found.first("objectsid"),
          .type = number(found.first("grouptype"))};
}

Result<std::vector<Entry>> find(Connection& catalog, const GroupName& name,
                                Connection::Steady::time_point until) {
  auto found = catalog.search({.base = {},
                               .scope = Search::Scope::tree,
                               .filter = filter_of(name),
                               .attributes = {"objectSid", "sAMAccountName", "groupType"}},
                              until);
  if (!found) {
    return std::unexpected(std::move(found.error()));
  }
  std::vector<Entry> entries;
  for (const Found& one : *found) {
    Entry entry = entry_of(one);
    // The filter is the server's to read; what it says is compared once more.
    if (iequals(entry.account, name.account)) {
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

}  // namespace

Directory::Directory(Options options)
    : options_(std::move(options)), credentials_(options_.account) {}

Result<Answers> Directory::look_up(const std::shared_ptr<const Secret>& password,
                                   const std::vector<std::string>& names, WallTime now) {
  std::vector<std::string> servers;
  servers.reserve(options_.servers.size());
  for (const Server& server : options_.servers) {
    servers.push_back(server.text());
  }
  return ask_in_turn(servers, names, [&](std::size_t server, const std::vector<std::string>& open) {
    return ask(options_.servers[server], password, open, now);
  });
}

Result<std::vector<Answer>> Directory::ask(const Server& server,
                                           const std::shared_ptr<const Secret>& password,
                                           const std::vector<std::string>& names, WallTime now) {
  const auto until = Connection::Steady::now() + kTime;
  auto catalog = Connection::open(server, credentials_, password, now, until);
  if (!catalog) {
    return std::unexpected(std::move(catalog.error()));
  }
  return ask_server(names,
                    {.entries = [&](const GroupName& name) { return find(**catalog, name, until); },
                     .domains = [&] { return domains(server, password, now, until); }});
}

Result<std::vector<Domain>> Directory::domains(const Server& server,
                                               const std::shared_ptr<const Secret>& password,
                                               WallTime now, Connection::Steady::time_point until) {
  auto own = Connection::open({server.host, kOwnPort}, credentials_, password, now, until);
  if (!own) {
    return std::unexpected(std::move(own.error()));
  }
  auto root = (*own)->search({.base = {},
                              .scope = Search::Scope::base,
                              .filter = "(objectClass=*)",
                              .attributes = {"configurationNamingContext"}},
                             until);
  if (!root) {
    return std::unexpected(std::move(root.error()));
  }
  const std::string configuration =
      root->empty() ? std::string() : root->front().first("configurationnamingcontext");
  auto found = (*own)->search({.base = "CN=Partitions," + configuration,
                               .scope = Search::Scope::below,
                               .filter = "(&(objectClass=crossRef)(nETBIOSName=*))",
                               .attributes = {"nETBIOSName", "nCName"}},
                              until);
  if (!found) {
    return std::unexpected(std::move(found.error()));
  }
  std::vector<Domain> domains;
  for (const Found& one : *found) {
    domains.push_back({one.first("netbiosname"), domain_of_dn(one.first("ncname"))});
  }
  return domains;
}

}  // namespace sfb::directory
