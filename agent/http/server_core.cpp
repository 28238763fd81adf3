#include "agent/http/server_core.hpp"

#include "agent/http/response_writer.hpp"
#include "agent/http/server_connection.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace sfb::http {

namespace {

namespace asio = boost::asio;

// So many are told so at a time and read from for a while; more are told and closed at once.
constexpr std::size_t kMaxTurningAway = 64;
constexpr std::size_t kLingerBytes = 1UL << 20U;
// So many bodies may be read at a time whatever their size: a large page in each of its forms.
constexpr std::size_t kUnsentBodies = 4;
// How often it is looked for callers that hung up. One that closes its end behind the request, as
// some do, is answered if that takes no longer.
constexpr std::chrono::milliseconds kWatch{500};

}  // namespace

asio::awaitable<bool> discard(StreamSocket& socket) {
  std::array<char, 4096> bytes{};
  std::size_t total = 0;
  while (total < kLingerBytes) {
    const auto [error, size] =
        co_await socket.async_read_some(asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
    if (error) {
      co_return true;
    }
    total += size;
  }
  co_return false;
}

ServerCore::ServerCore(asio::any_io_executor loop, ServerOptions limits, Handler answer, Logger log)
    : executor(std::move(loop)),
      options(std::move(limits)),
      handler(std::move(answer)),
      logger(std::move(log)),
      watch_(executor),
      crowd_log_(executor, options.log_period, [this] { log_crowd(); }),
      unsent_log_(executor, options.log_period, [this] { log_cut(); }),
      handshake_log_(executor, options.log_period, [this] { log_handshakes(); }) {
  keep_spare();
}

const std::string& ServerCore::date() {
  const std::time_t now = std::time(nullptr);
  if (now != date_time_ || date_.empty()) {
    date_time_ = now;
    date_ = http_date(now);
  }
  return date_;
}

void ServerCore::mark_own_answer(Response& response, const std::string& peer, std::string id) {
  if (id.empty()) {
    id = ids.made();
  }
  logger.debug("request refused",
               {{"status", fmt::to_string(response.status)}, {"peer", peer}, {"request_id", id}});
  response.headers.push_back({"X-Request-Id", std::move(id)});
  if (options.on_own_answer) {
    options.on_own_answer(response);
  }
}

std::vector<std::shared_ptr<Connection>> ServerCore::all() const {
  std::vector<std::shared_ptr<Connection>> out;
  out.reserve(connections.size());
  for (Connection* connection : connections) {
    if (auto alive = connection->weak_from_this().lock()) {
      out.push_back(std::move(alive));
    }
  }
  return out;
}

bool ServerCore::has_place() {
  if (connections.size() - ending < options.max_connections) {
    return true;
  }
  if (!make_room()) {
    return false;
  }
  crowd_log_.happened();
  return true;
}

bool ServerCore::make_room() {
  const MonoTime now = net::mono_now();
  Connection* first = nullptr;
  for (Connection* each : connections) {
    if (each->can_go() && (first == nullptr || each->goes_before(*first, now))) {
      first = each;
    }
  }
  if ((first == nullptr || first->turn(now) != Connection::Turn::idle) && end_gone({})) {
    return true;
  }
  if (first == nullptr) {
    return false;
  }
  count(first->is_idle() ? Ended::idle : Ended::slow);
  first->abort();
  return true;
}

bool ServerCore::has_room_for_head(const Connection& head) {
  while (true) {
    std::size_t bytes = 0;
    Connection* oldest = nullptr;
    for (Connection* each : connections) {
      bytes += each->large_head();
      const bool may_go = each != &head && each->large_head() > 0 && each->is_reading_request();
      if (may_go && (oldest == nullptr || each->since() < oldest->since())) {
        oldest = each;
      }
    }
    if (bytes <= options.large_heads_bytes) {
      return true;
    }
    if (oldest == nullptr) {
      return false;
    }
    count(Ended::slow);
    oldest->abort();
  }
}

ServerCore::Unsent ServerCore::unsent(MonoTime now, bool slow_only) const {
  std::unordered_set<const void*> bodies;
  Unsent all;
  for (Connection* each : connections) {
    const auto [body, bytes] = each->unsent();
    if (body == nullptr) {
      continue;
    }
    all.bytes += bodies.insert(body).second ? bytes : 0;
    const bool counts = !slow_only || each->turn(now) == Connection::Turn::slow_reader;
    if (counts && (all.slowest == nullptr || each->is_slower(*all.slowest, now))) {
      all.slowest = each;
    }
  }
  all.bodies = bodies.size();
  return all;
}

void ServerCore::bound_unsent() {
  const MonoTime now = net::mono_now();
  while (true) {
    const Unsent all = unsent(now, false);
    if (all.bodies <= kUnsentBodies || all.bytes <= options.unsent_bytes) {
      return;
    }
    cut(*all.slowest, all.bytes);
  }
}

bool ServerCore::cut_slow_reader() {
  const Unsent all = unsent(net::mono_now(), true);
  if (all.slowest != nullptr) {
    cut(*all.slowest, all.bytes);
  }
  return all.slowest != nullptr;
}

void ServerCore::cut(Connection& reader, std::size_t bytes) {
  count(Ended::slow);
  ++cut_;
  unread_ = std::max(unread_, bytes);
  unsent_log_.happened();
  reader.abort();
}

bool ServerCore::end_gone(std::chrono::nanoseconds at_least) {
  const MonoTime now = net::mono_now();
  std::vector<std::shared_ptr<Connection>> answering;
  std::vector<pollfd> ends;
  for (auto& each : all()) {
    if (each->is_answering() && now - each->since() >= at_least) {
      ends.push_back({.fd = each->descriptor(), .events = POLLRDHUP, .revents = 0});
      answering.push_back(std::move(each));
    }
  }
  // Not by reading: behind the request there may be others, and then no end is seen.
  if (ends.empty() || ::poll(ends.data(), ends.size(), 0) <= 0) {
    return false;
  }
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i].revents != 0) {
      count(Ended::gone);
      answering[i]->close();
    }
  }
  return true;
}

