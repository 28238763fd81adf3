// The core's reading side: snapshots and history.
#include "agent/engine/core.hpp"

#include <algorithm>

namespace sfb::engine {

status::SnapshotPtr Core::snapshot() {
  const Now now = clock_.now();
  if (snapshot_ && !dirty_ && (!snapshot_valid_until_ || now.mono < *snapshot_valid_until_)) {
    return snapshot_;
  }
  auto made = std::make_shared<status::Snapshot>();
  made->version = (snapshot_ ? snapshot_->version : 0) + 1;
  made->durations = durations_;
  made->pools.reserve(pools_.size());
  snapshot_valid_until_.reset();
  for (const auto& [fqdn, pool] : pools_) {
    made->pools.push_back(pool->knowledge.snapshot(now));
    if (const auto change = pool->knowledge.next_change(now)) {
      snapshot_valid_until_ =
          snapshot_valid_until_ ? std::min(*snapshot_valid_until_, *change) : *change;
    }
  }
  dirty_ = false;
  if (!snapshot_ || made->pools != snapshot_->pools ||
      made->durations.count != snapshot_->durations.count) {
    snapshot_ = std::move(made);
  }
  return snapshot_;
}

std::optional<std::vector<status::HistoryEntry>> Core::history(const Fqdn& pool) const {
  const auto found = pools_.find(pool);
  if (found == pools_.end()) {
    return std::nullopt;
  }
  return found->second->history.newest_first();
}

bool Core::first_cycle_done() const {
  return started_ && (awaited_ == 0 || clock_.now().mono >= first_cycle_deadline_);
}

}  // namespace sfb::engine
