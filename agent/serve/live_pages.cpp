#include "agent/serve/live_pages.hpp"

#include "agent/exposition/gzip_member.hpp"
#include "agent/serve/block_page.hpp"
#include "agent/serve/live_shared.hpp"
#include "agent/serve/metrics_page.hpp"
#include "agent/serve/metrics_text.hpp"
#include "agent/serve/packed_body.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

/// A page of more has about 20 MB.
constexpr std::size_t kLargePools = 2000;
/// A larger text never lies in memory whole. 10,000 pools have 88 MB.
constexpr std::size_t kLargestKeptText = 128UL << 20U;

/// Either plain, or packed with what its text is made of.
struct Page {
  std::shared_ptr<const std::string> plain;
  Packed packed;
  PageText text;
};
using PagePtr = std::shared_ptr<const Page>;

struct Slot {
  exposition::Format format = exposition::Format::text_0_0_4;
  bool gzip = false;
  Shared<PagePtr> page = {};
  std::optional<MonoTime> asked = {};  ///< a large plain page: when last

  bool asked_again(MonoTime now) {
    const std::optional<MonoTime> before = std::exchange(asked, now);
    return before && now - *before <= Shared<PagePtr>::kMaxAge;
  }
};

bool is_large(const status::Snapshot& snapshot) {
  return snapshot.pools.size() + snapshot.others.size() > kLargePools;
}

PageBody body_of(const Page& page) {
  if (page.plain != nullptr) {
    return {.whole = page.plain, .parts = {}};
  }
  if (page.packed->list.size() == 1) {
    return {.whole = page.packed->list.front(), .parts = {}};
  }
  return {.whole = {}, .parts = std::make_shared<PackedBody>(page.packed)};
}

/// Only a page as gzip has blocks that are kept. Where it is small, it is one piece.
Result<PagePtr> make_page(const status::SnapshotPtr& snapshot, SelfMetrics& self, BlockPage& blocks,
                          exposition::Format format, bool gzip) {
  auto page = std::make_shared<Page>();
  if (!gzip) {
    page->plain = std::make_shared<const std::string>(render_metrics_page(*snapshot, self, format));
    return page;
  }
  Result<BlockPage::Made> made = blocks.make(*snapshot, self, format);
  if (!made) {
    return std::unexpected(std::move(made.error()));
  }
  self.page_blocks(made->held_bytes);
  if (!is_large(*snapshot)) {
    made->gzip.list = {std::make_shared<const std::string>(made->gzip.joined())};
  }
  page->packed = std::make_shared<const exposition::GzipPieces>(std::move(made->gzip));
  page->text = {std::move(made->rest), page->packed->text_bytes, snapshot};
  return page;
}

/// The text of a packed page, from the snapshot while there is one: unpacking takes as long and
/// longer.
std::shared_ptr<http::BodyParts> text_of(const PagePtr& page, exposition::Format format) {
  if (status::SnapshotPtr snapshot = page->text.snapshot.lock()) {
    return std::make_shared<MetricsText>(std::shared_ptr<const PageText>(page, &page->text),
                                         std::move(snapshot), format);
  }
  return std::make_shared<UnpackedBody>(page->packed);
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
    const SharedVersion version = impl->version_of(*snapshot);
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

  SharedVersion version_of(const status::Snapshot& snapshot) const {
    return {snapshot.version, self->reloads()};
  }

  PageBody ready(exposition::Format format, bool gzip) {
    const PagePtr* const page =
        slot(format, gzip).page.ready(version_of(*board.snapshot()), clock.now().mono);
    return page == nullptr ? PageBody{} : body_of(**page);
  }

  static asio::awaitable<Result<PageBody>> body(std::shared_ptr<Impl> impl,
                                                exposition::Format format, bool gzip) {
    status::SnapshotPtr newest = impl->board.snapshot();
    const SharedVersion wanted = impl->version_of(*newest);
    const bool large_text = !gzip && is_large(*newest);
    newest.reset();  // whoever waits keeps nothing
    Result<PagePtr> page = co_await get(impl, wanted, format, gzip || large_text);
    if (!page) {
      co_return std::unexpected(std::move(page.error()));
    }
    if (!large_text) {
      co_return body_of(**page);
    }
    // Asked for twice in a second, it is worth its room, which the next scrape gives back.
    if (!impl->slot(format, false).asked_again(impl->clock.now().mono) ||
        (*page)->text.bytes > kLargestKeptText) {
      co_return PageBody{.whole = {}, .parts = text_of(*page, format)};
    }
    page = co_await get(impl, wanted, format, false);
    if (!page) {
      co_return std::unexpected(std::move(page.error()));
    }
    co_return body_of(**page);
  }

  static asio::awaitable<Result<PagePtr>> get(std::shared_ptr<Impl> impl, SharedVersion wanted,
                                              exposition::Format format, bool gzip) {
    const MonoTime arrived = impl->clock.now().mono;
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

boost::asio::awaitable<Result<PageBody>> LivePages::get(exposition::Format format, bool gzip) {
  return Impl::body(impl_, format, gzip);
}

PageBody LivePages::ready(exposition::Format format, bool gzip) {
  return impl_->ready(format, gzip);
}

}  // namespace sfb::serve
