// HTTP answers without SOAP: proxies, IIS and http.sys answer in their own
// ways. Pure functions.
#pragma once

#include "agent/base/error.hpp"

#include <chrono>
#include <string_view>
#include <vector>

namespace sfb::wsman {

/// An HTTP answer as far as this protocol looks at it.
struct HttpAnswer {
  int status = 0;
  std::string_view content_type;
  std::string_view body;
  std::string_view content_encoding = {};    ///< empty: none
  std::string_view location = {};            ///< where a redirection leads
  std::string_view retry_after = {};         ///< when to come back
  std::vector<std::string_view> challenges;  ///< every WWW-Authenticate
  bool fresh = false;                        ///< the first answer on its connection
  bool sealed = false;                       ///< it was asked over https, or in a sealed message
};

/// A server may ask for no longer pause: else one wrong answer would stop the asking for days.
inline constexpr std::chrono::seconds kMostRetryAfter{600};

/// Whether SOAP is inside, by the content type, with any status; an empty body is not SOAP. Without
/// SOAP the status decides about the error. The body's text, without HTML tags and cut to
/// kPeerText, is the peer's.
/// - 400: protocol, `http.bad_request`
/// - 401: auth, `http.unauthorized`; the challenges are the peer's text
/// - 403: forbidden, `http.forbidden`
/// - 404: not_found, `http.not_found`
/// - 407: protocol, `http.proxy_logon`
/// - 408: protocol, `http.request_timeout`
/// - 411: protocol, `http.length_required`
/// - 413: protocol, `http.too_large`
/// - 429: throttled, `http.throttled`
/// - 3xx: protocol, `http.redirect`; the target is the peer's text, without user and query
/// - 200 or 500 with a Content-Encoding: protocol, `http.content_encoding`; nobody asked for one
/// - 500 with an empty body: protocol, `http.empty_500`; over http the server wants encryption
/// - 502: protocol, `http.bad_gateway`
/// - 503: protocol, `http.unavailable`
/// - 504: protocol, `http.gateway_timeout`
/// - a multipart body: protocol, `http.encrypted`
/// - all others: protocol, `http.status`
/// Of 429 and 503 Error::retry_after is what the server says in seconds, kMostRetryAfter at most; a
/// date counts as nothing.
Status soap_inside(const HttpAnswer& answer);

}  // namespace sfb::wsman
