#include "agent/http/server_connection.hpp"

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
// So much of an answer may lie in both kernels without a reader; and who reads less than so much a
// second is slow.
constexpr std::size_t kKernelBytes = 512UL << 10U;
constexpr double kSlowReader = 64 << 10;

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
      reader_(core_->options.header_bytes, core_->options.body_bytes),
      peer_(peer_of(stream_.socket())),
      local_address_(local_address_of(stream_.socket(), listener_name)),
      timer_(core_->executor),
      deadline_(net::kNever),
      armed_(net::kNever) {
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
  body_.reset();  // at once, so that its memory serves another
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

double Connection::bytes_per_second(MonoTime now) const {
  const double read = sent_ > kKernelBytes ? static_cast<double>(sent_ - kKernelBytes) : 0;
  return read / std::max(std::chrono::duration<double>(now - since_).count(), 0.001);
}

Connection::Turn Connection::turn(MonoTime now) const {
  const bool old = now - since_ >= core_->options.young;
  if (phase_ == Phase::writing) {
    return old && bytes_per_second(now) < kSlowReader ? Turn::slow_reader : Turn::reader;
  }
  if (phase_ == Phase::lingering) {
    return Turn::idle;
  }
  if (!old) {
    return Turn::young;
  }
  return phase_ == Phase::idle ? Turn::idle : Turn::half_request;
}

bool Connection::goes_before(const Connection& other, MonoTime now) const {
  const Turn mine = turn(now);
  const Turn others = other.turn(now);
  if (mine != others) {
    return mine < others;
  }
  return mine == Turn::slow_reader || mine == Turn::reader ? is_slower(other, now)
                                                           : since_ < other.since_;
}

bool Connection::is_slower(const Connection& other, MonoTime now) const {
  return std::pair(bytes_per_second(now), since_) <
         std::pair(other.bytes_per_second(now), other.since_);
}

// Runs with `this` kept alive by the completion handler of `start`.
asio::awaitable<void> Connection::run() {
  if (phase_ == Phase::handshake && !co_await shake_hands()) {
    co_return;
  }
  while (co_await read_request()) {
    const bool head = reader_.is_head();
    HeadOptions options{.keep_alive = reader_.keep_alive(), .http11 = reader_.http11()};
    enter(Phase::answering);
    core_->watch_callers();
    set_deadline(net::kNever);  // the handler bounds its own time
    Response response = co_await answer();
    options.keep_alive = options.keep_alive && !response.close && !core_->draining;
    enter(Phase::writing);
    if (closing_ || !co_await write(std::move(response), options, head) || !options.keep_alive) {
      break;
    }
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
      case RequestReader::Step::complete:
        co_return true;
      case RequestReader::Step::refused:
        co_await refuse(reader_.refusal());
        co_return false;
      case RequestReader::Step::ask_body:
        set_read_deadline();  // no longer idle, also for a drain that comes while this is written
        if (!co_await write_bytes("HTTP/1.1 100 Continue\r\n\r\n", nullptr)) {
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
    if (!co_await read_some()) {
      if (expired_ && !closing_ && phase_ != Phase::idle) {
        co_await refuse({408, phase_ == Phase::headers ? "the headers did not come in time"
                                                       : "the body did not come in time"});
      }
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

asio::awaitable<Response> Connection::answer() {
  Request request = reader_.take();
  request.peer = peer_;
  request.local_address = local_address_;
  std::exception_ptr failure;
  try {
    co_return co_await core_->handler(std::make_shared<const Request>(std::move(request)));
  } catch (...) {
    failure = std::current_exception();
  }
  Response response = text_response(500, "internal error: see the agent's log");
  response.close = true;
  if (!closing_) {
    core_->logger.error("handler failed", {{"peer", peer_.address}, {"error", what(failure)}});
    core_->count_own_answer(response.status, peer_.address);
  }
  co_return response;
}

asio::awaitable<void> Connection::refuse(RequestReader::Refusal refusal) {
  enter(Phase::writing);
  core_->count_own_answer(refusal.status, peer_.address);
  const HeadOptions options{.keep_alive = false, .http11 = reader_.http11()};
  if (!co_await write(text_response(refusal.status, std::move(refusal.text)), options,
                      reader_.is_head())) {
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

asio::awaitable<bool> Connection::write(Response response, HeadOptions options, bool head) {
  std::string bytes = response_head(response, options, core_->date());
  const bool with_body = !head && has_body(response.status);
  co_return co_await write_bytes(std::move(bytes), with_body ? std::move(response.body) : nullptr);
}

// Not asio::async_write: that one hands the kernel 64 KiB at a time, and pages have megabytes.
asio::awaitable<bool> Connection::write_bytes(std::string head,
                                              std::shared_ptr<const std::string> body) {
  const MonoTime read_deadline = deadline_;
  set_deadline(net::mono_now() + core_->options.write_timeout);
  body_ = std::move(body);
  const std::size_t body_size = body_ == nullptr ? 0 : body_->size();
  std::size_t sent = 0;
  while (sent < head.size() + body_size && !closing_) {
    const std::size_t head_sent = std::min(sent, head.size());
    const std::array<asio::const_buffer, 2> rest = {
        asio::buffer(head) + head_sent,
        body_ == nullptr ? asio::const_buffer() : asio::buffer(*body_) + (sent - head_sent)};
    const auto [error, size] = co_await stream_.write_some(rest);
    if (error || closing_) {
      if (expired_) {
        // Else the kernel would go on to offer the rest for minutes.
        boost::system::error_code ignored;
        stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
      }
      body_.reset();
      co_return false;
    }
    const bool begins = sent == 0;
    sent += size;
    sent_ = sent;
    if (begins && body_ != nullptr && sent < head.size() + body_size) {
      core_->bound_unsent();  // may close this one
    }
  }
  body_.reset();
  set_deadline(read_deadline);
  co_return !closing_;
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
