// The head of an answer as bytes, without I/O.
#pragma once

#include "agent/http/types.hpp"

#include <ctime>
#include <string>
#include <string_view>

namespace sfb::http {

/// Which request and connection an answer goes to.
struct HeadOptions {
  bool keep_alive = true;  ///< the connection stays; else `Connection: close`
  bool http11 = true;      ///< what the client speaks; a 1.0 client is told `keep-alive`
};

/// Appends status line and headers with the empty line: the answer's own headers (a Content-Length,
/// Connection or Transfer-Encoding of a handler is left out), then what the server adds.
void append_head(std::string& out, const Response& response, const HeadOptions& options,
                 std::string_view date);
/// The same alone.
std::string response_head(const Response& response, const HeadOptions& options,
                          std::string_view date);

/// Does this status have a body (and a Content-Length) at all? Not 1xx, 204 and 304.
bool has_body(int status);

/// `Mon, 23 Nov 2026 18:47:03 GMT` (RFC 9110, 5.6.7).
std::string http_date(std::time_t time);

}  // namespace sfb::http
