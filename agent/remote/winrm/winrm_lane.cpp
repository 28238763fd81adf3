#include "agent/remote/winrm/winrm_lane.hpp"

#include "agent/net/deadline.hpp"
#include "agent/remote/winrm/winrm_failure.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace sfb::remote {

namespace asio = boost::asio;

namespace {

// Stop, a few Receives, Terminate and Delete are far fewer; a session that goes on is broken.
constexpr int kMaxTidyPosts = 64;
constexpr int kDeletes = 2;
// An answer to a Receive that brings nothing comes after its patience. A server that gives one at
// once would be asked again as fast as it can say so.
constexpr std::chrono::milliseconds kTooSoon{50};
constexpr std::chrono::milliseconds kPause{100};

// More than this takes the loop too long (no step over 5 ms); a quarter of what costs that
// here, as servers are slower than this.
constexpr std::size_t kReplyOnLoop = 64UL << 10U;

Error cut_off() {
  return {Reason::timeout, "winrm.cancelled", "the request was cut off", {}, {}, Stage::query};
}

// Each of them does something: what may have been done must not be done again.
bool once(wsman::Action action) {
  return action == wsman::Action::create || action == wsman::Action::command ||
         action == wsman::Action::send;
}

// How long the next request waits for the sake of the server.
std::chrono::nanoseconds pause_before(const WinrmSession::Next& next, wsman::Action last,
                                      bool brought, std::chrono::nanoseconds took) {
  const auto* post = std::get_if<WinrmSession::Post>(&next);
  const bool again =
      post != nullptr && post->action == wsman::Action::receive && last == wsman::Action::receive;
  return again && !brought && took < kTooSoon ? kPause : std::chrono::milliseconds(0);
}

}  // namespace

WinrmLane::WinrmLane(std::shared_ptr<WinrmEndpoint> endpoint)
    : endpoint_(endpoint), link_(endpoint), record_(std::move(endpoint), link_) {
  renew();
}

void WinrmLane::renew() {
  const WinrmOptions& options = endpoint_->options;
  const FrontEnds& front_ends = endpoint_->front_ends;
  count_session();
  record_.begin_anew();
  failed_ = false;
  link_.forget_cookies();
  session_ = std::make_shared<WinrmSession>(
      WinrmSessionOptions{.url = front_ends.url(front_ends.order().front()),
                          .elsewhere = front_ends.size() > 1,
                          .seals = options.logon.seals,
                          .configuration_name = options.configuration_name,
                          .language = options.language,
                          .import_module = options.import_module,
                          .limits = options.limits,
                          .observer = endpoint_->observer.get()});
}

// http.sys drops idle connections without a word: we go first.
std::optional<MonoTime> WinrmLane::idle_end() const {
  return link_.connected()
             ? std::optional<MonoTime>(link_.last_used() + endpoint_->options.connection_idle)
             : std::nullopt;
}

void WinrmLane::look_after(MonoTime now) {
  if (const auto end = idle_end(); end && now >= *end) {
    link_.drop();
  }
}

bool WinrmLane::fit(MonoTime now) const {
  const WinrmOptions& options = endpoint_->options;
  const auto opened = session_->opened();
  return session_->reusable() && options.reuse && !failed_ &&
         session_->pipelines() < options.max_pipelines &&
         (!opened || now - *opened < options.max_age);
}

boost::asio::awaitable<Result<Reply>> WinrmLane::run(Call call, MonoTime deadline) {
  StageTimes times(endpoint_->observer.get());
  const std::uint64_t before = link_.acceptances();
  link_.forget_reached();
  auto result = co_await converse(call, deadline, times);
  times.ended(Stage::parse);
  failed_ = cmdlet_failed(call, result);
  if (!result) {
    result.error().peer = endpoint_->redactor(result.error().peer);
    result.error().let_in = link_.acceptances() != before;
    co_return std::unexpected(std::move(result.error()));
  }
  co_return live_reply(std::move(*result), endpoint_->clock.now().wall, times);
}

boost::asio::awaitable<Result<PipelineResult>> WinrmLane::converse(const Call& call,
                                                                   MonoTime deadline,
                                                                   StageTimes& times) {
  const WinrmOptions& options = endpoint_->options;
  const MonoTime start = net::mono_now();
  Stage stage = Stage::open;
  const MonoTime last = last_word(deadline, start);
  auto next = session_->run(call, start, last);
  while (auto* post = std::get_if<WinrmSession::Post>(&next)) {
    if (post->stage != stage) {
      times.ended(stage);
      stage = post->stage;
    }
    WinrmLink::Posting posting{.stage = stage,
                               .envelope = std::move(post->body),
                               .messages = std::move(post->messages),
                               .patience = post->patience,
                               .cap = deadline - start,
                               .deadline = deadline,
                               .once = once(post->action)};
    if (stage == Stage::open) {
      posting.cap = std::max<std::chrono::nanoseconds>(options.open_cap - times.sum(stage),
                                                       std::chrono::nanoseconds(0));
    }
    const wsman::Action action = post->action;
    posting_ = true;
    if (action == wsman::Action::create) {
      if (auto instead = co_await choose(deadline, times)) {
        next = std::move(*instead);
        posting_ = false;
        continue;
      }
      co_await record_.clear_left(session_->url().str(), deadline, times);
      co_await record_.about_to_make(*session_, deadline);
    }
    const MonoTime began = net::mono_now();
    auto reply = co_await link_.post(std::move(posting), times);
    const MonoTime came = net::mono_now();
    if (reply) {
      next = co_await answer(std::move(*reply), came);
      times.add(Stage::parse, net::mono_now() - came);
    } else {
      next = session_->failed(std::move(reply.error()), came);
    }
    posting_ = false;
    record_.note(*session_);
    const bool brought = !reply || session_->brought();
    if (const auto pause = pause_before(next, action, brought, came - began);
        pause > pause.zero()) {
      posting_ = true;  // the session waits already
      co_await net::sleep_until(std::min<MonoTime>(came + pause, last));
    }
  }
  times.ended(stage);
  auto* finished = std::get_if<WinrmSession::Finished>(&next);
  if (finished == nullptr) {
    co_return std::unexpected(Error{Reason::internal,
                                    "winrm.no_result",
                                    "the session ended without a result",
                                    "this is a bug of the agent: report it",
                                    {},
                                    stage});
  }
  if (!finished->result) {
    Error& error = finished->result.error();
    if (error.reason == Reason::protocol || error.reason == Reason::parse) {
      // Requests and answers may be out of step: what comes next on it means nothing.
      link_.drop();
    }
    error = with_stage(std::move(error), stage);
  }
  co_return std::move(finished->result);
}

