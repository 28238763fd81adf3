// An HTTP request and its answer as plain values: what handlers see, without Asio or Beast.
#pragma once

#include "agent/base/secret.hpp"
#include "agent/http/body_parts.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::http {

/// One header line. Names keep the sender's case; compare them with `header`.
struct Header {
  std::string name;
  std::string value;
};

/// The value of the first header of this name (any case), nullptr when there is none.
const std::string* find_header(const std::vector<Header>& headers, std::string_view name);

/// What the handshake of a connection over TLS showed.
struct TlsPeer {
  std::string bindings;            ///< net::TlsServer::bindings of our certificate
  std::vector<std::string> names;  ///< net::TlsServer::verified_names of the client's
};

/// Who is at the other end of a connection.
struct Peer {
  bool unix_socket = false;
  std::string address;  ///< IP address without port, IPv4-mapped ones as IPv4; `unix` for a socket
  bool loopback = false;         ///< 127.0.0.0/8, ::1, the same IPv4-mapped, or a unix socket
  std::uint64_t connection = 0;  ///< the same for all requests of one connection of a server
  std::shared_ptr<const TlsPeer> tls = {};  ///< null: the connection is plain
};

class UnreadBody;

/// A complete request. The server has already refused what cannot be decoded, so `path` holds no
/// invalid escape and no NUL. Thread rule: immutable once the handler has it.
struct Request {
  std::string method;  ///< as sent: `GET`, `HEAD`, `POST`, ...
  std::string target;  ///< the request line's target, unaltered
  std::string path;    ///< percent-decoded, without the query; starts with `/` (or is `*`)
  std::string query;   ///< behind the `?`, still encoded (url.hpp decodes it); empty without one
  std::vector<Header> headers;  ///< of an absolute target, its authority is the Host
  Secret authorization;         ///< value of the Authorization header, which is not among `headers`
  std::string body;
  /// Where the handler reads the body itself (ServerOptions::reads_body); else null.
  std::shared_ptr<UnreadBody> unread = {};
  bool http11 = true;  ///< false: HTTP/1.0
  Peer peer;
  std::string local_address;  ///< where it came in: `127.0.0.1:9943`, `[::1]:9943`, `unix:/path`

  /// The value of the first header of this name (any case), nullptr when there is none.
  const std::string* header(std::string_view name) const { return find_header(headers, name); }
  bool has(std::string_view name) const { return header(name) != nullptr; }
};

/// An answer. The server adds Date, Content-Length, Connection and nosniff, and leaves the body out
/// for HEAD: handlers answer HEAD as they answer GET. Header values with control characters are
/// sent with blanks in their place.
struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::shared_ptr<const std::string> body;  ///< never copied, may be shared; nullptr is empty
  std::shared_ptr<BodyParts> parts = {};    ///< in the place of `body`, for one answer
  bool close = false;                       ///< close the connection behind this answer

  std::size_t body_size() const {
    return parts != nullptr ? parts->size() : body != nullptr ? body->size() : 0;
  }

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
};

/// How a connection of the server ended before its client or its handler wanted.
enum class Ended : std::uint8_t {
  idle,     ///< to make room: it waited for a request
  slow,     ///< to make room or free memory: it was stuck with half a request or an unread answer
  gone,     ///< the client closed its end, or half of it, before the answer was there
  refused,  ///< it got no place: nobody could go
};

/// `text/plain; charset=utf-8`; a line end is added when the text has none.
Response text_response(int status, std::string text);

/// The reason phrase (`Not Found`); `Unknown` for a status that has none here.
std::string_view status_text(int status);

}  // namespace sfb::http
