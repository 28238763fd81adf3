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

JobId EndpointQueue::take_from(std::set<Place>& jobs, std::set<Place>::iterator place) {
  return jobs.extract(place).value().second;
}

JobId EndpointQueue::take_scheduled() {
  const unsigned last = scheduled_.rbegin()->first;
  const bool last_next = scheduled_.begin()->first == last || overtaken_ranks_ >= kMaxOvertaken;
  overtaken_ranks_ = last_next ? 0 : overtaken_ranks_ + 1;
  return take_from(scheduled_, last_next ? scheduled_.lower_bound({last, 0}) : scheduled_.begin());
}

std::optional<JobId> EndpointQueue::take() {
  if (!can_take()) {
    return std::nullopt;
  }
  const bool schedule_next =
      queries_.empty() || (!scheduled_.empty() && overtaken_ >= kMaxOvertaken);
  overtaken_ = schedule_next || scheduled_.empty() ? 0 : overtaken_ + 1;
  const JobId job = schedule_next ? take_scheduled() : take_from(queries_, queries_.begin());
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
