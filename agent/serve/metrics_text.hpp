// The plain metrics page part by part, rendered while it is sent: nobody needs room for all of it.
#pragma once

#include "agent/exposition/exposition.hpp"
#include "agent/http/body_parts.hpp"
#include "agent/serve/pool_families.hpp"
#include "agent/status/board.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

/// What a page was made of, beside its pools.
struct PageText {
  std::string rest;       ///< what stands behind the families of pools, with the end
  std::size_t bytes = 0;  ///< of the whole text
  std::weak_ptr<const status::Snapshot> snapshot;
};

/// The same bytes as render_metrics_page. Thread rule: one thread at a time.
class MetricsText final : public http::BodyParts {
 public:
  /// `page` lives as long as this, and was made of `snapshot`.
  MetricsText(std::shared_ptr<const PageText> page, status::SnapshotPtr snapshot,
              exposition::Format format);

  std::size_t size() const override { return page_->bytes; }
  std::size_t held() const override;
  std::span<const std::string_view> next() override;

 private:
  std::string_view part();
  void start_section();
  void write_family();

  std::shared_ptr<const PageText> page_;
  status::SnapshotPtr snapshot_;
  std::vector<PoolSection> sections_;
  std::vector<std::optional<PoolRow>> rows_;  ///< of the section, made when first needed
  std::size_t section_ = 0;
  std::size_t family_ = 0;
  std::size_t pool_ = 0;
  std::string_view rest_;
  exposition::Writer writer_;
  std::array<std::string_view, 1> part_;
};

}  // namespace sfb::serve
