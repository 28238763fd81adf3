// The memory of collectors that remember nothing but their last good answer.
#pragma once

#include "agent/base/saved_text.hpp"
#include "collectors/collector.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::collectors {

/// `F` is the collector's finding, `V` its view, made of the pool's facts, the newest conclusive
/// finding, and when our clock saw that; the finding is null where there is none, or none that is
/// fresh.
template <typename F, typename V>
class LastFinding final : public Memory {
 public:
  explicit LastFinding(Facts facts) : facts_(std::move(facts)) {}

  void learn(FindingPtr finding, const When& when) override {
    if (finding->conclusive) {
      seen_ = when.finished;
      last_ = std::static_pointer_cast<const F>(std::move(finding));
    }
  }
  void reconfigure(const Facts& facts, const Limits& limits) override {
    static_cast<void>(limits);
    facts_ = facts;
  }
  std::optional<MonoTime> next_change(MonoTime now) const override {
    static_cast<void>(now);
    return std::nullopt;
  }
  ViewPtr view(bool fresh, MonoTime now) override {
    static_cast<void>(now);
    return std::make_shared<const V>(facts_, fresh ? last_.get() : nullptr, seen_);
  }
  std::string save(Now now) const override {
    static_cast<void>(now);
    std::string text;
    append_saved_line(text, {"seen", saved_time(seen_)});
    return text;
  }
  bool restore(std::string_view saved, FindingPtr last, const When& when, Now now) override {
    const auto lines = read_saved_lines(saved, {.bytes = 1024, .lines = 16});
    const auto seen = lines && !lines->empty() && lines->front().name() == "seen"
                          ? lines->front().time(1)
                          : std::nullopt;
    if (last != nullptr) {
      last_ = std::static_pointer_cast<const F>(std::move(last));
      seen_ = std::min(seen.value_or(when.finished), now.wall);
    }
    return seen.has_value();
  }

 private:
  Facts facts_;
  std::shared_ptr<const F> last_;
  WallTime seen_{};
};

/// Collector::memory.
template <typename F, typename V>
std::unique_ptr<Memory> remember_last(const Facts& facts, const Limits& limits) {
  static_cast<void>(limits);
  return std::make_unique<LastFinding<F, V>>(facts);
}

}  // namespace sfb::collectors
