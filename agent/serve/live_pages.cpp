#include "agent/serve/live_pages.hpp"

#include "agent/exposition/gzip_parts.hpp"
#include "agent/serve/block_page.hpp"
#include "agent/serve/live_shared.hpp"
#include "agent/serve/metrics_page.hpp"
#include "agent/serve/metrics_text.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

/// A page that was made of what has changed since.
class UnpackedPage final : public http::BodyParts {
 public:
  explicit UnpackedPage(Bytes packed) : parts_(std::move(packed)) {}

  std::size_t size() const override { return parts_.size(); }
  std::size_t held() const override { return parts_.held(); }
  std::string_view next() override { return parts_.next(); }

 private:
  exposition::GzipParts parts_;
};

/// A page of more has about 20 MB.
constexpr std::size_t kLargePools = 2000;

/// Its text only where it is packed.
struct Page {
  std::string body;
  PageText text;
};
using PagePtr = std::shared_ptr<const Page>;

struct Slot {
  exposition::Format format = exposition::Format::text_0_0_4;
  bool gzip = false;
  Shared<PagePtr> page = {};
};

Bytes body_of(const PagePtr& page) {
  return {page, &page->body};
}

/// Only a page as gzip has blocks that are kept.
Result<PagePtr> make_page(const status::SnapshotPtr& snapshot, SelfMetrics& self, BlockPage& blocks,
                          exposition::Format format, bool gzip) {
  auto page = std::make_shared<Page>();
  if (!gzip) {
    page->body = render_metrics_page(*snapshot, self, format);
    return page;
  }
  Result<BlockPage::Made> made = blocks.make(*snapshot, self, format);
  if (!made) {
    return std::unexpected(std::move(made.error()));
  }
  self.page_blocks(made->held_bytes);
  page->body = std::move(made->gzip);
  page->text = {std::move(made->rest), made->text_bytes, snapshot};
  return page;
}

/// From the snapshot while there is one: unpacking takes as long and longer.
std::shared_ptr<http::BodyParts> parts_of(const PagePtr& page, exposition::Format format) {
  if (status::SnapshotPtr snapshot = page->text.snapshot.lock()) {
    return std::make_shared<MetricsText>(std::shared_ptr<const PageText>(page, &page->text),
                                         std::move(snapshot), format);
  }
  return std::make_shared<UnpackedPage>(body_of(page));
}

}  // namespace

struct LivePages::Impl {
  using Made = Shared<PagePtr>::Made;

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
      return make_page(snapshot, *self, *blocks, format, gzip);
    };
    Result<PagePtr> page = co_await impl->cpu.run(job);
    if (!page) {
      co_return std::unexpected(std::move(page.error()));
    }
    co_return Made{std::move(*page), version, when};
  }

  /// The newest.
  SharedVersion wanted() { return {board.snapshot()->version, self->reloads()}; }

  Bytes ready(exposition::Format format, bool gzip) {
    const PagePtr* const page = slot(format, gzip).page.ready(wanted(), clock.now().mono);
    return page == nullptr ? nullptr : body_of(*page);
  }

  bool is_large() const {
    const status::SnapshotPtr snapshot = board.snapshot();
    return snapshot->pools.size() + snapshot->others.size() > kLargePools;
  }

  static asio::awaitable<Result<std::shared_ptr<http::BodyParts>>> parts(
      std::shared_ptr<Impl> impl, exposition::Format format) {
    if (!impl->is_large()) {
      co_return nullptr;
    }
    Result<PagePtr> page = co_await get(impl, format, true);
    if (!page) {
      co_return std::unexpected(std::move(page.error()));
    }
    co_return parts_of(*page, format);
  }

  static asio::awaitable<Result<Bytes>> body(std::shared_ptr<Impl> impl, exposition::Format format,
                                             bool gzip) {
    Result<PagePtr> page = co_await get(std::move(impl), format, gzip);
    if (!page) {
      co_return std::unexpected(std::move(page.error()));
    }
    co_return body_of(*page);
  }

  static asio::awaitable<Result<PagePtr>> get(std::shared_ptr<Impl> impl, exposition::Format format,
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
  return Impl::body(impl_, format, gzip);
}

boost::asio::awaitable<Result<std::shared_ptr<http::BodyParts>>> LivePages::parts(
    exposition::Format format) {
  return Impl::parts(impl_, format);
}

Bytes LivePages::ready(exposition::Format format, bool gzip) {
  return impl_->ready(format, gzip);
}

}  // namespace sfb::serve
