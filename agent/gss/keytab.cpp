#include "agent/gss/keytab.hpp"

#include "agent/base/text.hpp"
#include "agent/gss/krb5.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <string_view>
#include <utility>

namespace sfb::gss {

namespace {

constexpr std::size_t kMostHosts = 20;
constexpr std::size_t kShownHosts = 2;

std::string_view part(const krb5_principal principal, int index) {
  const krb5_data* const data = &principal->data[index];
  return {data->data, data->length};
}

void note_key(const krb5_keytab_entry& entry, ServiceKeys& keys) {
  keys.weak = keys.weak || !enctype_name(entry.key.enctype).starts_with("aes");
  if (entry.principal->length != 2 ||
      (!iequals(part(entry.principal, 0), "HTTP") && !iequals(part(entry.principal, 0), "host"))) {
    return;
  }
  std::string host = visible(part(entry.principal, 1));
  if (keys.hosts.size() < kMostHosts && std::ranges::find(keys.hosts, host) == keys.hosts.end()) {
    keys.hosts.push_back(std::move(host));
  }
}

}  // namespace

Result<ServiceKeys> read_service_keys(const std::string& keytab_file) {
  const auto krb5 = Krb5::create();
  if (!krb5) {
    return std::unexpected(krb5.error());
  }
  ServiceKeys found;
  std::size_t count = 0;
  Krb5Keytab keytab(**krb5);
  krb5_error_code code =
      krb5_kt_resolve((*krb5)->get(), ("FILE:" + keytab_file).c_str(), keytab.out());
  if (code == 0) {
    code = each_entry(**krb5, keytab.get(), [&](const krb5_keytab_entry& entry) {
      note_key(entry, found);
      ++count;
    });
  }
  if (code != 0 || count == 0) {
    return fail(Reason::process, "access.keytab",
                fmt::format("no key can be taken from the keytab {}", quote(keytab_file)),
                "it must be readable by the agent and hold HTTP/NAME of this machine",
                code != 0 ? (*krb5)->text(code) : std::string());
  }
  std::ranges::sort(found.hosts);
  return found;
}

std::string hosts_text(const ServiceKeys& keys) {
  return fmt::format("{}", fmt::join(keys.hosts | std::views::take(kShownHosts), " or "));
}

}  // namespace sfb::gss
