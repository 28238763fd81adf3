#include "agent/wsman/http_answer.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace sfb::wsman {

namespace {

// Where an envelope's first tag ends, with a declaration and comments before it.
constexpr std::size_t kHead = 1024;

std::string media_type(std::string_view content_type) {
  return to_lower(trim(content_type.substr(0, content_type.find(';'))));
}

bool looks_like_envelope(std::string_view body) {
  const std::string_view head = trim(body.substr(0, kHead));
  return (head.starts_with('<') || head.starts_with("\xEF\xBB\xBF<")) && head.contains("Envelope");
}

bool has_soap(const HttpAnswer& answer) {
  if (trim(answer.body).empty()) {
    return false;
  }
  const std::string type = media_type(answer.content_type);
  if (type == "application/soap+xml" || type == "text/xml") {
    // A server's or proxy's page about an error may be called XML too.
    const bool soap_status = answer.status == 200 || answer.status == 500;
    return soap_status || looks_like_envelope(answer.body);
  }
  return type.empty() && looks_like_envelope(answer.body);
}

// The place behind what a reader does not see; `pos` is at a `<`.
std::size_t behind_tag(std::string_view html, std::size_t pos) {
  const auto behind = [&](std::string_view end) {
    const auto at = html.find(end, pos);
    return at == std::string_view::npos ? html.size() : at + end.size();
  };
  if (html.substr(pos).starts_with("<!--")) {
    return behind("-->");
  }
  for (const std::string_view hidden : {"style", "script"}) {
    if (istarts_with(html.substr(pos + 1), hidden)) {
      // The end tag in the page's own spelling: anything else would need a parser.
      pos = behind("</");
      break;
    }
  }
  return behind(">");
}

// Tags taken off, blanks collapsed, cut. No parser: this is only ever shown.
std::string plain_text(std::string_view body) {
  std::string out;
  bool blank = false;
  for (std::size_t pos = 0; pos < body.size() && out.size() <= kPeerText;) {
    const char c = body[pos];
    if (c == '<') {
      pos = behind_tag(body, pos);
      blank = true;
    } else if (trim({&c, 1}).empty()) {
      ++pos;
      blank = true;
    } else {
      if (blank && !out.empty()) {
        out += ' ';
      }
      blank = false;
      out += c;
      ++pos;
    }
  }
  return std::string(cut_utf8(out));
}

// A server that changes nothing says nothing, or `identity`.
bool is_coded(const HttpAnswer& answer) {
  const std::string_view coding = trim(answer.content_encoding);
  return !coding.empty() && !iequals(coding, "identity");
}

// Where a redirection leads, without what may be secret in it: a user's name, a query.
std::string target_of(std::string_view location) {
  location = trim(location.substr(0, location.find_first_of("?#")));
  const std::size_t scheme = location.find("//");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 2;
  const std::size_t path = std::min(location.find('/', host), location.size());
  const std::size_t user = location.substr(0, path).rfind('@');
  if (scheme == std::string_view::npos || user == std::string_view::npos || user < host) {
    return std::string(cut_utf8(location));
  }
  return std::string(
      cut_utf8(fmt::format("{}{}", location.substr(0, host), location.substr(user + 1))));
}

std::chrono::seconds seconds_of(std::string_view retry_after) {
  retry_after = trim(retry_after);
  std::uint64_t seconds = 0;
  const char* const end = retry_after.data() + retry_after.size();
  const auto [at, failure] = std::from_chars(retry_after.data(), end, seconds);
  if (at != end || failure == std::errc::invalid_argument) {
    return {};
  }
  const auto most = static_cast<std::uint64_t>(kMostRetryAfter.count());
  // A number that is too large leaves `seconds` alone.
  return failure == std::errc{} && seconds < most ? std::chrono::seconds(seconds) : kMostRetryAfter;
}

struct StatusRow {
  int status;
  Reason reason;
  std::string_view code;
  std::string_view message;
  std::string_view remedy;
};

constexpr std::array kStatuses = {
    StatusRow{400, Reason::protocol, "http.bad_request", "the server cannot read the request",
              "check that url names a WS-Management endpoint and that no proxy changes requests"},
    StatusRow{401, Reason::auth, "http.unauthorized", "the server refuses the logon",
              "check user name and password, and that the endpoint offers this kind of logon"},
    StatusRow{403, Reason::forbidden, "http.forbidden", "the web server refuses access",
              "check the rights on the virtual directory, whether IIS wants TLS or a client "
              "certificate, and address restrictions"},
    StatusRow{404, Reason::not_found, "http.not_found", "the server has nothing under this path",
              "check the path in url: /wsman for WinRM itself, the virtual directory (as "
              "/OcsPowershell) for an endpoint in IIS"},
    StatusRow{407, Reason::protocol, "http.proxy_logon",
              "a proxy in between wants a logon of its own",
              "let this machine pass the proxy without a logon, or keep the way to the server free "
              "of proxies: the agent logs on to servers only"},
    StatusRow{408, Reason::protocol, "http.request_timeout",
              "the web server waited in vain for the rest of the request",
              "look at the network and at proxies in between: part of the request did not arrive"},
    StatusRow{411, Reason::protocol, "http.length_required",
              "the web server misses the request's Content-Length",
              "look at proxies in between: the agent always sends it, so something takes it away"},
    StatusRow{413, Reason::protocol, "http.too_large", "the web server finds the request too large",
              "raise the request limits of the web server or of the proxy before it"},
    StatusRow{
        429, Reason::throttled, "http.throttled",
        "the web server or a proxy gets too many requests",
        "ask less often (evaluation_interval), or raise the limit of the web server or proxy"},
    StatusRow{502, Reason::protocol, "http.bad_gateway",
              "a gateway cannot reach the server, or does not understand it",
              "look at the gateway: to which server and port it passes requests, whether it speaks "
              "TLS to it as it must, and whether WinRM or IIS runs there"},
    StatusRow{503, Reason::protocol, "http.unavailable", "the web server is not available",
              "check that the application pool and the WinRM service run on the server, and that a "
              "gateway in between has a server to pass requests to"},
    StatusRow{504, Reason::protocol, "http.gateway_timeout",
              "a gateway got no answer from the server in its time",
              "look whether the server behind the gateway answers, and let the gateway wait more "
              "than 20 s: so long the server may keep a request open while the cmdlet runs"},
};

}  // namespace

