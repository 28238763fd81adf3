// The steps of a session: which request follows which answer.
#include "agent/remote/winrm/winrm_session.hpp"

#include "agent/remote/winrm/front_ends.hpp"
#include "agent/remote/winrm/winrm_failure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace sfb::remote {

namespace {

// A server that has less time than this would answer too late anyway.
constexpr std::chrono::milliseconds kLeastPatience{100};
// Signals and Deletes are answered at once.
constexpr std::chrono::milliseconds kShortPatience{5'000};

}  // namespace

WinrmSession::WinrmSession(WinrmSessionOptions options)
    : options_(std::move(options)),
      asking_({.transport = "winrm",
               .language = options_.language,
               .import_module = options_.import_module,
               .observer = options_.observer}),
      watch_(options_.observer) {}

std::chrono::milliseconds WinrmSession::patience(MonoTime now) const {
  const auto left = std::chrono::floor<std::chrono::milliseconds>(deadline_ - now);
  return std::clamp(left, kLeastPatience, std::max(options_.patience, kLeastPatience));
}

// `fragments` hold the messages that begin with this request.
WinrmSession::Next WinrmSession::post(Step step, wsman::Envelope envelope,
                                      std::chrono::milliseconds patience,
                                      std::string_view fragments) {
  step_ = step;
  return Post{stage(), envelope.action, std::move(envelope.xml), patience, watch_.shown(fragments)};
}

WinrmSession::Next WinrmSession::end(Result<PipelineResult> result) {
  if (!result) {
    result.error() = with_stage(std::move(result.error()), stage());
  }
  step_ = Step::idle;
  return Finished{std::move(result)};
}

WinrmSession::Next WinrmSession::give_up(Error error) {
  spoiled_ = true;
  return end(std::unexpected(std::move(error)));
}

WinrmSession::Next WinrmSession::run(const Call& call, MonoTime now, MonoTime deadline) {
  asking_.begin(call);
  deadline_ = deadline;
  reposts_ = 0;
  no_state_.reset();
  kept_ = reusable();
  return kept_ ? begin_pipeline(now) : begin_open(now);
}

WinrmSession::Next WinrmSession::begin_open(MonoTime now) {
  pipeline_.reset();
  responses_.clear();
  spoiled_ = false;
  pipelines_ = 0;
  opened_.reset();
  asking_.forget();
  const Guid id = options_.guids();
  wsman::ShellOptions shell{.session = {.to = options_.url.str(),
                                        .configuration_name = options_.configuration_name,
                                        .session_id = options_.guids()},
                            .guids = options_.guids};
  shell.session.max_envelope = std::min(shell.session.max_envelope, options_.limits.envelope);
  shell.max_reply = options_.limits.envelope;
  shell.idle_timeout = options_.idle_timeout;
  shell_ = std::make_unique<wsman::Shell>(std::move(shell));
  pool_ = std::make_unique<psrp::RunspacePool>(
      psrp::PoolOptions{.id = id, .limits = options_.limits, .observer = watch_.messages()});
  const std::string creation = pool_->open();
  return post(Step::create, shell_->create(id, creation, patience(now)), patience(now), creation);
}

WinrmSession::Next WinrmSession::begin_pipeline(MonoTime now) {
  const Guid id = options_.guids();
  no_state_.reset();
  responses_.clear();
  pipeline_ = std::make_unique<psrp::Pipeline>(*pool_, id, asking_.commands(), shell_->max_blob());
  next_fragment_ = 1;
  ++pipelines_;
  const std::vector<std::string>& fragments = pipeline_->fragments();
  return post(Step::command, shell_->command(id, fragments.front(), patience(now)), patience(now),
              fmt::format("{}", fmt::join(fragments, "")));
}

WinrmSession::Next WinrmSession::answer(const http::HttpReply& reply, MonoTime now, bool fresh) {
  const auto header = [&](std::string_view name) {
    const std::string* const value = reply.header(name);
    return value == nullptr ? std::string_view() : std::string_view(*value);
  };
  wsman::HttpAnswer http{.status = reply.status,
                         .content_type = header("Content-Type"),
                         .body = reply.body,
                         .content_encoding = header("Content-Encoding"),
                         .location = header("Location"),
                         .retry_after = header("Retry-After"),
                         .challenges = {},
                         .fresh = fresh,
                         .sealed = options_.url.tls || options_.seals};
  const std::vector<std::string> challenges = reply.all("WWW-Authenticate");
  http.challenges.assign(challenges.begin(), challenges.end());
  watch_.answered(reply.body);
  const auto outcome = shell_->reply(http);
  brought_ = outcome && std::ranges::any_of(outcome->streams, [](const wsman::Stream& stream) {
               return !stream.bytes.empty();
             });
  if (!outcome) {
    return clearing() ? on_clearing_error() : on_answer_error(outcome.error(), now);
  }
  switch (step_) {
    case Step::create:
      created_ = outcome->created;
      return receive_pool(now);
    case Step::open:
      return on_open(*outcome, now);
    case Step::pool_send:
    case Step::command:
    case Step::fragment:
    case Step::respond:
      return proceed(now);
    case Step::receive:
      return on_receive(*outcome, now);
    case Step::terminate:
      return conclude(now);
    case Step::replace:
      return begin_open(now);
    case Step::stop:
      return post(Step::drain, shell_->receive(true, options_.stop_patience),
                  options_.stop_patience);
    case Step::drain:
      return on_drain(*outcome, now);
    case Step::abort:
    case Step::remove:
      return cleared();
    case Step::idle:
      break;
  }
  return give_up({Reason::internal, "winrm.step", "an answer came without a request", {}, {}, {}});
}

WinrmSession::Next WinrmSession::receive_pool(MonoTime now) {
  if (now >= deadline_) {
    return give_up(not_opened());
  }
  return post(Step::open, shell_->receive(false, patience(now)), patience(now));
}

WinrmSession::Next WinrmSession::on_open(const wsman::Shell::Outcome& outcome, MonoTime now) {
  for (const wsman::Stream& stream : outcome.streams) {
    if (Status taken = pool_->receive(stream.bytes); !taken) {
      return give_up(with_stage(std::move(taken.error()), Stage::open));
    }
  }
  add_pool_responses();
  return proceed(now);
}

void WinrmSession::add_pool_responses() {
  for (std::string& response : pool_->take_host_responses()) {
    responses_.push_back({false, std::move(response)});
  }
}

// Whatever is to be sent goes first; then what the session waits for.
WinrmSession::Next WinrmSession::proceed(MonoTime now) {
  if (!responses_.empty()) {
    const HostResponse response = std::move(responses_.front());
    responses_.pop_front();
    return post(pipeline_ != nullptr ? Step::respond : Step::pool_send,
                shell_->send(response.to_command, "pr", response.bytes, patience(now)),
                patience(now), response.bytes);
  }
  if (pipeline_ == nullptr) {
    if (pool_->state() != psrp::RunspacePool::State::opened) {
      return receive_pool(now);
    }
    opened_ = now;
    if (pool_->version() >= psrp::ProtocolVersion{2, 2}) {
      shell_->set_max_envelope(std::min(wsman::kLargeEnvelope, options_.limits.envelope));
    }
    watch_.opened(*pool_, created_);
    return begin_pipeline(now);
  }
  if (next_fragment_ < pipeline_->fragments().size()) {
    const std::string& fragment = pipeline_->fragments()[next_fragment_++];
    return post(Step::fragment, shell_->send(true, "stdin", fragment, patience(now)),
                patience(now));
  }
  if (pipeline_->finished()) {
    return terminate(now);
  }
  if (shell_->command_done()) {
    no_state_ = no_state();
    return terminate(now);
  }
  if (now >= deadline_) {
    return end(std::unexpected(not_ended(pipeline_->half_way())));
  }
  return post(Step::receive, shell_->receive(true, patience(now)), patience(now));
}

WinrmSession::Next WinrmSession::on_receive(const wsman::Shell::Outcome& outcome, MonoTime now) {
  if (outcome.foreign) {
    pool_->doubt("output of another command came");
  }
  for (const wsman::Stream& stream : outcome.streams) {
    if (Status taken = pipeline_->receive(stream.bytes); !taken) {
      const bool unreadable = taken.error().reason == Reason::parse;
      return give_up(
          with_stage(std::move(taken.error()), unreadable ? Stage::parse : Stage::query));
    }
  }
  for (std::string& response : pipeline_->take_host_responses()) {
    responses_.push_back({true, std::move(response)});
  }
  if (pipeline_->finished()) {
    responses_.clear();  // nobody waits for them any more
  }
  add_pool_responses();
  return proceed(now);
}

WinrmSession::Next WinrmSession::terminate(MonoTime now) {
  if (!shell_->has_command()) {
    return conclude(now);
  }
  return post(Step::terminate, shell_->signal(wsman::SignalCode::terminate, kShortPatience),
              kShortPatience);
}

WinrmSession::Next WinrmSession::conclude(MonoTime now) {
  if (no_state_) {
    return give_up(*std::exchange(no_state_, std::nullopt));
  }
  PipelineResult result = pipeline_->take_result();
  pipeline_.reset();
  auto concluded = asking_.conclude(std::move(result), !spoiled_, now < deadline_);
  if (!concluded) {
    return begin_pipeline(now);
  }
  // Messages got lost in this session.
  spoiled_ = spoiled_ || (!*concluded && concluded->error().reason == Reason::protocol);
  return end(std::move(*concluded));
}

WinrmSession::Next WinrmSession::on_answer_error(Error error, MonoTime now) {
  if (step_ == Step::terminate) {
    // The answer is there; only this shell is not to be used again.
    spoiled_ = true;
    return conclude(now);
  }
  if (step_ == Step::replace) {
    return give_up(std::move(error));
  }
  // A Command that is refused so has not begun: the session went while it was idle. Whatever comes
  // later may have been this run's doing, and would be done again.
  if (step_ == Step::command && shell_->fault_reaction() == wsman::Reaction::reopen &&
      std::exchange(kept_, false) && now < deadline_) {
    return post(Step::replace, shell_->remove(kShortPatience), kShortPatience);
  }
  if (step_ == Step::open && reposts_ == 0 && error.code == "wsman.shell_gone") {
    return give_up(gone_at_once(std::move(error)));
  }
  const bool begun = step_ != Step::create && step_ != Step::command;
  return give_up(begun ? told_of_exit(std::move(error), reposts_ > 0) : std::move(error));
}

WinrmSession::Next WinrmSession::failed(Error error, MonoTime now) {
  const bool sent = !never_sent(error);
  if (sent) {
    shell_->lost();
  } else {
    shell_->unsent();
  }
  if (clearing()) {
    return on_clearing_error();
  }
  if (step_ == Step::command && options_.elsewhere && connecting_failed(error) &&
      std::exchange(kept_, false) && now < deadline_) {
    return begin_open(now);
  }
  const bool lost = error.reason == Reason::connect;
  switch (step_) {
    case Step::open:
    case Step::receive:
      if (lost && reposts_ < kReposts && now < deadline_) {
        // What was in a lost reply is seen to be missing when the pipeline ends.
        ++reposts_;
        return post(step_, shell_->receive(step_ == Step::receive, patience(now)), patience(now));
      }
      // A time-out leaves a pipeline that can be stopped; everything else a session in doubt.
      return error.reason == Reason::timeout && step_ == Step::receive
                 ? end(std::unexpected(std::move(error)))
                 : give_up(std::move(error));
    case Step::terminate:
      // The answer is there. A command that is gone already is no error, so this may be repeated.
      if (lost && reposts_ < kReposts && now < deadline_) {
        ++reposts_;
        return terminate(now);
      }
      spoiled_ = true;
      return conclude(now);
    default:
      break;
  }
  if (lost && sent) {
    error = lost_with_answer(std::move(error));
  }
  return give_up(std::move(error));
}

WinrmSession::Next WinrmSession::clear(MonoTime now) {
  closing_ = false;
  clear_until_ = now + options_.stop_patience;
  step_ = Step::abort;
  if (!shell_ || shell_->gone() || !shell_->has_command()) {
    return cleared();
  }
  if (pipeline_ && !pipeline_->finished() && !shell_->command_done() && !spoiled_) {
    return post(Step::stop, shell_->signal(wsman::SignalCode::stop, options_.stop_patience),
                options_.stop_patience);
  }
  return abort_command();
}

WinrmSession::Next WinrmSession::close(MonoTime now) {
  closing_ = true;
  spoiled_ = true;  // also when nobody hears that it is closed
  clear_until_ = now;
  step_ = Step::abort;
  if (shell_ && !shell_->gone() && shell_->has_command()) {
    return abort_command();
  }
  return cleared();
}

WinrmSession::Next WinrmSession::on_drain(const wsman::Shell::Outcome& outcome, MonoTime now) {
  for (const wsman::Stream& stream : outcome.streams) {
    if (!pipeline_->receive(stream.bytes)) {
      return abort_command();
    }
  }
  if (pipeline_->finished() || shell_->command_done() || now >= clear_until_) {
    return abort_command();
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(clear_until_ - now);
  return post(Step::drain, shell_->receive(true, left), left);
}

WinrmSession::Next WinrmSession::abort_command() {
  // A pipeline that did not hear the stop goes on and keeps the runspace: the next one would wait
  // for it.
  spoiled_ = spoiled_ || (pipeline_ && !pipeline_->finished());
  if (!shell_->has_command()) {
    step_ = Step::abort;
    return cleared();
  }
  return post(Step::abort, shell_->signal(wsman::SignalCode::terminate, kShortPatience),
              kShortPatience);
}

WinrmSession::Next WinrmSession::on_clearing_error() {
  switch (step_) {
    case Step::stop:
    case Step::drain:
      return abort_command();
    case Step::abort:
      spoiled_ = true;
      return cleared();
    default:
      step_ = Step::idle;
      return Cleared{};
  }
}

// The command is freed as far as it can be; a shell that closes goes with whatever it still holds.
WinrmSession::Next WinrmSession::cleared() {
  if (closing_ && step_ != Step::remove && shell_ && !shell_->gone()) {
    return post(Step::remove, shell_->remove(kShortPatience), kShortPatience);
  }
  step_ = Step::idle;
  return Cleared{};
}

}  // namespace sfb::remote
