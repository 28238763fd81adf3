// What an HTTP answer is when no SOAP is inside: proxies, IIS and http.sys answer in their own
// ways. Pure functions.
#pragma once

#include "agent/base/error.hpp"

#include <string_view>
#include <vector>

namespace sfb::wsman {

/// An HTTP answer as far as this protocol looks at it.
struct HttpAnswer {
  int status = 0;
  std::string_view content_type;
  std::string_view body;
  std::vector<std::string_view> challenges;  ///< every WWW-Authenticate
  bool fresh = false;                        ///< the first answer on its connection
  bool tls = false;                          ///< it came over https
};

/// Decides by content type whether SOAP is inside (whatever the status; an empty body is none);
/// what is not is an error by status: 401 Reason::auth `http.unauthorized` (the challenges are the
/// peer's text), 403 forbidden `http.forbidden`, 404 not_found `http.not_found`, 400 protocol
/// `http.bad_request`, 413 protocol `http.too_large`, 429 throttled `http.throttled`, 3xx protocol
/// `http.redirect`, 503 protocol `http.unavailable`, 500 with an empty body protocol
/// `http.empty_500` (over http the server wants message encryption), the rest protocol
/// `http.status`; a multipart body protocol `http.encrypted`. The body's text (tags of HTML taken
/// off, cut to kPeerText) is the peer's.
Status soap_inside(const HttpAnswer& answer);

}  // namespace sfb::wsman
