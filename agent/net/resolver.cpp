#include "agent/net/resolver.hpp"

#include "agent/base/text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <list>
#include <unordered_map>
#include <utility>

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

class Resolver::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::size_t threads, Lookup lookup)
      : lookup_(std::move(lookup)), pool_("resolve", threads, kQueue, kGrace) {}

  void stop() { pool_.stop(); }

  asio::awaitable<Result<Answer>> resolve(std::string host, std::uint16_t port, MonoTime deadline) {
    boost::system::error_code not_literal;
    const auto literal = asio::ip::make_address(host, not_literal);
    if (!not_literal) {
      co_return Answer{{asio::ip::tcp::endpoint(literal, port)}, false};
    }
    const auto entry = entry_of(host);
    const auto executor = co_await asio::this_coro::executor;
    const MonoTime now = mono_now();
    const bool remembered = !entry->good.empty() && now - entry->good_at < kMemory;
    if (!entry->running) {
      entry->running = true;
      asio::co_spawn(executor, look_up(shared_from_this(), entry, host, port),
                     [](const std::exception_ptr&) {});
    }
    const std::uint64_t before = entry->answers;
    asio::steady_timer timer(executor,
                             remembered ? std::min<MonoTime>(deadline, now + kPatience) : deadline);
    {
      const Waiting waiting(*entry, timer);
      co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    const bool answered = entry->answers != before;
    if (answered && !entry->failure) {
      co_return Answer{with_port(entry->good, port), false};
    }
    if (remembered) {
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
    std::uint64_t answers = 0;  ///< look-ups that ended
    std::optional<Error> failure;
    Endpoints good;
    MonoTime good_at{};
    std::list<asio::steady_timer*> waiting;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  // Registers a waiting coroutine's timer, however the wait ends.
  class Waiting {
   public:
    Waiting(Entry& entry, asio::steady_timer& timer)
        : entry_(entry), place_(entry.waiting.insert(entry.waiting.end(), &timer)) {}
    ~Waiting() { entry_.waiting.erase(place_); }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Entry& entry_;
    std::list<asio::steady_timer*>::iterator place_;
  };

  EntryPtr entry_of(const std::string& host) {
    if (const auto known = entries_.find(host); known != entries_.end()) {
      return known->second;
    }
    if (entries_.size() >= kMaxHosts) {
      entries_.erase(std::ranges::min_element(
          entries_, {}, [](const auto& item) { return item.second->good_at; }));
    }
    return entries_.emplace(host, std::make_shared<Entry>()).first->second;
  }

  // Nobody's own: goes on when those who asked are gone, for those who ask next.
  static asio::awaitable<void> look_up(std::shared_ptr<Impl> self, EntryPtr entry, std::string host,
                                       std::uint16_t port) {
    auto found = co_await self->pool_.run(
        [lookup = self->lookup_, host, port] { return lookup(host, port); });
    entry->running = false;
    ++entry->answers;
    if (found) {
      entry->failure.reset();
      entry->good = std::move(*found);
      entry->good_at = mono_now();
    } else {
      entry->failure = std::move(found.error());
    }
    for (asio::steady_timer* const timer : entry->waiting) {
      timer->cancel();
    }
  }

  Lookup lookup_;
  std::unordered_map<std::string, EntryPtr> entries_;
  WorkerPool pool_;
};

Resolver::Resolver(std::size_t threads, Lookup lookup)
    : impl_(std::make_shared<Impl>(threads, std::move(lookup))) {}

Resolver::~Resolver() {
  impl_->stop();
}

asio::awaitable<Result<Resolver::Answer>> Resolver::resolve(std::string host, std::uint16_t port,
                                                            MonoTime deadline) {
  co_return co_await impl_->resolve(std::move(host), port, deadline);
}

}  // namespace sfb::net
