// What outlives the process, as the engine sees it: it gives what is to be kept, and gets it back
// at the next start. Free of any database.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/status/evaluation.hpp"
#include "agent/status/history.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sfb::status {

/// A pool as one collector asks, by names.
struct KeptName {
  std::string pool;
  std::string collector;

  auto operator<=>(const KeptName&) const = default;
};

/// What is known of it now.
struct KeptPool {
  /// Which server is asked and as whom (engine::EndpointOptions::source): what another one said is
  /// not brought back.
  std::string source;
  std::string knowledge;    ///< write_saved_knowledge
  std::string memory;       ///< collectors::Memory::save
  EvaluationPtr good = {};  ///< the last conclusive one; null: there is none
};

/// What was known of it when the last process ended, or when it left.
struct FoundPool {
  std::string source;
  std::string knowledge;
  std::string memory;
  std::string answer;  ///< the objects of the last conclusive answer; empty: not kept
  std::vector<HistoryEntry> history;  ///< newest first, as many as a History takes
  EvaluationPtr good = {};            ///< of a pool that left: that answer without its objects
};

/// Thread rule: loop thread. Nothing here waits or fails: what cannot be kept is told elsewhere.
class Keeper {
 public:
  virtual ~Keeper() = default;
  /// What was found of it at the start, or what it left; given once.
  virtual std::optional<FoundPool> recall(const KeptName& name) = 0;
  /// Names that were found, and not given or forgotten yet.
  virtual std::vector<KeptName> found() const = 0;
  /// The highest HistoryEntry::id found: new ones count on from there.
  virtual std::uint64_t last_id() const = 0;

  virtual void keep(const KeptName& name, KeptPool pool) = 0;
  virtual void keep(const KeptName& name, const HistoryEntry& entry) = 0;
  /// It is not asked any more. Its rows stay until the retention ends, so that it has its history
  /// when it is asked again: then `left` is recalled.
  virtual void leave(const KeptName& name, FoundPool left) = 0;
  /// Everything of it goes.
  virtual void forget(const KeptName& name) = 0;
};

}  // namespace sfb::status
