#include "agent/remote/session/lanes_transport.hpp"

#include "agent/net/deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace sfb::remote {

namespace asio = boost::asio;

namespace {

// How long an ask waits for a session that is being cleared before it opens another one.
constexpr std::chrono::milliseconds kClearing{1'000};

constexpr std::chrono::milliseconds kMargin{500};

}  // namespace

void Lane::count_session() {
  static std::atomic<std::uint64_t> made{0};
  session_ = ++made;
}

bool cmdlet_failed(const Call& call, const Result<PipelineResult>& result) {
  if (call.side) {
    return false;
  }
  return result ? result->state == PipelineState::failed ||
                      (result->output.empty() && !result->errors.empty())
                : result.error().reason == Reason::cmdlet;
}

Reply live_reply(PipelineResult result, WallTime now, const StageTimes& times) {
  Reply reply;
  reply.result = pack(result);
  reply.made_at = now;
  reply.stages = times.all();
  return reply;
}

MonoTime last_word(MonoTime deadline, MonoTime now) {
  return deadline - std::min<std::chrono::nanoseconds>(kMargin, (deadline - now) / 10);
}

// Sees to it that a session comes back however its ask ends.
class LanesTransport::Loan {
 public:
  Loan(LanesTransport& transport, SlotPtr slot) : transport_(transport), slot_(std::move(slot)) {}
  ~Loan() {
    if (!returned_) {
      slot_->lane->interrupted();
    }
    transport_.give_back(slot_);
  }
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;
  Lane& lane() { return *slot_->lane; }
  void returned() { returned_ = true; }

