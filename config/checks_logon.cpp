#include "config/checks_logon.hpp"

#include "agent/base/text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <string>
#include <variant>

namespace sfb::config {

namespace {

bool is_address(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Basic sends the password with every request: over http only on somebody's written word.
void check_basic(const DraftEndpoint& endpoint, const Winrm& winrm, Problems& problems,
                 Problems& warnings) {
  if (winrm.encryption == Encryption::always) {
    problems.add(endpoint.encryption_at->position(), endpoint.key + ".encryption",
                 "method basic cannot seal messages",
                 "use https, or method kerberos, negotiate or ntlm");
  }
  if (!endpoint.encryption_known || winrm.url.tls) {
    return;
  }
  if (winrm.allow_unencrypted) {
    warnings.add(endpoint.allow_unencrypted_at->position(), endpoint.key + ".allow_unencrypted",
                 fmt::format("the password and all answers cross the network to {} readable",
                             winrm.url.with_port()),
                 "use https");
  } else {
    problems.add(endpoint.url_at->position(), endpoint.key + ".url",
                 fmt::format("method basic would send the password readable over the network to {}",
                             winrm.url.with_port()),
                 "use https, or write allow_unencrypted: true if that is acceptable here");
  }
}

// The other methods have keys; over http they seal unless somebody forbids it in writing, twice.
void check_sealing(const DraftEndpoint& endpoint, const Winrm& winrm, Problems& problems,
                   Problems& warnings) {
  if (!endpoint.encryption_known || winrm.url.tls) {
    return;
  }
  const bool never = winrm.encryption == Encryption::never;
  if (never && !winrm.allow_unencrypted) {
    problems.add(endpoint.encryption_at->position(), endpoint.key + ".encryption",
                 fmt::format("never would send all answers readable over the network from {}",
                             winrm.url.with_port()),
                 "write auto, or allow_unencrypted: true if that is acceptable here");
  } else if (never) {
    warnings.add(
        endpoint.encryption_at->position(), endpoint.key + ".encryption",
        fmt::format("all answers cross the network from {} readable", winrm.url.with_port()),
        "write auto");
  } else if (winrm.allow_unencrypted) {
    warnings.add(endpoint.allow_unencrypted_at->position(), endpoint.key + ".allow_unencrypted",
                 "has no effect: messages are sealed", "remove it");
  }
  // WinRM's own path. Under IIS a sealed message is not read.
  if (!never && !iequals(winrm.url.path, "/wsman")) {
    warnings.add(endpoint.url_at->position(), endpoint.key + ".url",
                 "an endpoint within IIS, such as /OcsPowershell, does not read sealed messages",
                 "write https for it");
  }
}

// A ticket is for a name: an address has none.
void check_spn(const DraftEndpoint& endpoint, const Winrm& winrm, const Credentials& credentials,
               Problems& problems, Problems& warnings) {
  if (endpoint.url_at == nullptr || winrm.url.host.empty() || !winrm.spn.host.empty() ||
      !is_address(winrm.url.host) || !credentials.uses_tickets()) {
    return;
  }
  Problems& target = credentials.allow_ntlm ? warnings : problems;
  target.add(
      endpoint.url_at->position(), endpoint.key + ".url",
      fmt::format("Kerberos needs a host name: {} has no service principal name", winrm.url.host),
      "write the server's FQDN, or spn: {host: FQDN}");
}

}  // namespace

void check_logon(const DraftEndpoint& endpoint, const Credentials& credentials, Problems& problems,
                 Problems& warnings) {
  const auto& winrm = std::get<Winrm>(endpoint.value.transport);
  if (credentials.method == "basic") {
    check_basic(endpoint, winrm, problems, warnings);
  } else if (!credentials.method.empty()) {
    check_sealing(endpoint, winrm, problems, warnings);
    check_spn(endpoint, winrm, credentials, problems, warnings);
  }
}

}  // namespace sfb::config
