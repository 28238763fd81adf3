// One slot a format and coding: a page, and the build that makes the next one. A build is a
// coroutine of its own, so a caller that goes away takes nobody's page with it.
#include "agent/serve/live_pages.hpp"

#include "agent/exposition/gzip.hpp"
#include "agent/net/deadline.hpp"
#include "agent/net/wake.hpp"
#include "agent/serve/metrics_page.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

/// The exporter's own counters are as old as the page.
constexpr std::chrono::seconds kMaxAge{1};

/// What a page must not lack.
struct Version {
  std::uint64_t snapshot = 0;
  std::uint64_t reloads = 0;  ///< of the configuration, refused ones too
};

struct Page {
  Bytes bytes;
  Version version = {};
  MonoTime made{};  ///< when the snapshot was taken

  /// Good for a caller that came at `arrived`, when `wanted` was the newest.
  bool serves(const Version& wanted, MonoTime arrived) const {
    return bytes != nullptr && version.snapshot >= wanted.snapshot &&
           version.reloads >= wanted.reloads && !outdated(arrived);
  }
  bool outdated(MonoTime now) const { return now - made > kMaxAge; }
};

/// A page being made.
struct Build {
  net::Wake done;
  bool finished = false;
  Result<Page> page = fail(Reason::internal, "page.abandoned",
                           "the metrics page was not finished because the agent is stopping");
};

struct Slot {
  exposition::Format format = exposition::Format::text_0_0_4;
  bool gzip = false;
  Page page;
  std::shared_ptr<Build> build;  ///< null when none is running
};

/// Ends a build for its waiters however its coroutine ends.
class Completion {
 public:
  Completion(Slot& slot, std::shared_ptr<Build> build) : slot_(slot), build_(std::move(build)) {}
  ~Completion() {
    build_->finished = true;
    slot_.build.reset();
    build_->done.notify_all();
  }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

 private:
  Slot& slot_;
  std::shared_ptr<Build> build_;
};

Result<Bytes> make_page(const status::Snapshot& snapshot, const SelfMetrics& self,
                        exposition::Format format, bool gzip) {
  std::string page = render_metrics_page(snapshot, self, format);
  if (!gzip) {
    return std::make_shared<const std::string>(std::move(page));
  }
  Result<std::string> packed = exposition::gzip(page);
  if (!packed) {
    return std::unexpected(std::move(packed.error()));
  }
  return std::make_shared<const std::string>(std::move(*packed));
}

}  // namespace

struct LivePages::Impl {
  status::Board& board;
  std::shared_ptr<const SelfMetrics> self;
  net::WorkerPool& cpu;
  const Clock& clock;
  std::array<Slot, 4> slots{{{exposition::Format::text_0_0_4, false, {}, {}},
                             {exposition::Format::text_0_0_4, true, {}, {}},
                             {exposition::Format::openmetrics_1_0_0, false, {}, {}},
                             {exposition::Format::openmetrics_1_0_0, true, {}, {}}}};

  Slot& slot(exposition::Format format, bool gzip) {
    const std::size_t pair = format == exposition::Format::openmetrics_1_0_0 ? 2 : 0;
    return slots.at(pair + (gzip ? 1 : 0));
  }

  /// A page too old for everybody only costs memory: 10 MB for 1,000 pools that one `curl` asked
  /// for once.
  void drop_outdated(MonoTime now) {
    for (Slot& slot : slots) {
      if (slot.page.outdated(now)) {
        slot.page = {};
      }
    }
  }

  static asio::awaitable<void> run_build(std::shared_ptr<Impl> impl, Slot& slot,
                                         std::shared_ptr<Build> build) {
    const Completion completion(slot, build);
    const status::SnapshotPtr snapshot = impl->board.snapshot();
    const Version version{snapshot->version, impl->self->reloads()};
    const MonoTime made = impl->clock.now().mono;
    const auto job = [snapshot, self = impl->self, format = slot.format, gzip = slot.gzip] {
      return make_page(*snapshot, *self, format, gzip);
    };
    Result<Bytes> bytes = co_await impl->cpu.run(job);
    if (bytes) {
      slot.page = Page{std::move(*bytes), version, made};
      build->page = slot.page;
    } else {
      build->page = std::unexpected(std::move(bytes.error()));
    }
  }

  static asio::awaitable<Result<Bytes>> get(std::shared_ptr<Impl> impl, exposition::Format format,
                                            bool gzip) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const MonoTime arrived = impl->clock.now().mono;
    const Version wanted{impl->board.snapshot()->version, impl->self->reloads()};
    impl->drop_outdated(arrived);
    Slot& slot = impl->slot(format, gzip);
    Page page = slot.page;
    // Two rounds at most: a build that runs already may be of an older snapshot, the next is not.
    while (!page.serves(wanted, arrived)) {
      std::shared_ptr<Build> build = slot.build;
      if (!build) {
        build = slot.build = std::make_shared<Build>();
        asio::co_spawn(executor, run_build(impl, slot, build), asio::detached);
      }
      if (!build->finished) {  // refused by a full pool, it ends before co_spawn returns
        co_await build->done.wait_until(net::kNever);
      }
      if (!build->finished) {
        co_return fail(Reason::internal, "page.cancelled",
                       "the wait for the metrics page was cancelled");
      }
      if (!build->page) {
        co_return std::unexpected(build->page.error());
      }
      page = *build->page;
    }
    co_return page.bytes;
  }
};

LivePages::LivePages(status::Board& board, std::shared_ptr<const SelfMetrics> self,
                     net::WorkerPool& cpu, const Clock& clock)
    : impl_(std::make_shared<Impl>(board, std::move(self), cpu, clock)) {}

boost::asio::awaitable<Result<Bytes>> LivePages::get(exposition::Format format, bool gzip) {
  return Impl::get(impl_, format, gzip);
}

}  // namespace sfb::serve
