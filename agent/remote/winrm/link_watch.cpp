#include "agent/remote/winrm/link_watch.hpp"

#include "agent/base/text.hpp"
#include "agent/wsman/request.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <optional>
#include <utility>

namespace sfb::remote {

namespace {

// `Basic ***`: the scheme may be seen, what proves it may not.
std::string masked(std::string_view authorization) {
  return fmt::format("{} ***", authorization.substr(0, authorization.find(' ')));
}

std::string describe(const net::Certificate& certificate, WallTime now) {
  const auto left =
      std::chrono::duration_cast<std::chrono::days>(certificate.not_after - now).count();
  const std::string expiry =
      left < 0 ? fmt::format("expired {} ago", counted(static_cast<std::uint64_t>(-left), "day"))
      : certificate.not_after < now ? std::string("expired within a day")
      : left == 0                   ? std::string("expires within a day")
                  : fmt::format("expires in {}", counted(static_cast<std::uint64_t>(left), "day"));
  // A CA's has none.
  const std::string names =
      certificate.names.empty() ? "" : fmt::format("for {}; ", fmt::join(certificate.names, ", "));
  return fmt::format("{}; issued by {}; {}valid {} to {}, {}; sha256 {}", certificate.subject,
                     certificate.issuer, names, format_iso8601(certificate.not_before),
                     format_iso8601(certificate.not_after), expiry, certificate.sha256);
}

}  // namespace

void tell_stage(const WinrmEndpoint& endpoint, const http::HttpConnection& connection,
                Stage stage) {
  if (!endpoint.observer) {
    return;
  }
  if (const std::string address = connection.peer_address();
      stage == Stage::connect && !address.empty()) {
    endpoint.fact("address", address);
  }
  if (const auto& info = connection.tls_info(); stage == Stage::tls && info) {
    if (!info->version.empty()) {
      endpoint.fact("tls", fmt::format("{}, {}", info->version, info->cipher));
    }
    for (const net::Certificate& certificate : info->chain) {
      endpoint.fact("certificate", describe(certificate, endpoint.clock.now().wall));
    }
  }
}

void tell_addresses(WinrmEndpoint& endpoint, const http::HttpConnection& connection,
                    const Url& url) {
  // An address that DNS gave earlier and does not confirm now is news, once.
  const std::optional<bool> remembered = connection.address_remembered();
  if (remembered && std::exchange(endpoint.remembered, *remembered) != *remembered) {
    endpoint.logger.warn(*remembered ? "the name server does not answer, the last address is used"
                                     : "the name server answers again",
                         {{"endpoint", endpoint.options.endpoint}, {"host", url.host}});
  }
  const std::size_t machines = net::machines_of(connection.addresses());
  if (machines < 2) {
    return;
  }
  endpoint.fact("machines",
                fmt::format("{} has {} addresses; a session and a Kerberos ticket fit one machine: "
                            "poll front ends by their own names",
                            url.host, machines));
  if (endpoint.several.insert(url.host).second) {
    endpoint.logger.warn(
        "the name stands for several machines, and a session and a Kerberos ticket fit one: poll "
        "front ends by their own names",
        {{"endpoint", endpoint.options.endpoint},
         {"host", url.host},
         {"addresses", std::to_string(machines)}});
  }
}

void tell_unreached(WinrmEndpoint& endpoint, const Url& url, const Error& error) {
  const std::string written = url.with_port();
  if (endpoint.facts.front_end == written) {
    endpoint.facts.front_end.clear();
  }
  if (endpoint.front_ends.size() > 1) {
    endpoint.fact("not_reached", fmt::format("{}: {}", written, sfb::describe(error)));
  }
}

void show_request(const WinrmEndpoint& endpoint, const Url& url, const http::HttpRequest& request,
                  std::string_view envelope, std::span<const std::string> messages) {
  if (!endpoint.wants_wire()) {
    return;
  }
  std::string text = fmt::format("POST {} HTTP/1.1\nHost: {}\n", url.path, url.host_port());
  for (const http::Header& header : request.headers) {
    text +=
        fmt::format("{}: {}\n", header.name, iequals(header.name, "Cookie") ? "***" : header.value);
  }
  if (!request.authorization.empty()) {
    text += fmt::format("Authorization: {}\n", masked(request.authorization.reveal()));
  }
  Observer& observer = *endpoint.observer;
  observer.wire(">", text + fmt::format("Content-Length: {}", request.body.size()));
  if (!envelope.empty()) {
    observer.wire(">", wsman::show(envelope));
    for (const std::string& message : messages) {
      observer.wire(">", message);
    }
  }
}

void show_reply(const WinrmEndpoint& endpoint, const http::HttpReply& reply) {
  if (!endpoint.wants_wire()) {
    return;
  }
  std::string text = fmt::format("HTTP {}", reply.status);
  for (const http::Header& header : reply.headers) {
    text += fmt::format("\n{}: {}", header.name,
                        iequals(header.name, "Set-Cookie") ? "***" : header.value);
  }
  endpoint.observer->wire("<", text);
}

}  // namespace sfb::remote
