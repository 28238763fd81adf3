#include "agent/http/server_connection.hpp"

#include "agent/http/unread_body.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace sfb::http {

namespace {

namespace asio = boost::asio;

// A request that is still coming when the server drains gets a moment, not its full time.
constexpr std::chrono::seconds kDrainRead{1};
// Bytes of an answer that lie in the kernel unsent. More of them speed nothing up: 400 readers that
// do not read held 1.5 GB.
constexpr int kUnsentBytes = 128 << 10;
std::string what(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core, StreamSocket socket,
                       const std::string& listener_name)
    : core_(std::move(core)),
      stream_(std::move(socket)),
      reader_(core_->options.header_bytes, core_->options.body_bytes, core_->options.head_bytes),
      peer_(peer_of(stream_.socket())),
      local_address_(local_address_of(stream_.socket(), listener_name)),
      timer_(core_->executor),
      deadline_(net::kNever),
      armed_(net::kNever) {
  reader_.set_reads_body(core_->options.reads_body);
  core_->connections.insert(this);
  peer_.connection = ++core_->counters.accepted;
}

Connection::~Connection() {
  finish();
}

void Connection::start() {
  set_deadline(net::mono_now() + core_->options.idle_timeout);
  if (core_->speaks_tls(peer_)) {
    enter(Phase::handshake);
    set_deadline(net::mono_now() + core_->options.handshake_timeout);
  }
  if (!peer_.unix_socket) {
    boost::system::error_code ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    ::setsockopt(descriptor(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes, sizeof(kUnsentBytes));
  }
  auto on_end = [self = shared_from_this()](const std::exception_ptr& failure) {
    if (failure && !self->closing_) {
      self->core_->logger.error("connection failed",
                                {{"peer", self->peer_.address}, {"error", what(failure)}});
    }
    self->finish();
  };
  asio::co_spawn(core_->executor, run(),
                 asio::bind_cancellation_slot(cancel_.slot(), std::move(on_end)));
}

void Connection::finish() {
  boost::system::error_code ignored;
  stream_.socket().close(ignored);
  timer_.cancel();
  if (core_->connections.erase(this) == 0) {
    return;
  }
  core_->ending -= closing_ ? 1U : 0U;
  core_->keep_spare();
  if (core_->connections.empty()) {
    core_->drained.notify_all();
  }
}

void Connection::end_soon() {
  if (phase_ == Phase::idle || phase_ == Phase::handshake) {
    close();
  } else if (phase_ == Phase::headers || phase_ == Phase::body) {
    set_deadline(std::min(deadline_, net::mono_now() + kDrainRead));
  }
}

void Connection::close() {
  drop_body();  // at once, so that its memory serves another
  if (!std::exchange(closing_, true) && core_->connections.contains(this)) {
    ++core_->ending;
  }
  boost::system::error_code ignored;
  stream_.socket().close(ignored);
  cancel_.emit(asio::cancellation_type::terminal);
}

void Connection::abort() {
  if (phase_ == Phase::writing) {
    boost::system::error_code ignored;
    stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  }
  close();
}

void Connection::enter(Phase phase) {
  const bool same_request = phase_ == Phase::headers && phase == Phase::body;
  phase_ = phase;
  sent_ = 0;
  if (!same_request) {
    since_ = net::mono_now();
  }
}

// Runs with `this` kept alive by the completion handler of `start`.
asio::awaitable<void> Connection::run() {
  if (phase_ == Phase::handshake && !co_await shake_hands()) {
    co_return;
  }
  while (co_await read_request()) {
    const bool head = reader_.is_head();
    HeadOptions options{.keep_alive = reader_.keep_alive(), .http11 = reader_.http11()};
    Request request = unread_ ? reader_.take_head() : reader_.take();
    request.peer = peer_;
    request.local_address = local_address_;
    if (is_ready(request)) {
      reader_.reuse(std::move(request));
    } else {
      enter(Phase::answering);
      core_->watch_callers();
      set_deadline(net::kNever);  // the handler bounds its own time
      response_ = co_await answer(std::move(request));
    }
    options.keep_alive = options.keep_alive && !response_.close && !core_->draining && !unread_;
    enter(Phase::writing);
    if (closing_ || !co_await write(options, head) || !options.keep_alive) {
      break;
    }
  }
  response_ = {};
  if (unread_ && !closing_) {
    co_await linger();  // the client may still send it
    co_return;
  }
  enter(Phase::lingering);
  set_deadline(net::mono_now() + kLingerTime);
  co_await stream_.shut_down();
}

// False when the connection is to end.
asio::awaitable<bool> Connection::shake_hands() {
  const auto tls = co_await core_->options.tls->current();
  if (closing_ || expired_ || core_->draining) {
    co_return false;
  }
  if (tls != nullptr) {
    const auto done = co_await stream_.handshake(tls, *core_->handshakes, deadline_);
    if (done.plain_http) {
      co_await refuse({400, "this address speaks HTTPS: ask with https://"});
      co_return false;
    }
    if (done.ssl == nullptr) {
      if (!closing_ && (expired_ || !done.why.empty())) {
        core_->handshake_failed(peer_.address, expired_ ? "it did not end in time" : done.why);
        co_await linger();  // the alert that says why is on its way
      }
      co_return false;
    }
    peer_.tls = done.peer;
  }
  if (closing_ || core_->draining) {
    co_return false;
  }
  enter(Phase::idle);
  set_deadline(net::mono_now() + core_->options.idle_timeout);
  co_return true;
}

// True when a whole request is there; false when the connection is to end (a refusal is sent).
asio::awaitable<bool> Connection::read_request() {
  while (true) {
    switch (reader_.step()) {
      case RequestReader::Step::head:
        unread_ = true;
        [[fallthrough]];
      case RequestReader::Step::complete:
        co_return true;
      case RequestReader::Step::refused:
        co_await refuse(reader_.refusal());
        co_return false;
      case RequestReader::Step::ask_body:
        set_read_deadline();  // no longer idle, also for a drain that comes while this is written
        if (!co_await write_bytes("HTTP/1.1 100 Continue\r\n\r\n")) {
          co_return false;
        }
        break;
      case RequestReader::Step::more:
        break;
    }
    set_read_deadline();
    if (closing_ || (phase_ == Phase::idle && core_->draining)) {
      co_return false;
    }
    // Not by read_some, which is a frame more (server_stream.cpp).
    const auto [error, size] = co_await stream_.read_some(reader_.prepare());
    reader_.commit(error ? 0 : size);
    if (error) {
      if (expired_ && !closing_ && phase_ != Phase::idle) {
        co_await refuse({408, phase_ == Phase::headers ? "the headers did not come in time"
                                                       : "the body did not come in time"});
      }
      co_return false;
    }
    if (reader_.large_head() > 0 && !core_->has_room_for_head(*this)) {
      co_await refuse({503, "too many large requests: try again"});
      co_return false;
    }
  }
}

// A phase has one deadline however many reads it takes: slow drips do not move it.
void Connection::set_read_deadline() {
  const Phase now = !reader_.started()      ? Phase::idle
                    : reader_.has_headers() ? Phase::body
                                            : Phase::headers;
  if (now == phase_) {
    return;
  }
  enter(now);
  const ServerOptions& options = core_->options;
  if (core_->draining && now != Phase::idle) {
    set_deadline(net::mono_now() + kDrainRead);
    return;
  }
  set_deadline(net::mono_now() + (now == Phase::idle      ? options.idle_timeout
                                  : now == Phase::headers ? options.header_timeout
                                                          : options.body_timeout));
}

asio::awaitable<bool> Connection::read_some() {
  const std::span<char> room = reader_.prepare();
  const auto [error, size] = co_await stream_.read_some(room);
  if (error) {
    co_return false;
  }
  reader_.commit(size);
  co_return true;
}

bool Connection::is_ready(const Request& request) {
  const auto& ready = core_->options.ready;
  return ready && !unread_ && ready(request, response_);
}

asio::awaitable<Response> Connection::answer(Request request) {
  const auto asked = std::make_shared<Request>(std::move(request));
  if (unread_) {
    asked->unread = unread_body(weak_from_this(), reader_.body_size());
  }
  std::exception_ptr failure;
  try {
    co_return co_await core_->handler(asked);
  } catch (...) {
    failure = std::current_exception();
  }
  Response response = text_response(500, "internal error: see the agent's log");
  response.close = true;
  if (!closing_) {
    std::string id = core_->ids.of(*asked);
    core_->logger.error("handler failed",
                        {{"peer", peer_.address}, {"error", what(failure)}, {"request_id", id}});
    core_->mark_own_answer(response, peer_.address, std::move(id));
  }
  co_return response;
}

asio::awaitable<void> Connection::refuse(RequestReader::Refusal refusal) {
  enter(Phase::writing);
  response_ = text_response(refusal.status, std::move(refusal.text));
  core_->mark_own_answer(response_, peer_.address);
  const HeadOptions options{.keep_alive = false, .http11 = reader_.http11()};
  if (!co_await write(options, reader_.is_head())) {
    co_return;
  }
  co_await linger();
}

// Says that nothing follows, and reads on for a while (kLingerTime).
asio::awaitable<void> Connection::linger() {
  enter(Phase::lingering);
  set_deadline(net::mono_now() + kLingerTime);
  co_await stream_.shut_down();
  co_await discard(stream_.socket());
}

asio::awaitable<bool> Connection::write(HeadOptions options, bool head) {
  head_.clear();
  append_head(head_, response_, options, core_->date());
  body_ = std::move(response_.body);
  parts_ = std::move(response_.parts);
  if (head || !has_body(response_.status)) {
    drop_body();
  }
  return write_bytes(head_);
}

void Connection::set_deadline(MonoTime deadline) {
  deadline_ = deadline;
  expired_ = false;
  if (deadline < armed_) {
    arm(deadline);
  }
}

void Connection::arm(MonoTime when) {
  armed_ = when;
  timer_.expires_at(when);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (const auto self = weak.lock(); self != nullptr && !error) {
      self->on_timer();
    }
  });
}

void Connection::on_timer() {
  armed_ = net::kNever;
  if (deadline_ == net::kNever || closing_) {
    return;
  }
  if (net::mono_now() < deadline_) {
    arm(deadline_);
    return;
  }
  // Cancelled, not closed: a client that was too slow is still told so.
  expired_ = true;
  boost::system::error_code ignored;
  stream_.socket().cancel(ignored);
}

}  // namespace sfb::http
