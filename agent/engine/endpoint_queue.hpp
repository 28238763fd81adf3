// Who is next on one endpoint: queries before the schedule, among equals what asks for a pool's
// status before the rest, then first come first served. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace sfb::engine {

/// Number of a job; grows, so it is the order of arrival too.
using JobId = std::uint64_t;

enum class Priority : std::uint8_t { query, schedule };

/// The waiting jobs of an endpoint and its slots. Thread rule: one thread.
class EndpointQueue {
 public:
  /// Scheduled jobs that queries have overtaken this often go first: a flood of queries must not
  /// silence the monitoring. Likewise the oldest scheduled job of the last rank goes before the
  /// other scheduled ones, when they have overtaken it this often: an endpoint that is always busy
  /// asks for all.
  static constexpr std::size_t kMaxOvertaken = 8;

  explicit EndpointQueue(std::size_t max_concurrent) : max_concurrent_(max_concurrent) {}

  /// `rank`: lower ones go first among queries, and among scheduled jobs.
  void push(JobId job, Priority priority, unsigned rank = 0);
  /// A query joined a waiting scheduled job: it keeps its place of arrival among the queries.
  void promote(JobId job);
  /// False when it was not waiting here.
  bool remove(JobId job);
  /// The next job, when a slot is free: it holds the slot until `release`.
  std::optional<JobId> take();
  /// A job's work really ended.
  void release();

  void set_max_concurrent(std::size_t limit) { max_concurrent_ = limit; }
  bool can_take() const { return waiting() > 0 && running_ < max_concurrent_; }
  std::size_t waiting() const { return queries_.size() + scheduled_.size(); }
  std::size_t running() const { return running_; }

 private:
  using Place = std::pair<unsigned, JobId>;  ///< rank, then order of arrival
  static JobId take_from(std::set<Place>& jobs, std::set<Place>::iterator place);
  JobId take_scheduled();

  std::size_t max_concurrent_;
  std::size_t running_ = 0;
  std::size_t overtaken_ = 0;        ///< queries since a scheduled job went
  std::size_t overtaken_ranks_ = 0;  ///< scheduled jobs since one of the last rank went
  std::set<Place> queries_;
  std::set<Place> scheduled_;
  std::unordered_map<JobId, unsigned> ranks_;  ///< of those that wait
};

}  // namespace sfb::engine
