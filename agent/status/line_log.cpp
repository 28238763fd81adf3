#include "agent/status/line_log.hpp"

#include "agent/base/packed_number.hpp"

#include <algorithm>
#include <utility>

namespace sfb::status {
namespace {

// Without a sign, so that no difference is too large.
std::uint64_t number(WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

WallTime time_of(std::uint64_t number) {
  return WallTime(WallTime::duration(static_cast<WallTime::rep>(number)));
}

}  // namespace

LineLog::Rest LineLog::find(const HistoryEntry& rest) const {
  const auto slot = std::ranges::find_if(
      slots_, [&rest](const Slot& one) { return one.rest != nullptr && *one.rest == rest; });
  return slot == slots_.end() ? nullptr : slot->rest;
}

void LineLog::push(const Stamp& stamp, Rest rest) {
  auto slot = std::ranges::find(slots_, rest, &Slot::rest);
  if (slot == slots_.end()) {
    slot = std::ranges::find(slots_, nullptr, &Slot::rest);
  }
  if (slot == slots_.end()) {
    slot = slots_.insert(slot, Slot{});
  }
  if (bytes_.capacity() - bytes_.size() < kMostBytes) {
    bytes_.reserve(bytes_.size() + bytes_.size() / 2 + kMostBytes);
  }
  put_difference(newest_.id, stamp.id);
  put_difference(number(newest_.time), number(stamp.time));
  put_difference(number(stamp.time), number(stamp.evaluated_at));
  append_packed(bytes_, static_cast<std::uint64_t>(stamp.duration.count()));
  append_packed(bytes_, static_cast<std::uint64_t>(slot - slots_.begin()));
  slot->rest = std::move(rest);
  ++slot->lines;
  newest_ = stamp;
  ++size_;
}

void LineLog::pop_oldest() {
  std::size_t end = 0;
  Slot& slot = slots_.at(next(end, before_));
  if (--slot.lines == 0) {
    slot.rest.reset();
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(end));
  --size_;
}

std::vector<LineLog::Line> LineLog::lines() const {
  std::vector<Line> all;
  all.reserve(size_);
  Stamp stamp = before_;
  for (std::size_t at = 0; at < bytes_.size();) {
    const std::size_t slot = next(at, stamp);
    all.push_back({stamp, slots_.at(slot).rest});
  }
  return all;
}

std::size_t LineLog::next(std::size_t& at, Stamp& stamp) const {
  stamp.id = take_difference(stamp.id, at);
  stamp.time = time_of(take_difference(number(stamp.time), at));
  stamp.evaluated_at = time_of(take_difference(number(stamp.time), at));
  stamp.duration = std::chrono::nanoseconds(static_cast<std::int64_t>(take(at)));
  return take(at);
}

// The sign goes to the lowest bit, so that small differences of both signs are short.
void LineLog::put_difference(std::uint64_t from, std::uint64_t to) {
  const std::uint64_t difference = to - from;
  append_packed(bytes_, (difference << 1U) ^ (0 - (difference >> 63U)));
}

std::uint64_t LineLog::take(std::size_t& at) const {
  return take_packed([this, &at] { return bytes_.at(at++); });
}

std::uint64_t LineLog::take_difference(std::uint64_t from, std::size_t& at) const {
  const std::uint64_t taken = take(at);
  return from + ((taken >> 1U) ^ (0 - (taken & 1U)));
}

}  // namespace sfb::status
