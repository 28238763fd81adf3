#include "agent/remote/winrm/winrm_link.hpp"

#include "agent/base/text.hpp"
#include "agent/remote/winrm/link_watch.hpp"
#include "agent/remote/winrm/trusted.hpp"
#include "agent/remote/winrm/winrm_failure.hpp"

#include <algorithm>
#include <utility>

namespace sfb::remote {

namespace {

constexpr std::string_view kSoap = "application/soap+xml;charset=UTF-8";
// Negotiations have at most a few legs; a server that goes on asking is not one.
constexpr int kMaxLegs = 8;

std::unexpected<Error> at_stage(Stage stage, Error error) {
  return std::unexpected(with_stage(std::move(error), stage));
}

}  // namespace

WinrmLink::WinrmLink(std::shared_ptr<WinrmEndpoint> endpoint)
    : endpoint_(std::move(endpoint)), logon_(endpoint_) {}

WinrmLink::~WinrmLink() {
  release();
}

void WinrmLink::drop() {
  connection_.reset();
  answers_ = 0;
  logon_.reset();
}

std::uint64_t WinrmLink::secret_version() const {
  return endpoint_->secret ? endpoint_->secret->version() : 0;
}

void WinrmLink::keep(std::size_t bytes) {
  if (held_ > bytes) {
    endpoint_->options.budget->give(held_ - bytes);
    held_ = bytes;
  }
}

bool WinrmLink::admit(std::size_t bytes) {
  if (!endpoint_->options.budget->try_take(bytes)) {
    return false;
  }
  held_ += bytes;
  return true;
}

boost::asio::awaitable<Status> WinrmLink::choose(MonoTime deadline, StageTimes& times) {
  const Posting posting{
      .stage = Stage::open, .envelope = {}, .deadline = deadline, .once = true, .anywhere = true};
  co_return co_await opened(posting, times);
}

boost::asio::awaitable<Status> WinrmLink::opened(const Posting& posting, StageTimes& times) {
  if (Status open = co_await ensure_open(posting, times); !open) {
    drop();
    co_return at_stage(Stage::connect,
                       explain(std::move(open.error()), posting, posting.deadline, false));
  }
  co_return Status{};
}

boost::asio::awaitable<Result<http::HttpReply>> WinrmLink::post(Posting posting,
                                                                StageTimes& times) {
  if (Status open = co_await opened(posting, times); !open) {
    co_return std::unexpected(std::move(open.error()));
  }
  const MonoTime began = net::mono_now();
  const auto for_auth = times.sum(Stage::auth) + ticket_time_;
  const MonoTime end = std::min<MonoTime>(
      posting.deadline,
      began + std::min<std::chrono::nanoseconds>(posting.patience + kSlack, posting.cap));
  const auto idle = began - connection_->last_used();
  auto reply = co_await exchange(posting, end, times);
  times.add(Stage::auth, std::exchange(ticket_time_, {}));  // where no leg ended the stage
  learn(reply);
  if (!reply && reply.error().code == "http.closed" && answers_ > 0) {
    endpoint_->keep_alive.closed(net::mono_now(), idle);
  }
  if (reply || reply.error().stage != Stage::auth) {
    times.add(posting.stage, net::mono_now() - began - (times.sum(Stage::auth) - for_auth));
  }
  if (!reply) {
    const bool answering = connection_->answer_began();
    drop();
    // From here on the request may have been executed, whatever became of the connection; only a
    // refused authentication says that it was not.
    if (reply.error().stage != Stage::auth && reply.error().stage != Stage::tls) {
      reply.error().stage = posting.stage;
    }
    co_return std::unexpected(explain(std::move(reply.error()), posting, end, answering));
  }
  co_return reply;
}

// Which of the times ran out is known only here.
Error WinrmLink::explain(Error error, const Posting& posting, MonoTime end, bool answering) const {
  const bool opening = posting.cap < posting.patience + kSlack && posting.stage == Stage::open;
  return explain_wait(std::move(error), {.host = url().host,
                                         .open_cap = endpoint_->options.open_cap,
                                         .opening = opening,
                                         .deadline = end == posting.deadline,
                                         .answering = answering});
}

void WinrmLink::learn(const Result<http::HttpReply>& reply) {
  // Other statuses may come from a proxy that looked at no password.
  if (reply && (reply->status == 200 || reply->status == 500)) {
    accepted_ = password_;
    accepted_version_ = password_version_.value_or(accepted_version_);
    refused_ = false;
    ++acceptances_;
  } else if (!reply && reply.error().reason == Reason::auth) {
    refused_ = true;
    if (accepted_ && password_ && accepted_->reveal() == password_->reveal()) {
      accepted_.reset();
    }
  }
}

boost::asio::awaitable<Result<std::shared_ptr<const Secret>>> WinrmLink::password(MonoTime deadline,
                                                                                  bool tidying) {
  // A ticket of the older password would have to be asked for anew.
  if (tidying && accepted_ && endpoint_->options.logon.method != "basic" &&
      accepted_version_ != secret_version()) {
    co_return fail(Reason::auth, "auth.refused", "the password has changed, the shell is left");
  }
  if (tidying && accepted_) {
    password_version_.reset();  // the next ask wants a connection with what the file says
    co_return accepted_;
  }
  if (tidying && refused_) {
    co_return fail(Reason::auth, "auth.refused", "the password was refused and is not tried again");
  }
  if (!endpoint_->secret) {
    password_version_ = secret_version();
    co_return nullptr;
  }
  auto read = co_await endpoint_->secret->read(deadline);
  if (read) {
    password_version_ = secret_version();
  }
  co_return read;
}

// The connection there is may carry this post.
boost::asio::awaitable<bool> WinrmLink::reusable(const Posting& posting, StageTimes& times) {
  // A new password is for a new connection.
  const bool current = posting.tidying || password_version_ == secret_version();
  if (!connection_ || !current || !connection_->kept_open()) {
    co_return false;
  }
  if (answers_ == 0) {
    co_return connection_->usable();
  }
  KeepAlive& keep_alive = endpoint_->keep_alive;
  const MonoTime now = net::mono_now();
  const auto idle = now - connection_->last_used();
  if (!keep_alive.may_reuse(now, idle)) {
    co_return false;
  }
  const auto watch = posting.once ? keep_alive.watch(idle) : std::chrono::nanoseconds(0);
  const bool usable =
      co_await connection_->usable_until(std::min<MonoTime>(now + watch, posting.deadline));
  if (watch > watch.zero()) {
    times.add(posting.stage, net::mono_now() - now);
  }
  if (!usable) {
    keep_alive.closed(net::mono_now(), idle);
  }
  co_return usable;
}

boost::asio::awaitable<Status> WinrmLink::ensure_open(const Posting& posting, StageTimes& times) {
  const bool here = !posting.anywhere || place_ == endpoint_->front_ends.order().front();
  if (here && co_await reusable(posting, times)) {
    reached_ = url().with_port();
    co_return Status{};
  }
  drop();
  const MonoTime password_end = net::mono_now() + endpoint_->options.auth_cap;
  auto secret =
      co_await password(std::min<MonoTime>(posting.deadline, password_end), posting.tidying);
  if (!secret) {
    co_return at_stage(Stage::auth, std::move(secret.error()));
  }
  password_ = std::move(*secret);
  const MonoTime connecting = net::mono_now();
  if (url().tls) {
    if (Status read = co_await read_trusted(*endpoint_, posting.deadline); !read) {
      co_return at_stage(Stage::tls, std::move(read.error()));
    }
  }
  if (Status open = co_await connect(posting, times); !open) {
    co_return open;
  }
  reached_ = url().with_port();
  // One cap for the password, the ticket and the legs; connecting has its own.
  const MonoTime connected = net::mono_now();
  auth_end_ = password_end + (connected - connecting);
  const Status stepped = co_await logon_.begin(*connection_, url(), password_,
                                               std::min<MonoTime>(posting.deadline, *auth_end_));
  ticket_time_ = logon_.blocks() ? net::mono_now() - connected : std::chrono::nanoseconds(0);
  if (!stepped) {
    times.ended(StageTime{Stage::auth, std::exchange(ticket_time_, {})});
  }
  co_return stepped;
}

// Only who has no shell yet may go to another front end than before.
boost::asio::awaitable<Status> WinrmLink::connect(const Posting& posting, StageTimes& times) {
  FrontEnds& front_ends = endpoint_->front_ends;
  if (!posting.anywhere) {
    co_return co_await connect_here(posting.deadline, times);
  }
  std::vector<Error> errors;
  const std::vector<std::size_t> order = front_ends.order();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const MonoTime now = net::mono_now();
    if (i > 0 && now >= posting.deadline) {
      break;
    }
    if (std::exchange(place_, order[i]) != order[i]) {
      cookies_.clear();
      endpoint_->keep_alive = {};
    }
    Status connected =
        co_await connect_here(try_end(now, posting.deadline, order.size() - i), times);
    if (connected) {
      if (front_ends.worked(place_)) {
        endpoint_->logger.warn(
            "another front end is used",
            {{"endpoint", endpoint_->options.endpoint}, {"url", url().with_port()}});
      }
      co_return Status{};
    }
    if (!connecting_failed(connected.error())) {
      co_return connected;
    }
    errors.push_back(std::move(connected.error()));
  }
  co_return std::unexpected(none_reached(std::move(errors)));
}

