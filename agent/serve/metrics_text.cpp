#include "agent/serve/metrics_text.hpp"

#include <algorithm>
#include <utility>

namespace sfb::serve {
namespace {

/// A part takes the loop less than a tenth of a millisecond.
constexpr std::size_t kPart = 64UL << 10U;

}  // namespace

MetricsText::MetricsText(std::shared_ptr<const PageText> page, status::SnapshotPtr snapshot,
                         exposition::Format format)
    : page_(std::move(page)),
      snapshot_(std::move(snapshot)),
      sections_(pool_sections(*snapshot_)),
      rest_(page_->rest),
      writer_(format) {
  start_section();
}

std::size_t MetricsText::held() const {
  return rows_.size() * sizeof(rows_.front()) + page_->rest.size() + 2 * kPart;
}

void MetricsText::start_section() {
  rows_.clear();
  if (section_ < sections_.size()) {
    rows_.resize(sections_[section_].pools.size());
  }
}

/// Until the part is full or the family ends.
void MetricsText::write_family() {
  const PoolSection& section = sections_[section_];
  const PoolFamily& family = section.families[family_];
  if (pool_ == 0) {
    writer_.family(family.family);
  } else {
    writer_.continue_family(family.family);
  }
  while (pool_ < rows_.size()) {  // one at least: the metadata stand there once
    std::optional<PoolRow>& row = rows_[pool_];
    family.write(writer_, row ? *row : row.emplace(*section.pools[pool_]));
    ++pool_;
    if (writer_.written().size() >= kPart) {
      break;
    }
  }
  if (pool_ < rows_.size()) {
    return;
  }
  pool_ = 0;
  if (++family_ == section.families.size()) {
    family_ = 0;
    ++section_;
    start_section();
  }
}

std::span<const std::string_view> MetricsText::next() {
  part_[0] = part();
  return part_;
}

std::string_view MetricsText::part() {
  writer_.clear();
  while (section_ < sections_.size() && writer_.written().size() < kPart) {
    write_family();
  }
  if (!writer_.written().empty()) {
    return writer_.written();
  }
  const std::string_view part = rest_.substr(0, kPart);
  rest_.remove_prefix(part.size());
  return part;
}

}  // namespace sfb::serve
