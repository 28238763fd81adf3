#include "agent/remote/process/process_lane.hpp"

#include "agent/base/text.hpp"
#include "agent/net/deadline.hpp"
#include "agent/remote/process/ssh_failure.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace sfb::remote {

namespace asio = boost::asio;

namespace {

// A process whose output ends is about to end itself.
constexpr std::chrono::milliseconds kLastOutput{1'000};
// Of a packet that cannot be read, and of what was said on stderr beside it: a log line, the
// history and a query's answer show 300 bytes of both together.
constexpr std::size_t kExcerpt = 80;
constexpr std::size_t kLastOfStderr = 200;
// More than this takes the loop too long: no step over 5 ms.
constexpr std::size_t kReadOnLoop = 64UL << 10U;

}  // namespace

ProcessLane::ProcessLane(std::shared_ptr<SshEndpoint> endpoint) : endpoint_(std::move(endpoint)) {
  renew();
}

void ProcessLane::renew() {
  const SshOptions& options = endpoint_->options;
  child_.reset();
  count_session();
  failed_ = reading_ = writing_ = false;
  session_ =
      std::make_shared<ProcessSession>(ProcessSessionOptions{.language = options.language,
                                                             .import_module = options.import_module,
                                                             .limits = options.limits,
                                                             .observer = options.observer.get()});
}

bool ProcessLane::fit(MonoTime now) const {
  const SshOptions& options = endpoint_->options;
  const auto opened = session_->opened();
  return child_ && !child_->exit() && session_->reusable() && options.reuse && !failed_ &&
         session_->pipelines() < options.max_pipelines &&
         (!opened || now - *opened < options.max_age);
}

bool ProcessLane::keep(std::size_t bytes) {
  ByteBudget& budget = *endpoint_->options.budget;
  if (bytes > kept_ && !budget.try_take(bytes - kept_)) {
    return false;
  }
  if (bytes < kept_) {
    budget.give(kept_ - bytes);
  }
  kept_ = bytes;
  return true;
}

asio::awaitable<Result<Reply>> ProcessLane::run(Call call, MonoTime deadline) {
  if (child_ && child_->exit()) {
    endpoint_->logger.info("an idle process had ended",
                           {{"endpoint", endpoint_->options.endpoint},
                            {"how", child_->exit()->text()},
                            {"stderr", visible(child_->stderr_tail())}});
    renew();
  }
  StageTimes times(endpoint_->options.observer.get());
  auto result = co_await converse(call, deadline, times);
  release();
  failed_ = cmdlet_failed(call, result);
  if (!result) {
    // The pool opened: whoever answers so has let us in.
    result.error().let_in = session_->opened().has_value();
    co_return std::unexpected(std::move(result.error()));
  }
  co_return live_reply(std::move(*result), endpoint_->clock.now().wall, times);
}

asio::awaitable<Result<PipelineResult>> ProcessLane::converse(const Call& call, MonoTime deadline,
                                                              StageTimes& times) {
  MonoTime mark = net::mono_now();
  Stage stage = Stage::open;
  Next next =
      noted(session_->run(call, mark, last_word(deadline, mark), endpoint_->options.open_cap));
  while (!std::holds_alternative<ProcessSession::Finished>(next)) {
    const auto* wait = std::get_if<ProcessSession::Wait>(&next);
    const Stage now = wait == nullptr ? Stage::open : wait->stage;
    if (now != stage) {
      times.ended(stage);
      stage = now;
    }
    next = co_await step(std::move(next), deadline);
    const MonoTime end = net::mono_now();
    times.add(stage, end - mark);
    mark = end;
  }
  times.ended(stage);
  auto result = std::move(std::get<ProcessSession::Finished>(next).result);
  if (!result && result.error().stage == Stage::none) {
    result.error().stage = stage;
  }
  if (!result) {
    explain(result.error());
  }
  co_return result;
}

asio::awaitable<ProcessLane::Next> ProcessLane::step(Next next, MonoTime deadline) {
  if (std::holds_alternative<ProcessSession::Start>(next)) {
    co_return co_await start();
  }
  if (auto* wait = std::get_if<ProcessSession::Wait>(&next)) {
    wait->until = std::min<MonoTime>(wait->until, deadline);
    co_return co_await exchange(std::move(*wait), deadline);
  }
  co_return session_->failed({Reason::internal,
                              "ssh.no_result",
                              "the session ended without a result",
                              "this is a bug of the agent: report it",
                              {},
                              Stage::none});
}

// One that is replaced, in the background.
asio::awaitable<void> ProcessLane::end(std::shared_ptr<SshEndpoint> endpoint,
                                       std::unique_ptr<os::ChildProcess> child) {
  const SshOptions& options = endpoint->options;
  co_await child->end({.eof = options.eof_patience, .term = options.term_patience},
                      net::mono_now() + options.close_cap);
}

asio::awaitable<ProcessLane::Next> ProcessLane::start() {
  const SshOptions& options = endpoint_->options;
  if (child_ && !child_->exit()) {
    asio::co_spawn(endpoint_->executor, end(endpoint_, std::move(child_)), asio::detached);
  }
  auto child = os::ChildProcess::start(endpoint_->executor, options.argv, options.folder);
  if (!child) {
    child.error().stage = Stage::open;
    co_return session_->died(std::move(child.error()), net::mono_now());
  }
  child_ = std::move(*child);
  if (options.observer) {
    options.observer->fact("process",
                           fmt::format("{} (pid {})", options.argv.front(), child_->pid()));
  }
  co_return noted(session_->started());
}

// Until it is written, a line that the session wants to be said is one that may be lost.
ProcessLane::Next ProcessLane::noted(Next next) {
  const auto* wait = std::get_if<ProcessSession::Wait>(&next);
  writing_ = wait != nullptr && !wait->line.empty();
  return next;
}

// Says the line, if there is one, and hears what comes next.
asio::awaitable<ProcessLane::Next> ProcessLane::exchange(ProcessSession::Wait wait,
                                                         MonoTime deadline) {
  if (!wait.line.empty()) {
    Status written = co_await child_->write(std::move(wait.line), wait.until);
    if (!written) {
      co_return co_await gone(std::move(written.error()), deadline);
    }
    writing_ = false;
  }
  // A process that never stops talking must not keep us here.
  if (net::mono_now() >= wait.until) {
    co_return noted(session_->timed_out(net::mono_now()));
  }
  auto bytes = co_await child_->read(wait.until);
  if (!bytes && bytes.error().reason == Reason::timeout) {
    co_return noted(session_->timed_out(net::mono_now()));
  }
  if (!bytes) {
    co_return co_await gone(std::move(bytes.error()), deadline);
  }
  if (bytes->empty()) {
    co_return co_await gone({}, deadline);
  }
  co_return co_await take(std::move(*bytes));
}

// The process reads or writes no more. How it ended says why.
asio::awaitable<ProcessLane::Next> ProcessLane::gone(Error error, MonoTime deadline) {
  const SshOptions& options = endpoint_->options;
  const bool silent = error.reason == Reason::timeout;
  const MonoTime now = net::mono_now();
  const auto exit =
      co_await child_->exited(silent ? now : std::min<MonoTime>(now + kLastOutput, deadline));
  if (!silent || exit) {
    std::string words = child_->stderr_tail();
    if (const std::string_view lines = session_->error_lines(); !lines.empty()) {
      words = fmt::format("{}{}{}", lines, words.empty() ? "" : "\n", words);
    }
    error = child_failure(options.argv.front(), options.is_ssh, exit, words);
  }
  co_return noted(session_->died(std::move(error), net::mono_now()));
}

// A large answer is read beside the loop. Whoever cancels meanwhile waits for that: it is short,
// and nobody else may touch the session.
asio::awaitable<ProcessLane::Next> ProcessLane::take(std::string bytes) {
  if (!keep(session_->held() + bytes.size())) {
    // Not the server's doing: no reason to leave it alone.
    co_return session_->failed({Reason::internal,
                                "ssh.in_flight",
                                "all answers being read take more than limits.in_flight",
                                "raise limits.in_flight, or evaluate fewer pools at once",
                                {},
                                Stage::query});
  }
  // An observer is told things while the answer is read, and wants that on the loop.
  if (kept_ <= kReadOnLoop || endpoint_->options.observer) {
    auto next = noted(session_->received(bytes, net::mono_now()));
    static_cast<void>(keep(session_->held()));
    co_return next;
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation(),
                                                     asio::disable_cancellation());
  reading_ = true;
  auto next = co_await endpoint_->options.readers->run(
      [session = session_, some = std::move(bytes), now = net::mono_now()]() -> Result<Next> {
        return session->received(some, now);
      });
  reading_ = false;
  const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  static_cast<void>(keep(session_->held()));
  if (!next) {
    next = session_->failed(std::move(next.error()));
  }
  next = noted(std::move(*next));
  if (cancelled != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return std::move(*next);
}

// What the process said on stderr may be all that there is to know.
void ProcessLane::explain(Error& error) const {
  if (child_ == nullptr || error.reason == Reason::cmdlet) {
    return;
  }
  const std::string_view words = child_->stderr_tail();
  if (endpoint_->options.observer && !words.empty()) {
    endpoint_->options.observer->fact("stderr", words);
  }
  std::string said(cut_utf8(error.peer, kExcerpt));
  for (const std::string_view heard : {session_->error_lines(), words}) {
    const std::string_view last = last_lines(heard, kLastOfStderr);
    if (!last.empty() && !error.peer.contains(last)) {
      said += fmt::format("{}{}", said.empty() ? "" : "\n", last);
      error.peer = said;
    }
  }
  error.peer = cut_utf8(error.peer);
}

void ProcessLane::interrupted() {
  if (reading_) {
    // Only the end of the loop cuts that off: the session is the job's, which may still run.
    renew();
    return;
  }
  if (writing_) {
    // Not said, or half of it: what follows would be read as its rest, or wait for an answer that
    // cannot come.
    writing_ = false;
    static_cast<void>(session_->failed(
        {Reason::timeout, "ssh.cancelled", "the request was cut off", {}, {}, Stage::query}));
  }
}

asio::awaitable<void> ProcessLane::tidy(bool close, MonoTime deadline) {
  const SshOptions& options = endpoint_->options;
  try {
    if (child_ && !close) {
      co_await drive(noted(session_->clear(net::mono_now())), deadline);
    }
    if (child_ && (close || !session_->reusable())) {
      co_await drive(noted(session_->close(net::mono_now())), deadline);
      co_await child_->end({.eof = options.eof_patience, .term = options.term_patience}, deadline);
      renew();
    }
  } catch (const std::exception& error) {
    endpoint_->logger.error("ending a process failed",
                            {{"endpoint", options.endpoint}, {"error", error.what()}});
    renew();
  }
  release();
}

asio::awaitable<void> ProcessLane::drive(Next next, MonoTime deadline) {
  // Leaves the process half of the time to end.
  const MonoTime start = net::mono_now();
  const MonoTime last = start + (deadline - start) / 2;
  while (std::holds_alternative<ProcessSession::Wait>(next)) {
    next = co_await step(std::move(next), last);
  }
}

}  // namespace sfb::remote
