// The bytes of an outgoing request. Pure.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/url.hpp"
#include "agent/http/types.hpp"

#include <string>
#include <vector>

namespace sfb::http {

/// What is posted beside what every request has (Host, Content-Length and their like).
struct HttpRequest {
  std::vector<Header> headers = {};
  Secret authorization = {};  ///< value of Authorization; empty: none
  std::string body;
};

/// The whole POST as it goes out, in one piece: one TLS record less, one packet less. It is wiped
/// when it goes, for it may hold a password. Reason::internal, code `http.request`, where a header
/// has a line end.
Result<Secret> bytes_of(const Url& url, const HttpRequest& request);

}  // namespace sfb::http