boost::asio::awaitable<Status> WinrmLink::connect_here(MonoTime end, StageTimes& times) {
  const WinrmOptions& options = endpoint_->options;
  http::HttpConnectionOptions http;
  http.url = url();
  http.max_body = options.limits.envelope;
  http.admit = [this](std::size_t bytes) { return admit(bytes); };
  http.tls = endpoint_->tls;
  connection_ = std::make_unique<http::HttpConnection>(endpoint_->executor,
                                                       options.services->resolver, std::move(http));
  std::vector<StageTime> stages;
  Status opened = co_await connection_->open(end, stages);
  tell_addresses(*endpoint_, *connection_, url());
  if (const auto& info = connection_->tls_info(); info && !info->chain.empty()) {
    endpoint_->facts.certificate_ends = info->chain.front().not_after;
  }
  // What a stage found is told before its end.
  for (const StageTime& stage : stages) {
    tell_stage(*endpoint_, *connection_, stage.stage);
    if (opened && stage.stage == Stage::connect && endpoint_->front_ends.size() > 1) {
      endpoint_->fact("front_end", url().with_port());
    }
    times.ended(stage);
  }
  if (!opened && connecting_failed(opened.error())) {
    endpoint_->front_ends.failed(place_);
    tell_unreached(*endpoint_, url(), opened.error());
  }
  co_return opened;
}

