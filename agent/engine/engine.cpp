// The engine's Asio shell: starts and cancels the core's work and arms its one timer.
#include "agent/engine/engine.hpp"

#include "agent/engine/core.hpp"
#include "agent/net/wake.hpp"
#include "agent/remote/transport.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <exception>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sfb::engine {

namespace asio = boost::asio;

namespace {

using TransportPtr = std::shared_ptr<remote::TransportControl>;

// Holds the transport alive until the run returned, whatever the configuration has become.
asio::awaitable<Result<remote::Reply>> ask(TransportPtr transport, remote::Ask question,
                                           MonoTime deadline) {
  co_return co_await transport->transport().ask(std::move(question), deadline);
}

// A transport that nobody configures any more may take this long; its runs end well before.
constexpr std::chrono::minutes kRetireTime{5};

asio::awaitable<bool> close_one(TransportPtr transport, MonoTime deadline) {
  co_return co_await transport->transport().close(deadline);
}

Result<remote::Reply> outcome_of(const std::exception_ptr& exception,
                                 Result<remote::Reply> result) {
  if (!exception) {
    return result;
  }
  std::string what = "unknown exception";
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& caught) {
    what = caught.what();
  } catch (...) {
    what = "not a std::exception";
  }
  return fail(Reason::internal, "engine.exception", "the transport threw an exception",
              "this is a bug of the agent: report it", std::move(what));
}

}  // namespace

/// Shared with running coroutines' handlers, so that late ones find something to report to.
class Engine::Impl : public std::enable_shared_from_this<Engine::Impl> {
 public:
  Impl(asio::any_io_executor executor, const Clock& clock, Logger logger)
      : executor_(std::move(executor)),
        clock_(clock),
        timer_(executor_),
        logger_(std::move(logger)) {}

  /// Behind the constructor, because the hooks hold weak references to this object.
  void open(status::Keeper* keeper) {
    const std::weak_ptr<Impl> self = weak_from_this();
    core_.emplace(clock_, logger_,
                  Hooks{[this](Launch launched) { launch(std::move(launched)); },
                        [this](JobId job) { cancel(job); },
                        [self](const Fqdn& pool, std::string_view collector) {
                          if (const auto impl = self.lock()) {
                            impl->core().content_changed(pool, collector);
                            impl->arm();
                          }
                        },
                        [self](EndpointId endpoint, std::uint64_t secret) {
                          if (const auto impl = self.lock()) {
                            impl->core().credentials_changed(endpoint, secret);
                            impl->arm();
                          }
                        },
                        [this](TransportPtr transport) { retire(std::move(transport)); }, keeper});
  }

  Core& core() { return *core_; }

  /// Stops, then closes every transport, retired ones included.
  asio::awaitable<std::size_t> close(MonoTime deadline) {
    core_->stop();
    arm();
    auto transports = core_->transports();
    for (const auto& each : retired_) {
      if (auto transport = each.lock()) {
        transports.push_back(std::move(transport));
      }
    }
    // Shared, because a handler may come after this coroutine has given up.
    struct Left {
      explicit Left(std::size_t count) : running(count), open(count) {}
      std::size_t running;
      std::size_t open;
      net::Wake none_running;
    };
    const auto left = std::make_shared<Left>(transports.size());
    for (auto& transport : transports) {
      asio::co_spawn(executor_, close_one(std::move(transport), deadline),
                     [left](const std::exception_ptr& failure, bool closed) {
                       left->open -= !failure && closed ? 1U : 0U;
                       if (--left->running == 0) {
                         left->none_running.notify_all();
                       }
                     });
    }
    if (left->running > 0) {
      co_await left->none_running.wait_until(deadline);
    }
    co_return left->open;
  }

  /// After everything that may have changed the agenda.
  void arm() {
    const auto next = core_->next_wakeup();
    if (next == armed_) {
      return;
    }
    armed_ = next;
    if (!next) {
      timer_.cancel();
      return;
    }
    timer_.expires_after(std::max(*next - clock_.now().mono, std::chrono::nanoseconds(0)));
    timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
      if (const auto impl = self.lock(); impl && !error) {
        impl->armed_.reset();
        impl->core().tick();
        impl->arm();
      }
    });
  }

 private:
  void launch(Launch launched) {
    auto& signal = signals_[launched.job];
    signal = std::make_unique<asio::cancellation_signal>();
    const JobId job = launched.job;
    asio::co_spawn(
        executor_, ask(std::move(launched.transport), std::move(launched.ask), launched.deadline),
        asio::bind_cancellation_slot(
            signal->slot(), [self = shared_from_this(), job](const std::exception_ptr& exception,
                                                             Result<remote::Reply> result) {
              self->drop_signal(job);
              self->core().finished(job, outcome_of(exception, std::move(result)));
              self->arm();
            }));
  }

  // In the background: runs under way end first.
  void retire(TransportPtr transport) {
    std::erase_if(retired_, [](const auto& each) { return each.expired(); });
    retired_.push_back(transport);
    asio::co_spawn(executor_, close_one(std::move(transport), clock_.now().mono + kRetireTime),
                   [](const std::exception_ptr&, bool) {});
  }

  // The coroutine's frames refer to the signal until this handler has returned.
  void drop_signal(JobId job) {
    auto node = signals_.extract(job);
    asio::post(executor_, [signal = std::move(node.mapped())] {});
  }

  void cancel(JobId job) {
    if (const auto found = signals_.find(job); found != signals_.end()) {
      found->second->emit(asio::cancellation_type::terminal);
    }
  }

  asio::any_io_executor executor_;
  const Clock& clock_;
  asio::steady_timer timer_;
  Logger logger_;
  std::optional<Core> core_;
  std::optional<MonoTime> armed_;
  std::unordered_map<JobId, std::unique_ptr<asio::cancellation_signal>> signals_;
  std::vector<std::weak_ptr<remote::TransportControl>> retired_;
};

Engine::Engine(asio::any_io_executor executor, const Clock& clock, Logger logger,
               status::Keeper* keeper)
    : impl_(std::make_shared<Impl>(std::move(executor), clock, std::move(logger))) {
  impl_->open(keeper);
}

Engine::~Engine() {
  stop();
}

void Engine::apply(Options options) {
  const auto impl = impl_;
  impl->core().apply(std::move(options));
  impl->arm();
}

void Engine::start() {
  impl_->core().start();
  impl_->arm();
}

void Engine::stop() {
  const auto impl = impl_;
  impl->core().stop();
  impl->arm();
}

asio::awaitable<std::size_t> Engine::close(MonoTime deadline) {
  const auto impl = impl_;  // the engine may go meanwhile
  co_return co_await impl->close(deadline);
}

std::size_t Engine::running() const {
  return impl_->core().running();
}

void Engine::evaluate(const status::Question& question, status::Wish wish, std::stop_token stop,
                      status::AnswerCallback callback) {
  const auto impl = impl_;
  impl->core().evaluate(question, std::move(wish), std::move(stop), std::move(callback));
  impl->arm();
}

status::SnapshotPtr Engine::snapshot() {
  return impl_->core().snapshot();
}

std::optional<std::vector<status::HistoryEntry>> Engine::history(const Fqdn& pool) {
  return impl_->core().history(pool);
}

bool Engine::first_cycle_done() const {
  return impl_->core().first_cycle_done();
}

}  // namespace sfb::engine
