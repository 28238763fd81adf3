#include "config/checks_logon.hpp"

#include "agent/base/text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace sfb::config {

namespace {

bool is_address(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// `fe-001, fe-002`: whom answers come from, for messages.
std::string hosts_of(const Winrm& winrm) {
  std::string hosts;
  for (const Url& url : winrm.urls) {
    hosts += (hosts.empty() ? "" : ", ") + url.with_port();
  }
  return hosts;
}

std::string key_of_url(const DraftEndpoint& endpoint, std::size_t index) {
  const bool list = endpoint.url_at->kind == Node::Kind::sequence;
  return endpoint.key + (list ? fmt::format(".url[{}]", index) : ".url");
}

// Basic sends the password with every request: over http only on somebody's written word.
void check_basic(const DraftEndpoint& endpoint, const Winrm& winrm, Problems& problems,
                 Problems& warnings) {
  if (winrm.encryption == Encryption::always) {
    problems.add(endpoint.encryption_at->position(), endpoint.key + ".encryption",
                 "method basic cannot seal messages",
                 "use https, or method kerberos, negotiate or ntlm");
  }
  if (!endpoint.encryption_known || winrm.over_tls()) {
    return;
  }
  if (winrm.allow_unencrypted) {
    warnings.add(endpoint.allow_unencrypted_at->position(), endpoint.key + ".allow_unencrypted",
                 fmt::format("the password and all answers cross the network to {} readable",
                             hosts_of(winrm)),
                 "use https");
  } else {
    problems.add(endpoint.url_at->position(), endpoint.key + ".url",
                 fmt::format("method basic would send the password readable over the network to {}",
                             hosts_of(winrm)),
                 "use https, or write allow_unencrypted: true if that is acceptable here");
  }
}

// The other methods have keys; over http they seal unless somebody forbids it in writing, twice.
void check_sealing(const DraftEndpoint& endpoint, const Winrm& winrm, Problems& problems,
                   Problems& warnings) {
  if (!endpoint.encryption_known || winrm.over_tls()) {
    return;
  }
  const bool never = winrm.encryption == Encryption::never;
  if (never && !winrm.allow_unencrypted) {
    problems.add(endpoint.encryption_at->position(), endpoint.key + ".encryption",
                 fmt::format("never would send all answers readable over the network from {}",
                             hosts_of(winrm)),
                 "write auto, or allow_unencrypted: true if that is acceptable here");
  } else if (never) {
    warnings.add(endpoint.encryption_at->position(), endpoint.key + ".encryption",
                 fmt::format("all answers cross the network from {} readable", hosts_of(winrm)),
                 "write auto");
  } else if (winrm.allow_unencrypted) {
    warnings.add(endpoint.allow_unencrypted_at->position(), endpoint.key + ".allow_unencrypted",
                 "has no effect: messages are sealed", "remove it");
  }
  // WinRM's own path. Under IIS a sealed message is not read.
  for (std::size_t i = 0; i < winrm.urls.size(); ++i) {
    if (!never && !iequals(winrm.urls[i].path, "/wsman")) {
      warnings.add(endpoint.urls_at[i]->position(), key_of_url(endpoint, i),
                   "an endpoint within IIS, such as /OcsPowershell, does not read sealed messages",
                   "write https for it");
    }
  }
}

// Only a logon over https has any; without them, who comes between can pass it on.
void check_bindings(const DraftEndpoint& endpoint, const Winrm& winrm, bool basic,
                    Problems& warnings) {
  if (winrm.channel_binding || !endpoint.encryption_known) {
    return;
  }
  const auto warn = [&](std::string message, std::string remedy) {
    warnings.add(endpoint.channel_binding_at->position(), endpoint.key + ".channel_binding",
                 std::move(message), std::move(remedy));
  };
  if (basic || !winrm.over_tls()) {
    warn(basic ? "has no effect: method basic has no channel bindings"
               : "has no effect: the URL is http",
         "remove it");
  } else {
    warn(fmt::format("a logon at {} is not bound to its TLS connection: who comes between can pass "
                     "it on",
                     hosts_of(winrm)),
         "write on, unless TLS ends at a proxy before the server");
  }
}

// A ticket is for a name: an address has none, and one name's does not fit several machines.
void check_spn(const DraftEndpoint& endpoint, const Winrm& winrm, const Credentials& credentials,
               Problems& problems, Problems& warnings) {
  if (!credentials.uses_tickets()) {
    return;
  }
  Problems& target = credentials.allow_ntlm ? warnings : problems;
  for (std::size_t i = 0; i < winrm.urls.size() && winrm.spn.host.empty(); ++i) {
    if (is_address(winrm.urls[i].host)) {
      target.add(endpoint.urls_at[i]->position(), key_of_url(endpoint, i),
                 fmt::format("Kerberos needs a host name: {} has no service principal name",
                             winrm.urls[i].host),
                 "write the server's FQDN, or spn: {host: FQDN}");
    }
  }
  const bool several = std::ranges::any_of(
      winrm.urls, [&](const Url& url) { return url.host != winrm.urls.front().host; });
  if (several && !winrm.spn.host.empty()) {
    warnings.add(
        endpoint.spn_host_at->position(), endpoint.key + ".spn.host",
        fmt::format("all front ends of url are asked with the ticket of {}", winrm.spn.host),
        "remove it, unless one account has the name on all of them: each host of url has "
        "a ticket of its own");
  }
}

}  // namespace

void check_logon(const DraftEndpoint& endpoint, const Credentials& credentials, Problems& problems,
                 Problems& warnings) {
  const auto& winrm = std::get<Winrm>(endpoint.value.transport);
  if (credentials.method == "basic") {
    check_basic(endpoint, winrm, problems, warnings);
    check_bindings(endpoint, winrm, true, warnings);
  } else if (!credentials.method.empty()) {
    check_sealing(endpoint, winrm, problems, warnings);
    check_bindings(endpoint, winrm, false, warnings);
    check_spn(endpoint, winrm, credentials, problems, warnings);
  }
}

}  // namespace sfb::config