boost::asio::awaitable<Result<http::HttpReply>> WinrmLink::exchange(const Posting& posting,
                                                                    MonoTime end,
                                                                    StageTimes& times) {
  const MonoTime began = net::mono_now();
  const MonoTime auth_end = std::min<MonoTime>(
      end, std::exchange(auth_end_, {}).value_or(began + endpoint_->options.auth_cap));
  const auto auth_ended = [&](MonoTime last) {
    times.ended(StageTime{Stage::auth, std::exchange(ticket_time_, {}) + (last - began)});
  };
  if (Status ready = co_await logon_.prepare(auth_end); !ready) {
    auth_ended(net::mono_now());
    co_return at_stage(Stage::auth, std::move(ready.error()));
  }
  for (int leg = 0; leg < kMaxLegs; ++leg) {
    const bool whole = logon_.step().body;
    const MonoTime sent = net::mono_now();
    // A leg without the envelope is authentication alone.
    auto reply = co_await send(posting, whole ? end : auth_end);
    const bool refused = reply && reply->status == 401;
    if (!reply) {
      logon_.note_proof();
      endpoint_->front_ends.unanswered(place_, posting.stage, answers_, reply.error());
    }
    if (!reply && !whole) {
      auth_ended(net::mono_now());
      co_return at_stage(Stage::auth, std::move(reply.error()));
    }
    if (!reply || (whole && !refused)) {
      if (leg > 0) {
        auth_ended(sent);
      }
      co_return reply;
    }
    const bool continues = refused || reply->status == 200;
    Status next = continues ? co_await logon_.answered(*reply, auth_end)
                            : std::unexpected(logon_.unexpected_status(reply->status));
    if (next && !connection_->kept_open()) {
      next = co_await reopen(posting, times);
    }
    if (!next) {
      auth_ended(net::mono_now());
      co_return at_stage(Stage::auth, next.error());
    }
  }
  co_return std::unexpected(asks_again(url().host));
}

