#include "agent/remote/winrm_transport.hpp"

#include "agent/net/deadline.hpp"
#include "agent/remote/winrm_lane.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace sfb::remote {

namespace {

namespace asio = boost::asio;

// Reads of one endpoint's password and CA file that may wait for each other: one for each session
// there may be, and some.
std::size_t most_file_jobs(std::size_t max_concurrent) {
  return 64 + 2 * max_concurrent;
}

// An answer read beside the loop takes some 10 ms for each MiB.
constexpr std::size_t kReaders = 1;
constexpr std::size_t kReadJobs = 4096;
// A thread that hangs on a dead mount is not waited for, neither at a reload nor at the end.
constexpr std::chrono::milliseconds kFileGrace{20};
// How long an ask waits for a session that is being cleared before it opens another one.
constexpr std::chrono::milliseconds kClearing{1'000};

using LanePtr = std::shared_ptr<WinrmLane>;

// What is told goes out without the secrets that were sent: a peer may repeat them.
class RedactingObserver final : public Observer {
 public:
  RedactingObserver(std::shared_ptr<Observer> observer, const Redactor& redactor)
      : observer_(std::move(observer)), redactor_(redactor) {}

  void stage(const StageTime& time) override { observer_->stage(time); }
  void fact(std::string_view name, std::string_view value) override {
    observer_->fact(name, redactor_(value));
  }
  bool wants_wire() const override { return observer_->wants_wire(); }
  void wire(std::string_view direction, std::string_view text) override {
    observer_->wire(direction, redactor_(text));
  }

 private:
  std::shared_ptr<Observer> observer_;
  const Redactor& redactor_;
};

// Coroutines that wait until something changes. A timer each, because each has its own deadline.
class Waiters {
 public:
  asio::awaitable<void> wait(MonoTime deadline) {
    asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
    const Entry entry(timers_, timer);
    // Woken, too late or cancelled: whoever waits looks for himself.
    static_cast<void>(co_await timer.async_wait(asio::as_tuple(asio::use_awaitable)));
  }
  void wake() {
    for (asio::steady_timer* timer : timers_) {
      timer->cancel();
    }
  }

 private:
  class Entry {
   public:
    Entry(std::vector<asio::steady_timer*>& timers, asio::steady_timer& timer)
        : timers_(timers), timer_(&timer) {
      timers_.push_back(timer_);
    }
    ~Entry() { std::erase(timers_, timer_); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    std::vector<asio::steady_timer*>& timers_;
    asio::steady_timer* timer_;
  };
  std::vector<asio::steady_timer*> timers_;
};

class WinrmTransport final : public Transport, public std::enable_shared_from_this<WinrmTransport> {
 public:
  explicit WinrmTransport(std::shared_ptr<WinrmEndpoint> endpoint)
      : endpoint_(std::move(endpoint)), idle_timer_(endpoint_->executor) {}

  Status can_ask(const Call&) const override { return {}; }
  asio::awaitable<Result<Reply>> ask(Call call, MonoTime deadline) override;
  void refresh() override { endpoint_->tls.reset(); }
  asio::awaitable<bool> close(MonoTime deadline) override;
  void on_credentials(std::function<void(std::uint64_t)> callback) override {
    endpoint_->password->on_change(std::move(callback));
  }

 private:
  // Sees to it that a session comes back however its ask ends.
  class Loan {
   public:
    Loan(WinrmTransport& transport, LanePtr lane) : transport_(transport), lane_(std::move(lane)) {}
    ~Loan() {
      if (!returned_) {
        lane_->interrupted();
      }
      transport_.give_back(lane_);
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    WinrmLane& lane() { return *lane_; }
    void returned() { returned_ = true; }

   private:
    WinrmTransport& transport_;
    LanePtr lane_;
    bool returned_ = false;
  };

  const WinrmOptions& options() const { return endpoint_->options; }
  asio::awaitable<Result<LanePtr>> take(MonoTime deadline);
  std::size_t most_lanes() const { return std::max<std::size_t>(options().max_concurrent, 1); }
  bool one_in_its_place() const;
  bool surplus() const;
  std::size_t places(MonoTime now) const;
  MonoTime next_place(MonoTime now) const;
  void give_back(const LanePtr& lane);
  void rest(const LanePtr& lane);
  void tidy_behind(const LanePtr& lane, bool close);
  static asio::awaitable<void> tidy(std::shared_ptr<WinrmTransport> self, LanePtr lane, bool close);
  void arm();
  void look_after_idle();
  std::optional<MonoTime> next_idle_end() const;

  std::shared_ptr<WinrmEndpoint> endpoint_;
  std::vector<LanePtr> lanes_;  ///< all of them
  std::vector<LanePtr> idle_;   ///< the newest last
  Waiters waiters_;
  asio::steady_timer idle_timer_;
  std::optional<MonoTime> armed_;
  bool closing_ = false;
};

asio::awaitable<Result<Reply>> WinrmTransport::ask(Call call, MonoTime deadline) {
  const auto self = shared_from_this();
  auto lane = co_await take(deadline);
  if (!lane) {
    co_return std::unexpected(std::move(lane.error()));
  }
  Loan loan(*this, std::move(*lane));
  auto reply = co_await loan.lane().run(std::move(call), deadline);
  loan.returned();
  co_return reply;
}

asio::awaitable<Result<LanePtr>> WinrmTransport::take(MonoTime deadline) {
  if (closing_) {
    co_return std::unexpected(Error{Reason::internal,
                                    "winrm.closing",
                                    fmt::format("endpoint {} is being closed", options().endpoint),
                                    {},
                                    {},
                                    Stage::queue});
  }
  while (true) {
    const MonoTime now = net::mono_now();
    if (!idle_.empty()) {
      LanePtr lane = std::move(idle_.back());
      idle_.pop_back();
      lane->idle_since.reset();
      arm();
      co_return lane;
    }
    // Who waits already is served also when a reload closes all this.
    if (lanes_.size() < (closing_ ? 2 * most_lanes() : places(now))) {
      lanes_.push_back(std::make_shared<WinrmLane>(endpoint_));
      co_return lanes_.back();
    }
    if (now >= deadline) {
      co_return std::unexpected(Error{
          Reason::timeout,
          "winrm.timeout",
          fmt::format("all sessions of endpoint {} are busy or being cleared", options().endpoint),
          "look why its answers take so long, or raise its max_concurrent",
          {},
          Stage::queue});
    }
    co_await waiters_.wait(std::min<MonoTime>(deadline, next_place(now)));
  }
}

// A session that takes long to be cleared, because its server is ill for one pool, holds up no
// other: another one may be opened beside it.
std::size_t WinrmTransport::places(MonoTime now) const {
  const auto slow = std::ranges::count_if(lanes_, [&](const LanePtr& lane) {
    return lane->tidying_since && now - *lane->tidying_since >= kClearing;
  });
  return most_lanes() + std::min(static_cast<std::size_t>(slow), most_lanes());
}

MonoTime WinrmTransport::next_place(MonoTime now) const {
  MonoTime next = net::kNever;
  for (const LanePtr& lane : lanes_) {
    if (lane->tidying_since && now - *lane->tidying_since < kClearing) {
      next = std::min<MonoTime>(next, *lane->tidying_since + kClearing);
    }
  }
  return next;
}

// Those that are being cleared go rather than one that has just served.
bool WinrmTransport::one_in_its_place() const {
  const auto serving =
      std::ranges::count_if(lanes_, [](const LanePtr& lane) { return !lane->tidying_since; });
  return static_cast<std::size_t>(serving) > most_lanes();
}

// More stay than were configured: one of them must go.
bool WinrmTransport::surplus() const {
  const auto staying = std::ranges::count(lanes_, false, &WinrmLane::ending);
  return static_cast<std::size_t>(staying) > most_lanes();
}

void WinrmTransport::give_back(const LanePtr& lane) {
  lane->link().release();
  if (!lane->holds_shell()) {
    lane->renew();
    rest(lane);
  } else if (closing_ || one_in_its_place() || !options().reuse) {
    tidy_behind(lane, true);
  } else if (lane->needs_clearing()) {
    tidy_behind(lane, false);
  } else if (!lane->fit(net::mono_now())) {
    tidy_behind(lane, true);
  } else {
    rest(lane);
  }
}

// Nothing is to be cleared: it waits for the next ask, or goes.
void WinrmTransport::rest(const LanePtr& lane) {
  lane->tidying_since.reset();
  lane->ending = false;
  if (closing_ || (!lane->holds_shell() && lanes_.size() > most_lanes())) {
    std::erase(lanes_, lane);
  } else {
    lane->idle_since = net::mono_now();
    idle_.push_back(lane);
    arm();
  }
  waiters_.wake();
}

// Not part of the ask, whose time may be over; so neither its cancellation nor its deadline counts.
void WinrmTransport::tidy_behind(const LanePtr& lane, bool close) {
  lane->tidying_since = net::mono_now();
  lane->ending = close;
  asio::co_spawn(endpoint_->executor, tidy(shared_from_this(), lane, close),
                 [](const std::exception_ptr&) {});
}

asio::awaitable<void> WinrmTransport::tidy(std::shared_ptr<WinrmTransport> self, LanePtr lane,
                                           bool close) {
  const WinrmOptions& options = self->options();
  co_await lane->tidy(close, net::mono_now() + options.close_cap);
  // It was to be kept, but the transport was closed meanwhile, or another session took its place,
  // or it is too old by now.
  if (lane->holds_shell() && (self->closing_ || self->surplus() || !lane->fit(net::mono_now()))) {
    lane->ending = true;
    co_await lane->tidy(true, net::mono_now() + options.close_cap);
  }
  self->rest(lane);
}

asio::awaitable<bool> WinrmTransport::close(MonoTime deadline) {
  const auto self = shared_from_this();
  closing_ = true;
  for (const LanePtr& lane : std::exchange(idle_, {})) {
    lane->idle_since.reset();
    if (lane->holds_shell()) {
      tidy_behind(lane, true);
    } else {
      std::erase(lanes_, lane);
    }
  }
  arm();
  waiters_.wake();
  while (!lanes_.empty() && net::mono_now() < deadline) {
    co_await waiters_.wait(deadline);
  }
  co_return lanes_.empty();
}

std::optional<MonoTime> WinrmTransport::next_idle_end() const {
  std::optional<MonoTime> next;
  const auto consider = [&](MonoTime time) { next = next ? std::min(*next, time) : time; };
  for (const LanePtr& lane : idle_) {
    if (lane->link().connected()) {
      consider(lane->link().last_used() + options().connection_idle);
    }
    if (lane->holds_shell()) {
      consider(*lane->idle_since + options().session_idle);
    }
  }
  return next;
}

void WinrmTransport::arm() {
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
void WinrmTransport::look_after_idle() {
  const MonoTime now = net::mono_now();
  for (const LanePtr& lane : std::vector<LanePtr>(idle_)) {
    WinrmLink& link = lane->link();
    if (link.connected() && now - link.last_used() >= options().connection_idle) {
      link.drop();
    }
    if (lane->holds_shell() && now - *lane->idle_since >= options().session_idle) {
      std::erase(idle_, lane);
      lane->idle_since.reset();
      tidy_behind(lane, true);
    }
  }
}

}  // namespace

WinrmServices::WinrmServices(asio::any_io_executor executor)
    : secrets(std::make_shared<net::SharedWatch>(std::move(executor))),
      readers("answers", kReaders, kReadJobs) {}

std::shared_ptr<Transport> make_winrm_transport(asio::any_io_executor executor,
                                                WinrmOptions options, const Clock& clock,
                                                Logger logger) {
  if (!options.budget) {
    options.budget = std::make_shared<ByteBudget>(options.limits.in_flight);
  }
  if (!options.services) {
    options.services = std::make_shared<WinrmServices>(executor);
  }
  options.services->trusted.forget();  // a reload reads the system's store anew
  const auto files = std::make_shared<net::WorkerPool>(
      "secrets", 1, most_file_jobs(options.max_concurrent), kFileGrace);
  auto password = PasswordFile::create(executor, files, options.services->secrets,
                                       options.credentials.password_file, logger);
  auto make_scheme = [user = options.credentials.username](std::shared_ptr<const Secret> secret) {
    return auth::make_basic(user, std::move(secret));
  };
  const auto endpoint =
      std::make_shared<WinrmEndpoint>(WinrmEndpoint{.executor = std::move(executor),
                                                    .options = std::move(options),
                                                    .password = std::move(password),
                                                    .files = files,
                                                    .make_scheme = std::move(make_scheme),
                                                    .tls = nullptr,
                                                    .redactor = {},
                                                    .clock = clock,
                                                    .logger = std::move(logger),
                                                    .observer = nullptr});
  if (endpoint->options.observer) {
    endpoint->observer =
        std::make_shared<RedactingObserver>(endpoint->options.observer, endpoint->redactor);
  }
  return std::make_shared<WinrmTransport>(endpoint);
}

}  // namespace sfb::remote
