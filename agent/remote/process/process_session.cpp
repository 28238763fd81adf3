// The steps of a session: what is said after which answer.
#include "agent/remote/process/process_session.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace sfb::remote {

namespace {

// A Close is acknowledged at once.
constexpr std::chrono::milliseconds kClosingPatience{2'000};
const Guid kPoolId{};  // the session's PSGuid

}  // namespace

ProcessSession::ProcessSession(ProcessSessionOptions options)
    : options_(std::move(options)),
      asking_({.transport = "ssh",
               .language = options_.language,
               .import_module = options_.import_module,
               .observer = options_.observer}) {}

ProcessSession::Next ProcessSession::run(const Call& call, MonoTime now, MonoTime deadline,
                                         std::chrono::nanoseconds open_cap) {
  asking_.begin(call);
  deadline_ = deadline;
  open_cap_ = open_cap;
  replaced_ = false;
  kept_ = reusable();
  return kept_ ? begin_pipeline() : start(now);
}

ProcessSession::Next ProcessSession::start(MonoTime now) {
  step_ = Step::start;
  until_ = std::min<MonoTime>(deadline_, now + open_cap_);
  return Start{};
}

ProcessSession::Next ProcessSession::started() {
  carrier_ = std::make_unique<psrp::Outofproc>(options_.limits);
  pipeline_.reset();
  dead_ = spoiled_ = closing_ = false;
  pipelines_ = 0;
  opened_.reset();
  asking_.forget();
  psrp::PoolOptions pool{.id = options_.guids(), .limits = options_.limits, .observer = {}};
  if (watched()) {
    pool.observer = [this](const psrp::Message& message) {
      options_.observer->wire("<", psrp::show(message));
    };
  }
  pool_ = std::make_unique<psrp::RunspacePool>(std::move(pool));
  std::string opening = pool_->open();
  show_sent(opening);
  send(kPoolId, std::move(opening));
  step_ = Step::open;
  return wait();
}

ProcessSession::Next ProcessSession::begin_pipeline() {
  const Guid id = options_.guids();
  pipeline_ = std::make_unique<psrp::Pipeline>(*pool_, id, asking_.commands());
  ++pipelines_;
  carrier_->send({.kind = psrp::PacketKind::command, .id = id});
  show_sent(fmt::format("{}", fmt::join(pipeline_->fragments(), "")));
  for (const std::string& fragment : pipeline_->fragments()) {
    send(id, fragment);
  }
  step_ = Step::command;
  until_ = deadline_;
  return wait();
}

ProcessSession::Next ProcessSession::received(std::string_view bytes, MonoTime now) {
  auto packets = carrier_->receive(bytes);
  if (!packets) {
    return misspoke(std::move(packets.error()), now);
  }
  for (const psrp::Packet& packet : *packets) {
    if (Status taken = take(packet); !taken) {
      return misspoke(std::move(taken.error()), now);
    }
  }
  return clearing() ? proceed_clearing(now) : proceed(now);
}

Status ProcessSession::take(const psrp::Packet& packet) {
  if (packet.id == kPoolId) {
    Status taken = pool_->receive(packet.bytes);
    if (step_ == Step::remove) {
      return {};  // it says that it closes
    }
    for (std::string& response : pool_->take_host_responses()) {
      send(kPoolId, std::move(response), true);
    }
    return taken;
  }
  if (pipeline_ == nullptr || packet.id != pipeline_->id()) {
    pool_->doubt("output of another command came");  // mostly of one that was closed
    return {};
  }
  Status taken = pipeline_->receive(packet.bytes);
  if (!taken && taken.error().reason == Reason::parse) {
    taken.error().stage = Stage::parse;
  }
  for (std::string& response : pipeline_->take_host_responses()) {
    if (!pipeline_->finished() && !clearing()) {
      send(packet.id, std::move(response), true);
    }
  }
  return taken;
}

ProcessSession::Next ProcessSession::proceed(MonoTime now) {
  if (step_ == Step::open) {
    if (!carrier_->settled() || pool_->state() != psrp::RunspacePool::State::opened) {
      return wait();
    }
    opened_ = now;
    tell_open();
    return begin_pipeline();
  }
  if (step_ == Step::command && !carrier_->awaits(psrp::PacketKind::command_ack)) {
    step_ = Step::run;
  }
  if (!carrier_->settled()) {
    return wait();
  }
  if (step_ == Step::end) {
    return conclude(now);
  }
  if (pipeline_->finished()) {
    // Also one that completed: the pool's own Close is not answered before.
    carrier_->send({.kind = psrp::PacketKind::close, .id = pipeline_->id()});
    step_ = Step::end;
    until_ = now + kClosingPatience;
  }
  return wait();
}

ProcessSession::Next ProcessSession::conclude(MonoTime now) {
  PipelineResult result = pipeline_->take_result();
  pipeline_.reset();
  auto concluded = asking_.conclude(std::move(result), !dead_ && !spoiled_, now < deadline_);
  if (!concluded) {
    return begin_pipeline();
  }
  // Messages got lost in this session.
  spoiled_ = spoiled_ || (!*concluded && concluded->error().reason == Reason::protocol);
  return end(std::move(*concluded));
}

ProcessSession::Next ProcessSession::timed_out(MonoTime now) {
  const std::string awaited =
      carrier_ == nullptr || carrier_->settled()
          ? std::string()
          : fmt::format(" (it has not acknowledged: {} is missing)", carrier_->waits_for());
  switch (step_) {
    case Step::start:
    case Step::open:
      return give_up({Reason::timeout,
                      "ssh.timeout",
                      fmt::format("the server did not open the session in time{}", awaited),
                      "look at what it wrote to stderr, and at its session configuration",
                      {},
                      Stage::open});
    case Step::command:
    case Step::run:
      if (!pipeline_->finished()) {
        const bool half_way = pipeline_->half_way();
        return end(std::unexpected(Error{
            Reason::timeout,
            "ssh.timeout",
            fmt::format("{} in the evaluation's time{}",
                        half_way ? "the end of an object did not come" : "the cmdlet did not end",
                        awaited),
            half_way ? "part of the answer was lost, or is slow to come: look at the network and "
                       "at what stands between the agent and PowerShell"
                     : "raise evaluation_timeout, or look why the cmdlet is slow on the server",
            {},
            Stage::query}));
      }
      [[fallthrough]];
    case Step::end:
      // The answer is there; only this process is not to be used again.
      spoiled_ = true;
      return conclude(now);
    case Step::stop:
      if (carrier_->all_said()) {
        return abort(now);
      }
      [[fallthrough]];  // not even the line before the Signal was acknowledged
    case Step::abort:
      spoiled_ = true;
      return cleared(now);
    case Step::remove:
    case Step::idle:
      break;
  }
  step_ = Step::idle;
  return Cleared{};
}

ProcessSession::Next ProcessSession::died(Error error, MonoTime now) {
  dead_ = true;
  if (clearing()) {
    pipeline_.reset();
    step_ = Step::idle;
    return Cleared{};
  }
  if (may_replace(now)) {
    return replace(now);
  }
  if (pipeline_ != nullptr && pipeline_->finished()) {
    return conclude(now);
  }
  return give_up(std::move(error));
}

// What went wrong did so while it was idle, as far as we know: this run's command was not taken.
bool ProcessSession::may_replace(MonoTime now) const {
  return step_ == Step::command && kept_ && !replaced_ && now < deadline_;
}

ProcessSession::Next ProcessSession::replace(MonoTime now) {
  replaced_ = true;
  pipeline_.reset();
  return start(now);
}

ProcessSession::Next ProcessSession::misspoke(Error error, MonoTime now) {
  if (may_replace(now)) {
    return replace(now);
  }
  if (step_ != Step::end) {
    return give_up(std::move(error));
  }
  spoiled_ = true;  // but the answer was there before
  return conclude(now);
}

ProcessSession::Next ProcessSession::failed(Error error) {
  return give_up(std::move(error));
}

ProcessSession::Next ProcessSession::give_up(Error error) {
  spoiled_ = true;
  if (clearing()) {
    pipeline_.reset();
    step_ = Step::idle;
    return Cleared{};
  }
  if (error.stage == Stage::none) {
    error.stage = stage();
  }
  pipeline_.reset();
  return end(std::unexpected(std::move(error)));
}

ProcessSession::Next ProcessSession::end(Result<PipelineResult> result) {
  if (!result && result.error().stage == Stage::none) {
    result.error().stage = stage();
  }
  step_ = Step::idle;
  return Finished{std::move(result)};
}

ProcessSession::Next ProcessSession::clear(MonoTime now) {
  closing_ = false;
  if (dead_ || spoiled_ || pipeline_ == nullptr) {
    return cleared(now);
  }
  if (!carrier_->all_said()) {
    // The pipeline has not begun, and no line may overtake those that would begin it.
    spoiled_ = true;
    return cleared(now);
  }
  if (step_ == Step::end) {
    // The pipeline has ended, and its Close is said: only the acknowledgement is missing.
    step_ = Step::abort;
    until_ = now + kClosingPatience;
    return wait();
  }
  // Goes out when the line before is acknowledged.
  carrier_->send({.kind = psrp::PacketKind::signal, .id = pipeline_->id()});
  step_ = Step::stop;
  until_ = now + options_.stop_patience;
  return wait();
}

ProcessSession::Next ProcessSession::close(MonoTime now) {
  Next next = clear(now);
  closing_ = true;
  return std::holds_alternative<Cleared>(next) ? cleared(now) : std::move(next);
}

ProcessSession::Next ProcessSession::proceed_clearing(MonoTime now) {
  if (step_ == Step::stop && carrier_->settled()) {
    return abort(now);
  }
  if (step_ == Step::abort && !carrier_->awaits(psrp::PacketKind::close_ack)) {
    return cleared(now);
  }
  if (step_ == Step::remove && carrier_->settled()) {
    step_ = Step::idle;
    return Cleared{};
  }
  return wait();
}

ProcessSession::Next ProcessSession::abort(MonoTime now) {
  // A pipeline that did not hear the stop goes on and keeps the runspace: the next one would wait
  // for it.
  spoiled_ = spoiled_ || !pipeline_->finished();
  carrier_->send_regardless({.kind = psrp::PacketKind::close, .id = pipeline_->id()});
  step_ = Step::abort;
  until_ = now + kClosingPatience;
  return wait();
}

ProcessSession::Next ProcessSession::cleared(MonoTime now) {
  pipeline_.reset();
  if (closing_ && !dead_ && !spoiled_ && holds_pool() && carrier_->settled()) {
    carrier_->send({.kind = psrp::PacketKind::close, .id = kPoolId});
    step_ = Step::remove;
    until_ = now + kClosingPatience;
    return wait();
  }
  step_ = Step::idle;
  return Cleared{};
}

ProcessSession::Next ProcessSession::wait() {
  return Wait{stage(), carrier_->next_line().value_or(std::string()), until_};
}

void ProcessSession::send(const Guid& id, std::string fragments, bool response) {
  if (response) {
    show_sent(fragments);
  }
  carrier_->send({.kind = psrp::PacketKind::data,
                  .id = id,
                  .bytes = std::move(fragments),
                  .prompt_response = response});
}

std::size_t ProcessSession::held() const {
  return (carrier_ ? carrier_->held() : 0) + (pipeline_ ? pipeline_->held() : 0) +
         (pool_ ? pool_->held() : 0);
}

std::string_view ProcessSession::error_lines() const {
  return carrier_ ? std::string_view(carrier_->errors()) : std::string_view();
}

bool ProcessSession::reusable() const {
  return !dead_ && !spoiled_ && !closing_ && holds_pool() && pipeline_ == nullptr &&
         carrier_->settled();
}

void ProcessSession::tell_open() const {
  if (options_.observer != nullptr) {
    options_.observer->fact("protocol", fmt::format("server {}, used {}", pool_->server_version(),
                                                    psrp::to_string(pool_->version())));
    options_.observer->fact("PowerShell",
                            pool_->ps_version().empty() ? "not told" : pool_->ps_version());
  }
}

// The messages of what is to be sent, which are prepared only when somebody looks.
void ProcessSession::show_sent(std::string_view fragments) const {
  if (!watched()) {
    return;
  }
  const auto messages = psrp::Defragmenter({}).feed(fragments);
  for (const std::string& encoded : messages.value_or(std::vector<std::string>())) {
    if (const auto message = psrp::decode(encoded)) {
      options_.observer->wire(">", psrp::show(*message));
    }
  }
}

}  // namespace sfb::remote
