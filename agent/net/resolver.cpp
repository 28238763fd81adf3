#include "agent/net/resolver.hpp"

#include "agent/base/text.hpp"
#include "agent/net/wake.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sfb::net {

namespace {

namespace asio = boost::asio;

// More host names than any configuration has; beyond, the one that waited longest is forgotten.
constexpr std::size_t kMaxHosts = 4096;
constexpr std::size_t kQueue = 4096;
constexpr std::chrono::milliseconds kGrace{20};

Endpoints with_port(Endpoints endpoints, std::uint16_t port) {
  for (auto& endpoint : endpoints) {
    endpoint.port(port);
  }
  return endpoints;
}

}  // namespace

// Shared with the look-ups under way, which may outlive the resolver by a moment.
class Resolver::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::size_t threads, Lookup lookup)
      : lookup_(std::move(lookup)),
        pool_(std::make_unique<WorkerPool>("resolve", threads, kQueue, kGrace)) {}

  Status start() { return pool_->start(); }

  // Ends the waits for look-ups, so that nothing is left to do on the loop, and leaves a hanging
  // thread to itself.
  void stop() {
    for (const EntryPtr& entry : running()) {
      entry->stop.emit(asio::cancellation_type::terminal);
    }
    pool_.reset();
  }

  asio::awaitable<Result<Answer>> resolve(std::string host, std::uint16_t port, MonoTime deadline) {
    boost::system::error_code not_literal;
    const auto literal = asio::ip::make_address(host, not_literal);
    if (!not_literal) {
      co_return Answer{{asio::ip::tcp::endpoint(literal, port)}, false};
    }
    const auto executor = co_await asio::this_coro::executor;
    const MonoTime now = mono_now();
    const EntryPtr entry = entry_of(host, now);
    const bool remembered = !entry->good.empty() && now - entry->good_at < kMemory;
    const std::uint64_t before = entry->answers;
    if (!entry->running) {
      asio::co_spawn(
          executor, look_up(shared_from_this(), entry, host, port),
          asio::bind_cancellation_slot(entry->stop.slot(), [](const std::exception_ptr&) {}));
    }
    // A full pool answers at once.
    if (entry->answers == before) {
      co_await entry->answered.wait_until(remembered ? std::min<MonoTime>(deadline, now + kPatience)
                                                     : deadline);
    }
    const bool answered = entry->answers != before;
    if (answered && !entry->failure) {
      co_return Answer{with_port(entry->good, port), false};
    }
    if (remembered && !entry->good.empty()) {
      co_return Answer{with_port(entry->good, port), true};
    }
    if (answered) {
      Error error = *entry->failure;
      error.stage = Stage::resolve;
      co_return std::unexpected(std::move(error));
    }
    auto failure = fail(Reason::dns, "resolve.timeout",
                        fmt::format("{}: the name server did not answer in time", quote(host, 260)),
                        "check this machine's DNS, or write the address and tls.server_name");
    failure.error().stage = Stage::resolve;
    co_return failure;
  }

 private:
  struct Entry {
    bool running = false;
    asio::cancellation_signal stop;  ///< of the look-up that runs
    std::uint64_t answers = 0;       ///< look-ups that ended
    std::optional<Error> failure;    ///< of the last one
    Endpoints good;
    MonoTime good_at{};
    MonoTime asked_at{};
    Wake answered;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  // Also when the loop drops the look-up: a signal to a coroutine that is gone must not be sent.
  class Running {
   public:
    Running(Impl& self, EntryPtr entry) : self_(self), entry_(std::move(entry)) {
      entry_->running = true;
      self_.running_.insert(entry_);
    }
    ~Running() {
      entry_->running = false;
      self_.running_.erase(entry_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    Impl& self_;
    EntryPtr entry_;
  };

  std::vector<EntryPtr> running() const { return {running_.begin(), running_.end()}; }

  EntryPtr entry_of(const std::string& host, MonoTime now) {
    const auto known = entries_.find(host);
    if (known == entries_.end() && entries_.size() >= kMaxHosts) {
      entries_.erase(std::ranges::min_element(
          entries_, {}, [](const auto& item) { return item.second->asked_at; }));
    }
    EntryPtr& entry = known == entries_.end() ? entries_[host] : known->second;
    if (!entry) {
      entry = std::make_shared<Entry>();
    }
    entry->asked_at = now;
    return entry;
  }

  // Nobody's own: goes on when those who asked are gone, for those who ask next.
  static asio::awaitable<void> look_up(std::shared_ptr<Impl> self, EntryPtr entry, std::string host,
                                       std::uint16_t port) {
    std::optional<Running> running(std::in_place, *self, entry);
    auto found = co_await self->pool_->run(
        [lookup = self->lookup_, host, port] { return lookup(host, port); });
    running.reset();
    ++entry->answers;
    if (found) {
      entry->failure.reset();
      entry->good = std::move(*found);
      entry->good_at = mono_now();
    } else {
      entry->failure = std::move(found.error());
      if (entry->failure->code == "resolve.no_name") {
        entry->good.clear();
      }
      if (entry->failure->code == "pool.full") {
        entry->failure->reason = Reason::internal;  // no fault of a server
      }
    }
    entry->answered.notify_all();
  }

  Lookup lookup_;
  std::unordered_map<std::string, EntryPtr> entries_;
  std::unordered_set<EntryPtr> running_;  ///< some may have been forgotten already
  std::unique_ptr<WorkerPool> pool_;
};

Resolver::Resolver(std::size_t threads, Lookup lookup)
    : impl_(std::make_shared<Impl>(threads, std::move(lookup))) {}

Resolver::~Resolver() {
  impl_->stop();
}

Status Resolver::start() {
  return impl_->start();
}

asio::awaitable<Result<Resolver::Answer>> Resolver::resolve(std::string host, std::uint16_t port,
                                                            MonoTime deadline) {
  co_return co_await impl_->resolve(std::move(host), port, deadline);
}

}  // namespace sfb::net
