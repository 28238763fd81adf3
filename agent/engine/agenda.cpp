// The agenda: a map by key and a set by time that always agree.
#include "agent/engine/agenda.hpp"

namespace sfb::engine {

void Agenda::set(AgendaKey key, std::optional<MonoTime> time) {
  if (const auto known = times_.find(key); known != times_.end()) {
    order_.erase({known->second, key});
    times_.erase(known);
  }
  if (time) {
    times_.emplace(key, *time);
    order_.emplace(*time, key);
  }
}

std::optional<MonoTime> Agenda::next() const {
  return order_.empty() ? std::nullopt : std::optional(order_.begin()->first);
}

std::optional<AgendaKey> Agenda::pop_due(MonoTime now) {
  if (order_.empty() || order_.begin()->first > now) {
    return std::nullopt;
  }
  const AgendaKey key = order_.begin()->second;
  erase(key);
  return key;
}

}  // namespace sfb::engine
