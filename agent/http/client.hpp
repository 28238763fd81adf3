// A small HTTP/1.1 client for the command line: one request, one answer, one connection.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/http/client_stream.hpp"
#include "agent/http/types.hpp"
#include "agent/net/worker_pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::http {

/// Which agent to ask: over a unix socket when `unix_path` is set, else over TCP.
struct ClientTarget {
  bool tls = false;
  std::string unix_path;
  std::string host;  ///< name or IP literal without brackets
  std::uint16_t port = 9943;
  std::string base_path;  ///< put before every target; starts with `/`, does not end with one

  /// For messages: `https://mon.example.com:9943/base` or `unix:/run/x.sock`.
  std::string str() const;
};

/// Reads `http://host[:port][/base]`, the same with `https`, `host:port` or `unix:/path`; the port
/// is 9943 unless given. Reason::parse, code `client.url`.
Result<ClientTarget> parse_client_target(std::string_view text);

/// Asks `target` (path and query, encoded) and gives the whole answer, any status. `max_bytes`
/// caps the body. Names are resolved on `resolver`, or on a thread of its own without one. With
/// `https`, blocks for a moment to read the files of `identity`. A password or token goes over TLS,
/// a unix socket or to this machine only: else Reason::forbidden, `client.unencrypted`.
/// Reason::tls (client_stream.hpp), dns (`client.resolve`), connect (`client.refused`,
/// `client.no_socket`, `client.denied`, `client.connect`), timeout (`client.timeout`), protocol
/// (`client.closed`, `client.protocol`, `client.too_large`); the message names the address, `stage`
/// tells how far it got. Thread rule: runs on the caller's executor; `resolver` outlives the call.
/// Cancellable.
boost::asio::awaitable<Result<Response>> get(ClientTarget to, std::string target,
                                             std::vector<Header> headers, MonoTime deadline,
                                             std::size_t max_bytes,
                                             net::WorkerPool* resolver = nullptr,
                                             ClientIdentity identity = {});

}  // namespace sfb::http
