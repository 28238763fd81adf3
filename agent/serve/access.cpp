// Who may ask: the caller's address, what a proxy left behind, and the name the caller used.
#include "agent/serve/access.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace sfb::serve {
namespace {

/// IPv6 addresses have many spellings; one of them is compared. Names are only lowered.
std::string normalise(std::string_view host) {
  std::string name = to_lower(host);
  in6_addr address{};
  if (name.find(':') != std::string::npos && inet_pton(AF_INET6, name.c_str(), &address) == 1) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(AF_INET6, &address, text.data(), text.size());
    return text.data();
  }
  if (name.ends_with('.')) {
    name.pop_back();
  }
  return name;
}

/// The host of `host`, `host:port` or `[v6]:port`; nullopt when it is none of them.
std::optional<std::string> host_of(std::string_view authority) {
  const HostPort parts = split_host_port(trim(authority));
  const auto allowed = [&](char c) {
    return is_name_character(c) || (parts.bracketed && c == ':');
  };
  // A colon with nothing behind it is allowed in a header.
  const bool port_ok = !parts.port || parts.port->empty() || parse_port(*parts.port);
  if (parts.host.empty() || !std::ranges::all_of(parts.host, allowed) || !port_ok) {
    return std::nullopt;
  }
  return normalise(parts.host);
}

// What proxies, load balancers and content networks write into the requests they pass on.
constexpr std::array kProxyHeaders = {
    "Forwarded",           "Forwarded-For",   "Via",
    "X-Real-IP",           "Client-IP",       "X-Client-IP",
    "X-Cluster-Client-IP", "True-Client-IP",  "Fastly-Client-IP",
    "X-Azure-ClientIP",    "X-Amzn-Trace-Id", "X-ProxyUser-Ip",
    "X-Varnish",           "CDN-Loop",        "Proxy-Connection",
};
constexpr std::array kProxyPrefixes = {"X-Forwarded", "X-Envoy-", "X-Original-",
                                       "X-ARR-",      "X-Proxy-", "CF-"};

bool is_proxy_header(std::string_view name) {
  return std::ranges::any_of(kProxyHeaders,
                             [&](const char* mark) { return iequals(name, mark); }) ||
         std::ranges::any_of(kProxyPrefixes,
                             [&](const char* mark) { return istarts_with(name, mark); });
}

/// What shows that a proxy passed the request on, or may have; empty: nothing does.
std::string sign_of_proxy(const http::Request& request) {
  const auto header = std::ranges::find_if(
      request.headers, [](const http::Header& one) { return is_proxy_header(one.name); });
  if (header != request.headers.end()) {
    return fmt::format("came through a proxy: it has the header {}", quote(header->name, 40));
  }
  // The bare proxy_pass of nginx: no header tells, and Host is the agent's own address.
  return request.http11 ? ""
                        : "may have come through a proxy: it is HTTP/1.0, which many of them speak "
                          "and few other clients";
}

std::optional<Denied> check_host(const http::Request& request, const AccessOptions& options) {
  const std::string* header = request.header("Host");
  if (header == nullptr) {
    return std::nullopt;  // HTTP/1.0 only: no browser speaks it, so nothing can be rebound
  }
  const auto host = host_of(*header);
  if (!host) {
    return Denied{400, "access.host",
                  fmt::format("the Host header {} is not a host name or address with or without a "
                              "port",
                              quote(*header, 80)),
                  "ask with a name or address of this agent"};
  }
  const bool named = std::ranges::any_of(
      options.hosts, [&](const std::string& own) { return normalise(own) == *host; });
  // The address this connection really reached is one of this machine. A rebound name is a name.
  if (named || host_of(request.local_address) == host) {
    return std::nullopt;
  }
  return Denied{
      403, "access.host",
      fmt::format("the host {} is not a name or address of this agent", quote(*host, 80)),
      fmt::format("ask for one that is, or start the agent with --web.allowed-host={}", *host)};
}

