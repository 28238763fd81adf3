#include "agent/remote/winrm/link_watch.hpp"

#include "agent/base/text.hpp"
#include "agent/wsman/request.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

void show_request(const WinrmEndpoint& endpoint, const http::HttpRequest& request,
                  std::string_view envelope, std::span<const std::string> messages) {
  if (!endpoint.wants_wire()) {
    return;
  }
  const Url& url = endpoint.options.url;
  std::string text = fmt::format("POST {} HTTP/1.1\nHost: {}\n", url.path, url.host_port());
  for (const http::Header& header : request.headers) {
    text += fmt::format("{}: {}\n", header.name, header.value);
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
