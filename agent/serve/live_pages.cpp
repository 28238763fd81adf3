#include "agent/serve/live_pages.hpp"

#include "agent/serve/block_page.hpp"
#include "agent/serve/live_shared.hpp"
#include "agent/serve/metrics_page.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

/// A page of more has about 20 MB.
constexpr std::size_t kLargePools = 2000;

struct Slot {
  exposition::Format format = exposition::Format::text_0_0_4;
  bool gzip = false;
  Shared<Bytes> page = {};
};

/// Only a page as gzip has blocks that are kept.
Result<Bytes> make_page(const status::Snapshot& snapshot, SelfMetrics& self, BlockPage& blocks,
                        exposition::Format format, bool gzip) {
  if (!gzip) {
    return std::make_shared<const std::string>(render_metrics_page(snapshot, self, format));
  }
  Result<BlockPage::Made> made = blocks.make(snapshot, self, format);
  if (!made) {
    return std::unexpected(std::move(made.error()));
  }
  self.page_blocks(made->held_bytes);
  return std::make_shared<const std::string>(std::move(made->gzip));
}

}  // namespace

struct LivePages::Impl {
  using Made = Shared<Bytes>::Made;

  status::Board& board;
  std::shared_ptr<SelfMetrics> self;
  net::WorkerPool& cpu;
  const Clock& clock;
  std::shared_ptr<BlockPage> blocks = std::make_shared<BlockPage>();  ///< shared with jobs
  std::array<Slot, 4> slots{{{exposition::Format::text_0_0_4, false},
                             {exposition::Format::text_0_0_4, true},
                             {exposition::Format::openmetrics_1_0_0, false},
                             {exposition::Format::openmetrics_1_0_0, true}}};

  Slot& slot(exposition::Format format, bool gzip) {
    const std::size_t pair = format == exposition::Format::openmetrics_1_0_0 ? 2 : 0;
    return slots.at(pair + (gzip ? 1 : 0));
  }

  static asio::awaitable<Result<Made>> make(std::shared_ptr<Impl> impl, exposition::Format format,
                                            bool gzip) {
    const status::SnapshotPtr snapshot = impl->board.snapshot();
    const SharedVersion version{snapshot->version, impl->self->reloads()};
    const MonoTime when = impl->clock.now().mono;
    const auto job = [snapshot, self = impl->self, blocks = impl->blocks, format, gzip] {
      return make_page(*snapshot, *self, *blocks, format, gzip);
    };
    Result<Bytes> bytes = co_await impl->cpu.run(job);
    if (!bytes) {
      co_return std::unexpected(std::move(bytes.error()));
    }
    co_return Made{std::move(*bytes), version, when};
  }

  /// The newest.
  SharedVersion wanted() { return {board.snapshot()->version, self->reloads()}; }

  Bytes ready(exposition::Format format, bool gzip) {
    const Bytes* const page = slot(format, gzip).page.ready(wanted(), clock.now().mono);
    return page == nullptr ? nullptr : *page;
  }

  static asio::awaitable<Result<Bytes>> get(std::shared_ptr<Impl> impl, exposition::Format format,
                                            bool gzip) {
    const MonoTime arrived = impl->clock.now().mono;
    const SharedVersion wanted = impl->wanted();
    // 10 MB for 1,000 pools that one `curl` asked for once.
    for (Slot& each : impl->slots) {
      each.page.drop_outdated(arrived);
    }
    co_return co_await impl->slot(format, gzip).page.get(wanted, arrived, [impl, format, gzip] {
      return make(impl, format, gzip);
    });
  }
};

LivePages::LivePages(status::Board& board, std::shared_ptr<SelfMetrics> self, net::WorkerPool& cpu,
                     const Clock& clock)
    : impl_(std::make_shared<Impl>(board, std::move(self), cpu, clock)) {}

boost::asio::awaitable<Result<Bytes>> LivePages::get(exposition::Format format, bool gzip) {
  return Impl::get(impl_, format, gzip);
}

bool LivePages::is_large() const {
  const status::SnapshotPtr snapshot = impl_->board.snapshot();
  return snapshot->pools.size() + snapshot->others.size() > kLargePools;
}

Bytes LivePages::ready(exposition::Format format, bool gzip) {
  return impl_->ready(format, gzip);
}

}  // namespace sfb::serve