std::optional<Denied> check_anonymous(const http::Request& request, Anonymous allowed) {
  constexpr std::string_view kCode = "access.anonymous";
  switch (allowed) {
    case Anonymous::any:
      return std::nullopt;
    case Anonymous::none:
      return Denied{403, std::string(kCode),
                    "this page needs an identity, and no way to prove one is in use",
                    "configure one in `authorization`; its `users` need --web.config.file too. "
                    "`allow_anonymous: loopback` there opens the page to callers on this machine"};
    case Anonymous::loopback:
      break;
  }
  if (!request.peer.loopback) {
    return Denied{403, std::string(kCode),
                  "this page is open to callers on the agent's own machine only "
                  "(`allow_anonymous: loopback`)",
                  "ask there"};
  }
  if (const std::string sign = sign_of_proxy(request); !sign.empty()) {
    return Denied{403, std::string(kCode),
                  fmt::format("this page is open to callers on the agent's own machine only "
                              "(`allow_anonymous: loopback`), and this request {}",
                              sign),
                  "ask the agent directly, with HTTP/1.1"};
  }
  return std::nullopt;
}

std::string groups_text(const access::Authorized* authorized) {
  return authorized != nullptr ? authorized->text() : std::string(access::kServerAdmins);
}

// What a caller who is known lacks.
Denied lacking(const access::Caller& caller, const access::Authorized* authorized) {
  const std::string groups = groups_text(authorized);
  if (!caller.groups_known) {
    return {403, "access.no_pac",
            fmt::format("the ticket of {} does not say in which groups the account is (no PAC)",
                        caller.name),
            "ask with a ticket of Active Directory, for an account that gets a PAC"};
  }
  return {403, "access.groups", fmt::format("{} is in none of the groups {}", caller.name, groups),
          caller.proof == access::Proof::kerberos
              ? "add the account to one of them; a new ticket has the new group"
              : "give it one of them in the agent's configuration, section `authorization`"};
}

}  // namespace

Error error_of(const Denied& denied) {
  const Reason reason = denied.status == 400   ? Reason::protocol
                        : denied.status == 401 ? Reason::auth
                                               : Reason::forbidden;
  return {reason, denied.code, denied.message, denied.remedy, {}, Stage::none};
}

std::optional<Denied> check_origin(const http::Request& request, const AccessOptions& options) {
  if (auto denied = check_host(request, options)) {
    return denied;
  }
  const bool cross_site = std::ranges::any_of(request.headers, [](const http::Header& header) {
    return iequals(header.name, "Sec-Fetch-Site") && iequals(trim(header.value), "cross-site");
  });
  if (cross_site) {
    return Denied{403, "access.cross_site",
                  "another web site made the browser ask (Sec-Fetch-Site: cross-site)",
                  "open the address by hand"};
  }
  return std::nullopt;
}

std::optional<Denied> check_access(const http::Request& request, const AccessOptions& options,
                                   const access::Caller& caller) {
  if (auto denied = check_origin(request, options)) {
    return denied;
  }
  if (options.authorized != nullptr && options.authorized->admits(caller)) {
    return std::nullopt;
  }
  auto denied = check_anonymous(request, options.allow_anonymous);
  if (!denied) {
    return std::nullopt;
  }
  if (caller.proof != access::Proof::none) {
    return lacking(caller, options.authorized.get());
  }
  if (options.provable) {
    denied->status = 401;
    denied->code = "access.login";
    denied->message = fmt::format("this page is for members of {}, and nothing proves who asks",
                                  groups_text(options.authorized.get()));
    denied->remedy = "log in as the header WWW-Authenticate says";
  }
  return denied;
}

std::optional<Denied> check_door(const Route& route, const http::Request& request,
                                 const AccessOptions& options, const access::Caller& caller) {
  switch (route.guard) {
    case Guard::open:
      return std::nullopt;
    case Guard::origin:
    case Guard::pusher:
      return check_origin(request, options);
    case Guard::caller:
      return route.door == Door::query ? std::nullopt : check_access(request, options, caller);
  }
  return Denied{};
}

}  // namespace sfb::serve
