// Both pools of a pair side by side: what one exports beside what the other imports. The API and
// the status page show the same. Pure functions, for a worker thread.
#pragma once

#include "agent/serve/elsewhere.hpp"
#include "agent/status/board.hpp"
#include "agent/value/value.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

/// true, false, or not known.
using Tristate = std::optional<bool>;

/// All are true, or one is false, or it is not known.
Tristate both(Tristate one, Tristate other);

/// One pool of a pair, as its collector describes it.
class Side {
 public:
  /// `elsewhere`: of a pool that is not evaluated here; may be null.
  Side(std::string name, status::PoolSnapshotPtr pool, const PoolElsewhere* elsewhere);

  const std::string& name() const { return name_; }
  /// As configured; empty where it is not.
  const std::string& partner() const { return partner_; }
  /// null when it is not evaluated here.
  const status::PoolSnapshotPtr& pool() const { return pool_; }
  /// null when it is evaluated here, or configured nowhere.
  const PoolElsewhere* elsewhere() const { return elsewhere_; }
  const Graph& graph() const { return document_.graph; }

  std::vector<const Value*> modules() const;
  /// nullptr when it has none of this name.
  const Value* module(std::string_view identity) const;
  Tristate configured() const;
  const Value* member(const Value& value, std::string_view name) const;
  /// Empty when there is none.
  std::string_view text(const Value* value, std::string_view name) const;
  /// Of the whole description; empty when there is none.
  std::string_view root_text(std::string_view name) const {
    return document_.roots.empty() ? std::string_view() : text(&document_.roots.front(), name);
  }
  /// As the collector describes it, in JSON; `null` of a nullptr.
  std::string json(const Value* value) const;

 private:
  std::string name_;
  std::string partner_;
  status::PoolSnapshotPtr pool_;
  const PoolElsewhere* elsewhere_;
  Document document_;
};

/// One module from its source to its target. What points into the sides lives as long as they do.
struct ModuleWay {
  std::string_view identity;
  const Value* exported = nullptr;  ///< of the source; nullptr when it does not tell
  const Value* imported = nullptr;  ///< of the target; likewise
  std::string_view health;          ///< the worse of both: good, benign, unknown, bad
};

/// One direction.
struct Way {
  std::vector<ModuleWay> modules;
  Tristate working;
};
Way way_between(const Side& source, const Side& target);

/// How long the export has not been healthy, as the alerts count it: from the last healthy answer
/// to the last good one.
std::optional<double> lag_of(const Side& source, const Value* exported);

/// Each pair once, its pools by name, with the pool that it was found by. A partner may be
/// evaluated elsewhere or nowhere.
void for_each_pair(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                   const std::function<bool(const status::PoolSnapshot&)>& wanted,
                   const std::function<void(const status::PoolSnapshot&, const Side& first,
                                            const Side& second)>& show);

}  // namespace sfb::serve