// Which front end the shell of a new session is made on; what to do instead of the Create, if that
// is another one than its envelope names, or none.
boost::asio::awaitable<std::optional<WinrmSession::Next>> WinrmLane::choose(MonoTime deadline,
                                                                            StageTimes& times) {
  if (endpoint_->front_ends.size() == 1) {
    co_return std::nullopt;
  }
  Status chosen = co_await link_.choose(deadline, times);
  if (!chosen) {
    co_return session_->failed(std::move(chosen.error()), net::mono_now());
  }
  if (link_.url() != session_->url()) {
    co_return session_->move_to(link_.url(), net::mono_now());
  }
  co_return std::nullopt;
}

// A large answer is read beside the loop. Whoever cancels meanwhile waits for that: it is short,
// and nobody else may touch the session.
boost::asio::awaitable<WinrmSession::Next> WinrmLane::answer(http::HttpReply reply, MonoTime came) {
  const bool fresh = link_.fresh();
  // An observer is told things while the answer is read, and wants that on the loop.
  if (reply.body.size() + session_->held() <= kReplyOnLoop || endpoint_->observer) {
    auto next = session_->answer(reply, came, fresh);
    link_.keep(session_->held());
    co_return next;
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation(),
                                                     asio::disable_cancellation());
  reading_ = true;
  auto next = co_await endpoint_->options.services->readers.run(
      [session = session_, reply = std::move(reply), came, fresh]() -> Result<WinrmSession::Next> {
        return session->answer(reply, came, fresh);
      });
  reading_ = false;
  const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  link_.keep(session_->held());
  if (!next) {
    next = session_->failed(std::move(next.error()), came);
  }
  if (cancelled != asio::cancellation_type::none) {
    posting_ = std::holds_alternative<WinrmSession::Post>(*next);
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return std::move(*next);
}

void WinrmLane::interrupted() {
  // Whatever was under way on it, its answer is not ours any more.
  link_.drop();
  if (reading_) {
    // Only the end of the loop cuts that off: the session is the job's, which may still run.
    reading_ = posting_ = false;
    renew();
    return;
  }
  // A session may want to go on after a lost request; this one may not.
  for (int i = 0; posting_ && i < kMaxTidyPosts; ++i) {
    posting_ =
        std::holds_alternative<WinrmSession::Post>(session_->failed(cut_off(), net::mono_now()));
  }
  posting_ = false;
}

boost::asio::awaitable<void> WinrmLane::tidy(bool close, MonoTime deadline) {
  try {
    if (!close) {
      co_await drive(session_->clear(net::mono_now()), deadline);
    }
    // A lost Delete may be repeated: a shell that is gone stays gone.
    for (int i = 0; i < kDeletes && holds_session() && (close || !session_->reusable()); ++i) {
      co_await drive(session_->close(net::mono_now()), deadline);
    }
  } catch (const std::exception& error) {
    endpoint_->logger.error("clearing a session failed",
                            {{"endpoint", endpoint_->options.endpoint}, {"error", error.what()}});
    link_.drop();
  }
  link_.release();
  if (!session_->reusable()) {
    if (holds_session()) {
      endpoint_->logger.info("a shell is left to the server's idle time-out",
                             {{"endpoint", endpoint_->options.endpoint}});
      link_.drop();
    }
    renew();
  }
}

boost::asio::awaitable<void> WinrmLane::drive(WinrmSession::Next next, MonoTime deadline) {
  StageTimes times;
  for (int i = 0; i < 2 * kMaxTidyPosts; ++i) {
    auto* post = std::get_if<WinrmSession::Post>(&next);
    if (post == nullptr) {
      co_return;
    }
    const MonoTime now = net::mono_now();
    if (now >= deadline || i >= kMaxTidyPosts) {
      next = session_->failed(cut_off(), now);
      continue;
    }
    const wsman::Action action = post->action;
    // Half of what is left: a Signal that hangs must leave time for the Delete, which takes all
    // with it.
    const bool last = action == wsman::Action::remove;
    auto reply = co_await link_.post({.stage = Stage::none,
                                      .envelope = std::move(post->body),
                                      .messages = std::move(post->messages),
                                      .patience = post->patience,
                                      .cap = last ? deadline - now : (deadline - now) / 2,
                                      .deadline = deadline,
                                      .tidying = true},
                                     times);
    const MonoTime came = net::mono_now();
    if (reply) {
      next = co_await answer(std::move(*reply), came);
      if (session_->out_of_step()) {
        link_.drop();
      }
    } else {
      next = session_->failed(std::move(reply.error()), came);
    }
    record_.note(*session_);
    const bool brought = !reply || session_->brought();
    if (const auto pause = pause_before(next, action, brought, came - now); pause > pause.zero()) {
      co_await net::sleep_until(std::min<MonoTime>(came + pause, deadline));
    }
  }
}

}  // namespace sfb::remote
