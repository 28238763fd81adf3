// What pages read: the snapshots of all pools, as one immutable list.
#pragma once

#include "agent/base/endpoint_facts.hpp"
#include "agent/status/history.hpp"
#include "agent/status/knowledge.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfb::status {

/// Upper bounds of `evaluation_duration_seconds`.
inline constexpr std::array kDurationBounds = {0.01, 0.05, 0.1,  0.25, 0.5,  1.0,
                                               2.5,  5.0,  10.0, 30.0, 60.0, 120.0};

/// Durations of all completed evaluations of pools' status on schedule.
struct DurationHistogram {
  std::array<std::uint64_t, kDurationBounds.size() + 1>
      buckets{};  ///< not cumulative; the last is +Inf
  std::uint64_t count = 0;
  double sum = 0;
  void observe(std::chrono::nanoseconds duration);
};

/// How long the stages of completed evaluations of pools' status on schedule took, by transport.
using StageHistograms = std::map<std::pair<std::string, Stage>, DurationHistogram>;

/// One endpoint at one moment.
struct EndpointSnapshot {
  std::string name;
  EndpointFacts facts;

  bool operator==(const EndpointSnapshot&) const = default;
};

/// All pools at one moment, ordered by name. Immutable.
struct Snapshot {
  std::uint64_t version = 0;            ///< grows with every change
  std::vector<PoolSnapshotPtr> pools;   ///< the status of each
  std::vector<PoolSnapshotPtr> others;  ///< what other collectors know, where one is switched on
  DurationHistogram durations = {};
  StageHistograms stages = {};
  std::vector<EndpointSnapshot> endpoints = {};  ///< by name
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// The reading side of the engine. Thread rule: loop thread; what it returns may go to any thread.
class Board {
 public:
  virtual ~Board() = default;
  virtual SnapshotPtr snapshot() = 0;
  /// Newest first; nullopt when the pool is not configured.
  virtual std::optional<std::vector<HistoryEntry>> history(const Fqdn& pool) = 0;
  /// The first cycle was attempted for every pool, or its deadline has passed.
  virtual bool first_cycle_done() const = 0;
};

}  // namespace sfb::status
