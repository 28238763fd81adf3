// The queue of an endpoint.
#include "agent/engine/endpoint_queue.hpp"

namespace sfb::engine {

void EndpointQueue::push(JobId job, Priority priority, unsigned rank) {
  (priority == Priority::query ? queries_ : scheduled_).emplace(rank, job);
  ranks_.emplace(job, rank);
}

void EndpointQueue::promote(JobId job) {
  const auto rank = ranks_.find(job);
  if (rank != ranks_.end() && scheduled_.erase({rank->second, job}) > 0) {
    queries_.emplace(rank->second, job);
  }
}

bool EndpointQueue::remove(JobId job) {
  const auto node = ranks_.extract(job);
  if (node.empty()) {
    return false;
  }
  queries_.erase({node.mapped(), job});
  scheduled_.erase({node.mapped(), job});
  return true;
}

std::optional<JobId> EndpointQueue::take() {
  if (!can_take()) {
    return std::nullopt;
  }
  const bool schedule_next =
      queries_.empty() || (!scheduled_.empty() && overtaken_ >= kMaxOvertaken);
  auto& from = schedule_next ? scheduled_ : queries_;
  overtaken_ = schedule_next || scheduled_.empty() ? 0 : overtaken_ + 1;
  const JobId job = from.begin()->second;
  from.erase(from.begin());
  ranks_.erase(job);
  ++running_;
  return job;
}

void EndpointQueue::release() {
  if (running_ > 0) {
    --running_;
  }
}

}  // namespace sfb::engine
