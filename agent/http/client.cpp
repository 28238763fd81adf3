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

#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
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
                 "check that this is the agent's address, and whether it is http or https there");
}

Secret request_bytes(const ClientTarget& to, const std::string& target,
                     const std::vector<Header>& headers, const Secret& authorization) {
  std::string head =
      fmt::format("GET {}{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", to.base_path, target,
                  to.unix_path.empty() ? host_port(to.host, to.port) : std::string("localhost"));
  for (const Header& header : headers) {
    head += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  constexpr std::string_view kAuthorization = "Authorization: ";
  const std::string_view proof = authorization.reveal();
  std::string bytes;
  bytes.reserve(head.size() + kAuthorization.size() + proof.size() + 4);  // whole: it is wiped
  bytes += head;
  if (!proof.empty()) {
    bytes.append(kAuthorization).append(proof).append("\r\n");
  }
  bytes += "\r\n";
  return Secret(std::move(bytes));
}

Response to_response(HttpReply reply) {
  Response out;
  out.status = reply.status;
  out.headers = std::move(reply.headers);
  out.body = std::make_shared<const std::string>(std::move(reply.body));
  out.close = true;
  return out;
}

// Whom is asked for what, by whom.
struct Question {
  const ClientTarget& to;
  const std::string& target;
  const std::vector<Header>& headers;
  const ClientIdentity& identity;
};

// The request, with a login that is made for this connection alone where there is one.
Result<Secret> request_of(const Question& question, ClientStream& stream) {
  const auto& [to, target, headers, identity] = question;
  if (!identity.prove) {
    return request_bytes(to, target, headers, identity.authorization);
  }
  auto proof = identity.prove(to.host, stream.bindings());
  return proof ? Result<Secret>(request_bytes(to, target, headers, *proof))
               : std::unexpected(std::move(proof.error()));
}

asio::awaitable<Result<Response>> exchange(const Question& question,
                                           const net::Endpoints& endpoints, MonoTime deadline,
                                           std::size_t max_bytes,
                                           const std::shared_ptr<net::TlsClient>& tls,
                                           Progress& progress) {
  const ClientTarget& to = question.to;
  auto socket = to.unix_path.empty() ? co_await connect_tcp(to, endpoints, deadline)
                                     : co_await connect_unix(to);
  if (!socket) {
    co_return std::unexpected(std::move(socket.error()));
  }
  ClientStream stream(std::move(*socket));
  if (tls) {
    progress.stage = Stage::tls;
    if (Status secured = co_await stream.secure(tls, to.host, to.str()); !secured) {
      co_return std::unexpected(std::move(secured.error()));
    }
  }
  progress.stage = Stage::query;
  const auto request = request_of(question, stream);
  if (!request) {
    co_return std::unexpected(request.error());
  }
  co_await stream.write(request->reveal());
  HttpReplyReader reader(kHeaderBytes, max_bytes);
  std::array<char, kPiece> piece{};
  while (!reader.done()) {
    const auto [error, count] = co_await stream.read_some(piece);
    if (error && error != asio::error::eof) {
      auto refused = stream.refusal(error, to.str());
      co_return refused ? std::unexpected(std::move(*refused)) : closed(to.str());
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
  Response response = to_response(std::move(reply));
  if (question.identity.proved) {
    if (Status proved = question.identity.proved(response); !proved) {
      co_return std::unexpected(std::move(proved.error()));
    }
  }
  co_return response;
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

/// A unix socket (no address) or this machine.
bool is_near(const net::Endpoints& endpoints) {
  return std::ranges::all_of(endpoints,
                             [](const auto& each) { return each.address().is_loopback(); });
}

std::unexpected<Error> bad_url(std::string_view text, std::string_view why) {
  return fail(Reason::parse, "client.url",
              fmt::format("{} is not an agent's address: {}", quote(text, 200), why),
              "write http://host:9943, https://host:9943 or unix:/path");
}

}  // namespace

std::string ClientTarget::str() const {
  return unix_path.empty()
             ? fmt::format("http{}://{}{}", tls ? "s" : "", host_port(host, port), base_path)
             : "unix:" + unix_path;
}

Result<ClientTarget> parse_client_target(std::string_view text) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  ClientTarget to;
  to.tls = istarts_with(text, kHttps);
  std::string_view rest = text;
  if (to.tls || istarts_with(text, kHttp)) {
    rest.remove_prefix(to.tls ? kHttps.size() : kHttp.size());
  }
  if (rest.size() == text.size() && text.find("://") != std::string_view::npos) {
    return bad_url(text, "only http, https and unix are known");
  }
  std::string_view authority = rest;
  if (to.tls || !rest.starts_with("unix:")) {
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
                                      std::size_t max_bytes, net::WorkerPool* resolver,
                                      ClientIdentity identity) {
  if (!can_be_sent(to, target, headers) || !is_clean(identity.authorization.reveal())) {
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
  if (!to.tls && (!identity.authorization.empty() || identity.prove) && !is_near(endpoints)) {
    co_return fail(Reason::forbidden, "client.unencrypted",
                   to.str() + ": the login is not sent, everybody on the way could read it",
                   "use https");
  }
  std::shared_ptr<net::TlsClient> tls;
  if (to.tls) {
    auto made = client_tls(identity);
    if (!made) {
      co_return std::unexpected(std::move(made.error()));
    }
    tls = std::move(*made);
  }
  const Question question{to, target, headers, identity};
  Progress progress;
  auto answer = co_await net::with_deadline(
      exchange(question, endpoints, deadline, max_bytes, tls, progress), deadline);
  if (!answer) {
    co_return fail_at(progress.stage, Reason::timeout, "client.timeout",
                      fmt::format("{}: {} in time", to.str(),
                                  progress.stage == Stage::connect ? "no connection was made"
                                  : progress.stage == Stage::tls   ? "the TLS handshake did not end"
                                                                   : "the answer did not come"),
                      "check the agent's log, or allow more time");
  }
  co_return std::move(*answer);
}

}  // namespace sfb::http
