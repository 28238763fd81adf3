// The queue of an endpoint.
#include "agent/engine/endpoint_queue.hpp"

namespace sfb::engine {

void EndpointQueue::push(JobId job, Priority priority) {
  (priority == Priority::query ? queries_ : scheduled_).insert(job);
}

void EndpointQueue::promote(JobId job) {
  if (scheduled_.erase(job) > 0) {
    queries_.insert(job);
  }
}

bool EndpointQueue::remove(JobId job) {
  return queries_.erase(job) + scheduled_.erase(job) > 0;
}

std::optional<JobId> EndpointQueue::take() {
  if (!can_take()) {
    return std::nullopt;
  }
  const bool schedule_next =
      queries_.empty() || (!scheduled_.empty() && overtaken_ >= kMaxOvertaken);
  auto& from = schedule_next ? scheduled_ : queries_;
  overtaken_ = schedule_next || scheduled_.empty() ? 0 : overtaken_ + 1;
  const JobId job = *from.begin();
  from.erase(from.begin());
  ++running_;
  return job;
}

void EndpointQueue::release() {
  if (running_ > 0) {
    --running_;
  }
}

}  // namespace sfb::engine