 private:
  LanesTransport& transport_;
  SlotPtr slot_;
  bool returned_ = false;
};

LanesTransport::LanesTransport(asio::any_io_executor executor, LanesOptions options,
                               MakeLane make_lane)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      make_lane_(std::move(make_lane)),
      idle_timer_(executor_) {
  options_.max_concurrent = std::max<std::size_t>(options_.max_concurrent, 1);
}

asio::awaitable<Result<Reply>> LanesTransport::ask(Ask ask, MonoTime deadline) {
  const auto self = shared_from_this();
  auto slot = co_await take(deadline);
  if (!slot) {
    co_return std::unexpected(std::move(slot.error()));
  }
  Loan loan(*this, std::move(*slot));
  auto reply = co_await loan.lane().run(std::move(ask.call), deadline);
  loan.returned();
  if (ask.front_end) {
    *ask.front_end = loan.lane().front_end();
  }
  if (reply) {
    reply->session = loan.lane().session();
  }
  co_return reply;
}

auto LanesTransport::take(MonoTime deadline) -> asio::awaitable<Result<SlotPtr>> {
  if (closing_) {
    co_return std::unexpected(Error{Reason::internal,
                                    fmt::format("{}.closing", options_.transport),
                                    fmt::format("endpoint {} is being closed", options_.endpoint),
                                    {},
                                    {},
                                    Stage::queue});
  }
  while (true) {
    const MonoTime now = net::mono_now();
    if (!idle_.empty()) {
      SlotPtr slot = std::move(idle_.back());
      idle_.pop_back();
      slot->idle_since.reset();
      arm();
      co_return slot;
    }
    // Who waits already is served also when a reload closes all this.
    if (slots_.size() < (closing_ ? 2 * options_.max_concurrent : places(now))) {
      slots_.push_back(std::make_shared<Slot>(make_lane_()));
      co_return slots_.back();
    }
    if (now >= deadline) {
      co_return std::unexpected(Error{
          Reason::timeout,
          fmt::format("{}.timeout", options_.transport),
          fmt::format("all sessions of endpoint {} are busy or being cleared", options_.endpoint),
          "look why its answers take so long, or raise its max_concurrent",
          {},
          Stage::queue});
    }
    co_await changed_.wait_until(std::min<MonoTime>(deadline, next_place(now)));
  }
}

// A session that takes long to be cleared, because its server is ill for one pool, holds up no
// other: another one may be opened beside it.
std::size_t LanesTransport::places(MonoTime now) const {
  const auto slow = std::ranges::count_if(slots_, [&](const SlotPtr& slot) {
    return slot->tidying_since && now - *slot->tidying_since >= kClearing;
  });
  return options_.max_concurrent +
         std::min(static_cast<std::size_t>(slow), options_.max_concurrent);
}

MonoTime LanesTransport::next_place(MonoTime now) const {
  MonoTime next = net::kNever;
  for (const SlotPtr& slot : slots_) {
    if (slot->tidying_since && now - *slot->tidying_since < kClearing) {
      next = std::min<MonoTime>(next, *slot->tidying_since + kClearing);
    }
  }
  return next;
}

// Those that are being cleared go rather than one that has just served.
bool LanesTransport::one_in_its_place() const {
  const auto serving =
      std::ranges::count_if(slots_, [](const SlotPtr& slot) { return !slot->tidying_since; });
  return static_cast<std::size_t>(serving) > options_.max_concurrent;
}

// More stay than were configured: one of them must go.
bool LanesTransport::surplus() const {
  const auto staying = std::ranges::count(slots_, false, &Slot::ending);
  return static_cast<std::size_t>(staying) > options_.max_concurrent;
}

void LanesTransport::give_back(const SlotPtr& slot) {
  slot->lane->release();
  if (!slot->lane->holds_session()) {
    slot->lane->renew();
    rest(slot);
  } else if (closing_ || one_in_its_place() || !options_.reuse) {
    tidy_behind(slot, true);
  } else if (slot->lane->needs_clearing()) {
    tidy_behind(slot, false);
  } else if (!slot->lane->fit(net::mono_now())) {
    tidy_behind(slot, true);
  } else {
    rest(slot);
  }
}

// Nothing is to be cleared: it waits for the next ask, or goes.
void LanesTransport::rest(const SlotPtr& slot) {
  slot->tidying_since.reset();
  slot->ending = false;
  if (closing_ || (!slot->lane->holds_session() && slots_.size() > options_.max_concurrent)) {
    std::erase(slots_, slot);
  } else {
    slot->idle_since = net::mono_now();
    idle_.push_back(slot);
    arm();
  }
  changed_.notify_all();
}

// Not part of the ask, whose time may be over; so neither its cancellation nor its deadline counts.
void LanesTransport::tidy_behind(const SlotPtr& slot, bool close) {
  slot->tidying_since = net::mono_now();
  slot->ending = close;
  asio::co_spawn(executor_, tidy(shared_from_this(), slot, close),
                 [](const std::exception_ptr&) {});
}

asio::awaitable<void> LanesTransport::tidy(std::shared_ptr<LanesTransport> self, SlotPtr slot,
                                           bool close) {
  const LanesOptions& options = self->options_;
  co_await slot->lane->tidy(close, net::mono_now() + options.close_cap);
  // It was to be kept, but the transport was closed meanwhile, or another session took its place,
  // or it is too old by now.
  if (slot->lane->holds_session() &&
      (self->closing_ || self->surplus() || !slot->lane->fit(net::mono_now()))) {
    slot->ending = true;
    co_await slot->lane->tidy(true, net::mono_now() + options.close_cap);
  }
  self->rest(slot);
}

asio::awaitable<bool> LanesTransport::close(MonoTime deadline) {
  const auto self = shared_from_this();
  closing_ = true;
  for (const SlotPtr& slot : std::exchange(idle_, {})) {
    slot->idle_since.reset();
    if (slot->lane->holds_session()) {
      tidy_behind(slot, true);
    } else {
      std::erase(slots_, slot);
    }
  }
  arm();
  changed_.notify_all();
  while (!slots_.empty() && net::mono_now() < deadline) {
    co_await changed_.wait_until(deadline);
  }
  co_return slots_.empty();
}

std::optional<MonoTime> LanesTransport::next_idle_end() const {
  std::optional<MonoTime> next;
  const auto consider = [&](MonoTime time) { next = next ? std::min(*next, time) : time; };
  for (const SlotPtr& slot : idle_) {
    if (const auto end = slot->lane->idle_end()) {
      consider(*end);
    }
    if (slot->lane->holds_session()) {
      consider(*slot->idle_since + options_.session_idle);
    }
  }
  return next;
}

void LanesTransport::arm() {
  const auto next = next_idle_end();
  if (next == armed_) {
    return;
  }
  armed_ = next;
  if (!next) {
    idle_timer_.cancel();
    return;
  }
  idle_timer_.expires_at(*next);
  idle_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    if (const auto self = weak.lock(); self && !error) {
      self->armed_.reset();
      self->look_after_idle();
      self->arm();
    }
  });
}

// The server drops idle connections and shells without a word: we go first.
void LanesTransport::look_after_idle() {
  const MonoTime now = net::mono_now();
  for (const SlotPtr& slot : std::vector<SlotPtr>(idle_)) {
    slot->lane->look_after(now);
    if (slot->lane->holds_session() && now - *slot->idle_since >= options_.session_idle) {
      std::erase(idle_, slot);
      slot->idle_since.reset();
      tidy_behind(slot, true);
    }
  }
}

}  // namespace sfb::remote
