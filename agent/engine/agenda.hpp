// What is to be done when: one entry per key, cheap to move. Pure; the shell arms one timer for the
// earliest entry.
#pragma once

#include "agent/base/time.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace sfb::engine {

/// What an entry is about; `id` is a pool's generation, an endpoint (backoff_end), a job (guard,
/// trial_end, job_start) or a waiter.
struct AgendaKey {
  enum class Kind : std::uint8_t { waiter, guard, trial_end, job_start, backoff_end, pool_due };
  Kind kind = Kind::pool_due;
  std::uint64_t id = 0;
  auto operator<=>(const AgendaKey&) const = default;
};

/// Thread rule: one thread. Every operation is O(log n).
class Agenda {
 public:
  /// Sets or moves the entry; without a time it is taken out.
  void set(AgendaKey key, std::optional<MonoTime> time);
  void erase(AgendaKey key) { set(key, std::nullopt); }
  std::optional<MonoTime> next() const;
  /// Takes out the earliest entry that is due; at the same moment in the order of Kind.
  std::optional<AgendaKey> pop_due(MonoTime now);
  std::size_t size() const { return times_.size(); }

 private:
  std::map<AgendaKey, MonoTime> times_;
  std::set<std::pair<MonoTime, AgendaKey>> order_;
};

}  // namespace sfb::engine
