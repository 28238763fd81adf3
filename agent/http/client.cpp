#include "agent/http/client.hpp"

#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"
#include "agent/http/exchange.hpp"
#include "agent/http/listener.hpp"
#include "agent/http/reply_reader.hpp"
#include "agent/net/address.hpp"
#include "agent/net/await.hpp"
#include "agent/net/connect.hpp"
#include "agent/net/resolve.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace sfb::http {

namespace {

namespace asio = boost::asio;

using net::kAwait;
constexpr std::size_t kHeaderBytes = 64UL << 10U;

// How far an exchange got, for the message when its deadline comes.
struct Progress {
  Stage stage = Stage::connect;
};

std::unexpected<Error> connect_failed(const ClientTarget& to, const boost::system::error_code& e) {
  const std::string where = to.str();
  if (e == boost::system::errc::no_such_file_or_directory) {
    return fail_at(Stage::connect, Reason::connect, "client.no_socket",
                   where + ": there is no such socket",
                   fmt::format("start the agent with --web.listen-address={}, or set "
                               "SFB_BACKUP_EXPORTER_URL",
                               where));
  }
  if (e == boost::system::errc::permission_denied) {
    return fail_at(Stage::connect, Reason::connect, "client.denied", where + ": permission denied",
                   "join the group that owns the socket");
  }
  if (e == asio::error::connection_refused) {
    return fail_at(Stage::connect, Reason::connect, "client.refused",
                   where + ": connection refused",
                   "check that the agent is running, or set SFB_BACKUP_EXPORTER_URL");
  }
  return fail_at(Stage::connect, Reason::connect, "client.connect",
                 fmt::format("{}: cannot connect: {}", where, e.message()),
                 "check the address and the network, or set SFB_BACKUP_EXPORTER_URL");
}

asio::awaitable<Result<StreamSocket>> connect_unix(const ClientTarget& to) {
  StreamSocket socket(co_await asio::this_coro::executor);
  if (to.unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
    co_return fail_at(Stage::connect, Reason::connect, "client.connect",
                      to.str() + ": the path is too long for a socket", "choose a shorter path");
  }
  const StreamProtocol::endpoint endpoint(asio::local::stream_protocol::endpoint(to.unix_path));
  const auto [error] = co_await socket.async_connect(endpoint, kAwait);
  if (error) {
    co_return connect_failed(to, error);
  }
  co_return socket;
}

// Until the caller's own deadline: it knows what to say then.
asio::awaitable<Result<StreamSocket>> connect_tcp(const ClientTarget& to,
                                                  const net::Endpoints& endpoints,
                                                  MonoTime deadline) {
  auto socket = co_await net::connect_any(endpoints, deadline);
  if (!socket) {
    co_return connect_failed(to, socket.error());
  }
  co_return StreamSocket(std::move(*socket));
}

std::unexpected<Error> closed(const std::string& where) {
  return fail_at(Stage::query, Reason::protocol, "client.closed",
                 where + ": the connection was closed before the whole answer came",
                 "try again; the agent's log may tell why");
}

// The reader's words name a limit of endpoints.
std::unexpected<Error> read_failed(const std::string& where, const Error& error,
                                   const HttpReplyReader& reader, std::size_t max_bytes) {
  if (error.code == "http.closed" || error.code == "http.cut") {
    return closed(where);
  }
  if (error.code == "http.answer_too_large" && reader.has_head()) {
    return fail_at(Stage::query, Reason::protocol, "client.too_large",
                   fmt::format("{}: the answer is larger than {} bytes", where, max_bytes),
                   "check that this is the agent's address");
  }
  return fail_at(Stage::query, Reason::protocol, "client.protocol", where + ": " + error.message,
                 "check that this is the agent's address (plain http, not https)");
}

std::string request_bytes(const ClientTarget& to, const std::string& target,
                          const std::vector<Header>& headers) {
  std::string out =
      fmt::format("GET {}{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", to.base_path, target,
                  to.unix_path.empty() ? host_port(to.host, to.port) : std::string("localhost"));
  for (const Header& header : headers) {
    out += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  out += "\r\n";
  return out;
}

Response to_response(HttpReply reply) {
  Response out;
  out.status = reply.status;
  out.headers = std::move(reply.headers);
  out.body = std::make_shared<const std::string>(std::move(reply.body));
  out.close = true;
  return out;
}

asio::awaitable<Result<Response>> exchange(const ClientTarget& to, const net::Endpoints& endpoints,
                                           const std::string& request, MonoTime deadline,
                                           std::size_t max_bytes, Progress& progress) {
  auto socket = to.unix_path.empty() ? co_await connect_tcp(to, endpoints, deadline)
                                     : co_await connect_unix(to);
  if (!socket) {
    co_return std::unexpected(std::move(socket.error()));
  }
  progress.stage = Stage::query;
  // A server that refuses early answers before it has read everything: so a failed write is no
  // reason not to read.
  static_cast<void>(co_await asio::async_write(*socket, asio::buffer(request), kAwait));
  HttpReplyReader reader(kHeaderBytes, max_bytes);
  std::array<char, kPiece> piece{};
  while (!reader.done()) {
    const auto [error, count] = co_await socket->async_read_some(asio::buffer(piece), kAwait);
    if (error && error != asio::error::eof) {
      co_return closed(to.str());
    }
    const Status taken = error ? reader.finish() : reader.feed({piece.data(), count});
    if (!taken) {
      co_return read_failed(to.str(), taken.error(), reader, max_bytes);
    }
  }
  HttpReply reply = reader.take();
  if (const std::string* const coding = reply.header("Content-Encoding");
      coding != nullptr && !iequals(trim(*coding), "identity")) {
    co_return fail_at(Stage::query, Reason::protocol, "client.content_encoding",
                      to.str() + ": the answer has a Content-Encoding that nobody asked for",
                      "look at the proxy before the agent: it must not compress unasked");
  }
  co_return to_response(std::move(reply));
}

bool is_clean(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool can_be_sent(const ClientTarget& to, const std::string& target,
                 const std::vector<Header>& headers) {
  return target.starts_with('/') && is_clean(to.host) && is_clean(to.base_path) &&
         is_clean(target) && target.find(' ') == std::string::npos &&
         std::ranges::all_of(headers, [](const Header& header) {
           return !header.name.empty() && is_clean(header.name) && is_clean(header.value) &&
                  header.name.find_first_of(": ") == std::string::npos;
         });
}

std::unexpected<Error> bad_url(std::string_view text, std::string_view why) {
  return fail(Reason::parse, "client.url",
              fmt::format("{} is not an agent's address: {}", quote(text, 200), why),
              "write http://host:9943 or unix:/path");
}

}  // namespace

std::string ClientTarget::str() const {
  return unix_path.empty() ? "http://" + host_port(host, port) + base_path : "unix:" + unix_path;
}

Result<ClientTarget> parse_client_target(std::string_view text) {
  constexpr std::string_view kHttp = "http://";
  if (istarts_with(text, "https://")) {
    return fail(Reason::protocol, "client.https",
                fmt::format("{}: https is not in this build", quote(text, 200)),
                "use an http:// address or unix:/path");
  }
  std::string_view rest = istarts_with(text, kHttp) ? text.substr(kHttp.size()) : text;
  if (rest.size() == text.size() && text.find("://") != std::string_view::npos) {
    return bad_url(text, "only http and unix are known");
  }
  ClientTarget to;
  std::string_view authority = rest;
  if (!rest.starts_with("unix:")) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    authority = rest.substr(0, slash);
    std::string_view base = rest.substr(slash);
    while (base.ends_with('/')) {
      base.remove_suffix(1);
    }
    if (!is_clean(base) || base.find_first_of("?# ") != std::string_view::npos) {
      return bad_url(text, "only a path may follow the port");
    }
    to.base_path = base;
  }
  auto address = net::parse_listen_address(authority, to.port);
  if (!address || (!address->is_unix() && (address->host.empty() || address->port == 0))) {
    return bad_url(text, "host and port are not valid");
  }
  if (address->is_unix()) {
    to.unix_path = std::move(address->path);
  } else {
    to.host = std::move(address->host);
    to.port = address->port;
  }
  return to;
}

asio::awaitable<Result<Response>> get(ClientTarget to, std::string target,
                                      std::vector<Header> headers, MonoTime deadline,
                                      std::size_t max_bytes, net::WorkerPool* resolver) {
  if (!can_be_sent(to, target, headers)) {
    co_return fail(Reason::internal, "client.request",
                   "the request holds characters HTTP does not allow");
  }
  net::Endpoints endpoints;
  if (to.unix_path.empty()) {
    // A thread of its own when there is no pool; a resolver that hangs is left behind.
    std::optional<net::WorkerPool> own;
    if (resolver == nullptr) {
      own.emplace("resolve", 1, 1, std::chrono::milliseconds(0));
      resolver = &*own;
    }
    auto found = co_await net::resolve(*resolver, to.host, to.port, deadline);
    if (!found) {
      Error error = std::move(found.error());
      error.code = "client.resolve";
      error.message = to.str() + ": " + error.message;
      co_return std::unexpected(std::move(error));
    }
    endpoints = std::move(*found);
  }
  const std::string request = request_bytes(to, target, headers);
  Progress progress;
  auto answer = co_await net::with_deadline(
      exchange(to, endpoints, request, deadline, max_bytes, progress), deadline);
  if (!answer) {
    co_return fail_at(progress.stage, Reason::timeout, "client.timeout",
                      fmt::format("{}: {} in time", to.str(),
                                  progress.stage == Stage::connect ? "no connection was made"
                                                                   : "the answer did not come"),
                      "check the agent's log, or allow more time");
  }
  co_return std::move(*answer);
}

}  // namespace sfb::http