Status soap_inside(const HttpAnswer& answer) {
  const bool coded = is_coded(answer);
  if (!coded && has_soap(answer)) {
    return {};
  }
  const std::string type = media_type(answer.content_type);
  // Sealed bodies are no text for anybody.
  const bool sealed = type.starts_with("multipart/");
  if (sealed) {
    return fail(Reason::protocol, "http.encrypted",
                fmt::format("HTTP {}: the answer is encrypted, but no encryption was agreed on",
                            answer.status),
                answer.sealed
                    ? "look at the server and at proxies before it: nothing asked for that"
                    : "use an https url; message encryption over http is not supported with "
                      "this kind of logon");
  }
  if (coded && (answer.status == 200 || answer.status == 500)) {
    return fail(Reason::protocol, "http.content_encoding",
                fmt::format("HTTP {}: the answer has a Content-Encoding that nobody asked for",
                            answer.status),
                "let the web server, or a proxy in between, send answers as they are: without "
                "compression",
                std::string(cut_utf8(trim(answer.content_encoding))));
  }
  std::string peer = coded ? std::string() : plain_text(answer.body);
  if (answer.status == 401) {
    peer.clear();
    for (const std::string_view challenge : answer.challenges) {
      peer += fmt::format("{}{}", peer.empty() ? "" : ", ", challenge);
    }
    peer = std::string(cut_utf8(peer));
  }
  const auto known = std::ranges::find(kStatuses, answer.status, &StatusRow::status);
  if (known != kStatuses.end()) {
    auto failed = fail(known->reason, std::string(known->code),
                       fmt::format("HTTP {}: {}", answer.status, known->message),
                       std::string(known->remedy), std::move(peer));
    if (answer.status == 429 || answer.status == 503) {
      failed.error().retry_after = seconds_of(answer.retry_after);
    }
    return failed;
  }
  if (answer.status >= 300 && answer.status < 400) {
    return fail(
        Reason::protocol, "http.redirect",
        fmt::format("HTTP {}: the server sends us to another address", answer.status),
        answer.location.empty()
            ? "redirections are not followed: put the final address into url"
            : "redirections are not followed: put the address of the answer into url, if it "
              "is the server's",
        answer.location.empty() ? std::move(peer) : target_of(answer.location));
  }
  if (answer.status == 500 && peer.empty() && answer.sealed) {
    return fail(Reason::protocol, "http.empty_500", "HTTP 500 with an empty answer",
                "look at the server's event log (Windows Remote Management, IIS), its application "
                "pools, and proxies before it");
  }
  if (answer.status == 500 && peer.empty()) {
    return fail(
        Reason::protocol, "http.empty_500",
        "HTTP 500 with an empty answer: the server wants message encryption",
        "use method kerberos, whose messages are sealed, or an https url; over http a server "
        "with AllowUnencrypted=false refuses readable messages this way");
  }
  return fail(Reason::protocol, "http.status",
              fmt::format("HTTP {}: the answer is no WS-Management", answer.status),
              "check url: something else than WS-Management answers there", std::move(peer));
}

bool relates(std::string_view relates_to, std::string_view message_id) {
  const auto bare = [](std::string_view id) {
    id = trim(id);
    for (const std::string_view prefix : {"urn:", "uuid:"}) {
      if (istarts_with(id, prefix)) {
        id.remove_prefix(prefix.size());
      }
    }
    return id;
  };
  const std::string_view id = bare(relates_to);
  return !id.empty() && iequals(id, bare(message_id));
}

}  // namespace sfb::wsman
