// The activity machine.
#include "agent/engine/activity.hpp"

#include <algorithm>
#include <cstdint>

namespace sfb::engine {

double spread_of(const Fqdn& pool) {
  // FNV-1a, then a finaliser: names that differ in one digit must land far apart.
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : pool.str()) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  hash = (hash ^ (hash >> 33U)) * 0xFF51AFD7ED558CCDU;
  hash = (hash ^ (hash >> 33U)) * 0xC4CEB9FE1A85EC53U;
  hash ^= hash >> 33U;
  return static_cast<double>(hash >> 11U) * 0x1.0p-53;
}

namespace {

std::chrono::nanoseconds part_of(std::chrono::nanoseconds whole, double part) {
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(static_cast<double>(whole.count()) * part));
}

}  // namespace

void Activity::schedule(MonoTime now) {
  if (phase_ == Phase::stopped) {
    return;
  }
  const auto first = std::min<std::chrono::nanoseconds>(interval_, kFirstSpread);
  grid_ = now + part_of(interval_, spread_);
  early_ = now + part_of(first, spread_);
  // The first regular moment is not right behind the first run, or it would look like an overrun.
  next_slot_after(*early_ + interval_ / 2);
}

void Activity::set_interval(std::chrono::nanoseconds interval, MonoTime now) {
  if (at_least_a_tick(interval) == interval_) {
    return;
  }
  interval_ = at_least_a_tick(interval);
  if (slot_) {
    grid_ = now + part_of(interval_, spread_);
    next_slot_after(now);
  }
}

void Activity::next_slot_after(MonoTime time) {
  const std::int64_t passed = time < grid_ ? 0 : (time - grid_) / interval_ + 1;
  slot_ = grid_ + passed * interval_;
}

std::optional<MonoTime> Activity::next_due() const {
  if (slot_ && early_) {
    return std::min(*slot_, *early_);
  }
  return slot_ ? slot_ : early_;
}

Activity::Due Activity::due(MonoTime now, bool left_alone) {
  const bool slot_due = slot_ && *slot_ <= now;
  const bool early_due = early_ && *early_ <= now;
  if (!slot_due && !early_due) {
    return Due::nothing;
  }
  if (slot_due) {
    next_slot_after(now);
  }
  if (early_due) {
    early_.reset();
    last_early_ = now;
  }
  switch (phase_) {
    case Phase::idle:
      if (left_alone) {
        return Due::skipped;
      }
      for_slot_ = slot_due;
      return Due::start;
    case Phase::stopped:
      return Due::nothing;
    case Phase::queued:
    case Phase::running:
      break;
  }
  if (!slot_due) {
    // What is queued will see the new content; what runs may have read the old one.
    again_ = again_ || phase_ == Phase::running;
    return Due::adopt;
  }
  if (for_slot_) {
    return Due::overrun;
  }
  for_slot_ = true;
  return Due::adopt;
}

void Activity::nudge(MonoTime now) {
  if (!slot_ || phase_ == Phase::queued || phase_ == Phase::stopped) {
    return;
  }
  if (phase_ == Phase::running) {
    again_ = true;
    return;
  }
  const MonoTime earliest = last_early_ ? std::max(now, *last_early_ + kEarlyGap) : now;
  early_ = early_ ? std::min(*early_, earliest) : earliest;
}

void Activity::queued() {
  if (phase_ == Phase::idle) {
    phase_ = Phase::queued;
  }
}

void Activity::started() {
  if (phase_ == Phase::queued) {
    phase_ = Phase::running;
  }
}

void Activity::finished(MonoTime now) {
  if (phase_ == Phase::stopped) {
    return;
  }
  phase_ = Phase::idle;
  for_slot_ = false;
  if (again_) {
    again_ = false;
    nudge(now);
  }
}

void Activity::drain() {
  phase_ = Phase::stopped;
  slot_.reset();
  early_.reset();
  again_ = false;
}

}  // namespace sfb::engine