void ServerCore::watch_callers() {
  if (watching_) {
    return;
  }
  watching_ = true;
  watch_.expires_after(kWatch);
  watch_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto core = weak.lock();
    if (core == nullptr) {
      return;
    }
    core->watching_ = false;
    if (error) {
      return;
    }
    core->end_gone(kWatch);
    if (std::ranges::any_of(core->connections,
                            [](const Connection* each) { return each->is_answering(); })) {
      core->watch_callers();
    }
  });
}

void ServerCore::stop_watching() {
  watch_.cancel();
  crowd_log_.stop();
  unsent_log_.stop();
  handshake_log_.stop();
}

void ServerCore::count(Ended how) {
  switch (how) {
    case Ended::idle:
      ++counters.closed_idle;
      break;
    case Ended::slow:
      ++counters.closed_slow;
      break;
    case Ended::gone:
      ++counters.gone;
      break;
    case Ended::refused:
      ++counters.refused;
      break;
  }
  if (options.on_ended) {
    options.on_ended(how);
  }
}

void ServerCore::log_crowd() {
  const auto since = [](std::uint64_t now, std::uint64_t then) {
    return fmt::to_string(now - then);
  };
  logger.warn("all places for connections are taken",
              {{"limit", fmt::to_string(options.max_connections)},
               {"refused", since(counters.refused, logged_.refused)},
               {"closed_idle", since(counters.closed_idle, logged_.closed_idle)},
               {"closed_slow", since(counters.closed_slow, logged_.closed_slow)}});
  logged_ = counters;
}

void ServerCore::log_cut() {
  logger.warn("slow readers are cut off, their answers take too much memory",
              {{"closed", fmt::to_string(std::exchange(cut_, 0))},
               {"bytes", fmt::to_string(std::exchange(unread_, 0))},
               {"limit", fmt::to_string(options.unsent_bytes)}});
}

bool ServerCore::speaks_tls(const Peer& peer) const {
  return options.tls != nullptr && !peer.unix_socket;
}

void ServerCore::handshake_failed(const std::string& peer, std::string why) {
  logger.debug("TLS handshake failed", {{"peer", peer}, {"error", why}});
  ++failed_;
  failed_peer_ = peer;
  failed_why_ = std::move(why);
  handshake_log_.happened();
}

void ServerCore::log_handshakes() {
  logger.warn("TLS handshakes failed, the last of them here",
              {{"failed", fmt::to_string(std::exchange(failed_, 0))},
               {"peer", failed_peer_},
               {"error", failed_why_}});
}

void ServerCore::turn_away(StreamSocket socket) {
  count(Ended::refused);
  crowd_log_.happened();
  if (speaks_tls(peer_of(socket)) && options.tls->known() != nullptr) {
    return;  // the words would need a handshake first
  }
  Response response = text_response(503, "too many connections: try again");
  response.headers.push_back({"Retry-After", "1"});
  mark_own_answer(response, peer_of(socket).address);
  const std::string bytes =
      response_head(response, {.keep_alive = false, .http11 = true}, date()) + *response.body;
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  // The request, if it is there: unread, it would make the close a reset.
  std::array<char, 4096> request{};
  socket.read_some(asio::buffer(request), ignored);
  // So little fits into the send buffer of a new socket at once.
  socket.write_some(asio::buffer(bytes), ignored);
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
  if (turning_away_ < kMaxTurningAway) {
    asio::co_spawn(executor, linger(shared_from_this(), std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> ServerCore::linger(std::shared_ptr<ServerCore> core, StreamSocket socket) {
  ++core->turning_away_;
  co_await net::with_deadline(discard(socket), net::mono_now() + kLingerTime);
  --core->turning_away_;
}

void ServerCore::keep_spare() {
  if (spare.get() < 0) {
    spare.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
}

}  // namespace sfb::http
