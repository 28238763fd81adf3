#include "agent/status/common_lines.hpp"

#include <boost/container_hash/hash.hpp>

#include <utility>

namespace sfb::status {
namespace {

template <typename T>
std::shared_ptr<const T> shared_in(std::shared_ptr<const T>& place, T value) {
  if (place == nullptr || *place != value) {
    place = std::make_shared<const T>(std::move(value));
  }
  return place;
}

}  // namespace

std::shared_ptr<const HistoryStates> CommonLines::of(HistoryStates states) {
  std::size_t hash = 0;
  for (const collectors::ModuleWords& module : states) {
    boost::hash_combine(hash, module.identity);
    boost::hash_combine(hash, module.exported);
    boost::hash_combine(hash, module.imported);
  }
  return shared_in(states_.at(hash % kPlaces), std::move(states));
}

std::shared_ptr<const HistoryEntry> CommonLines::of(HistoryEntry entry) {
  if (!entry.request_id.empty() || entry.changes.size() > kMostChanges) {
    return std::make_shared<const HistoryEntry>(std::move(entry));  // no other one is like it
  }
  std::size_t hash = 0;
  boost::hash_combine(hash, entry.question);
  boost::hash_combine(hash, entry.code);
  boost::hash_combine(hash, entry.message);
  boost::hash_combine(hash, entry.front_end);
  boost::hash_combine(hash, entry.trigger);
  boost::hash_combine(hash, entry.states.get());
  for (const HistoryChange& change : entry.changes) {
    boost::hash_combine(hash, change.event);
    boost::hash_combine(hash, change.fields);
  }
  return shared_in(entries_.at(hash % kPlaces), std::move(entry));
}

}  // namespace sfb::status