// A server may close behind a 401, of which it has executed nothing. The scheme stays, and with it
// what was retried already; a context that has begun is lost with its connection.
boost::asio::awaitable<Status> WinrmLink::reopen(const Posting& posting, StageTimes& times) {
  if (!logon_.step().begins) {
    co_return std::unexpected(closed_in_logon(url().host));
  }
  answers_ = 0;
  Status opened = co_await connect_here(posting.deadline, times);
  if (!opened) {
    opened.error().stage = Stage::auth;  // nothing was executed
  }
  co_return opened;
}

boost::asio::awaitable<Result<http::HttpReply>> WinrmLink::send(const Posting& posting,
                                                                MonoTime end) {
  auth::Step step = logon_.take_step();
  auth::Payload payload{std::string(kSoap), step.body ? posting.envelope : std::string()};
  if (step.body) {
    // Anew for every attempt: what was sealed once may never be sent again.
    auto sealed = logon_.seal(std::move(payload));
    if (!sealed) {
      co_return at_stage(Stage::auth, std::move(sealed.error()));
    }
    payload = std::move(*sealed);
  }
  http::HttpRequest request{.headers = {{"Content-Type", std::move(payload.content_type)}},
                            .authorization = std::move(step.authorization),
                            .body = std::move(payload.body)};
  if (std::string cookies = cookies_.header(); !cookies.empty()) {
    request.headers.push_back({"Cookie", std::move(cookies)});
  }
  show_request(*endpoint_, url(), request, step.body ? posting.envelope : std::string_view(),
               posting.messages);
  auto reply = co_await connection_->post(std::move(request), end);
  if (!reply) {
    co_return reply;
  }
  show_reply(*endpoint_, *reply);
  if (url().tls && demands_certificate(*reply)) {
    co_return std::unexpected(net::certificate_wanted(url().host_port()));
  }
  cookies_.take(reply->all("Set-Cookie"), url().tls, url().path, endpoint_->clock.now().wall);
  endpoint_->facts.front_end = url().with_port();
  if (reply->status == 401 || !step.body) {
    co_return reply;
  }
  const auto type = std::ranges::find_if(reply->headers, [](const http::Header& header) {
    return iequals(header.name, "Content-Type");
  });
  const bool typed = type != reply->headers.end();
  logon_.note_proof();
  if (Status proved = logon_.check(*reply); !proved) {
    co_return std::unexpected(std::move(proved.error()));
  }
  auto plain = co_await logon_.unseal({typed ? type->value : std::string(), std::move(reply->body)},
                                      reply->status, end);
  if (!plain) {
    // Not the stage of authentication, which would say that nothing was executed.
    co_return std::unexpected(std::move(plain.error()));
  }
  endpoint_->keep_alive.answered(++answers_);
  if (typed) {
    type->value = std::move(plain->content_type);
  }
  reply->body = std::move(plain->body);
  co_return reply;
}

}  // namespace sfb::remote
