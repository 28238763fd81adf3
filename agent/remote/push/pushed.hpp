// What was pushed, held in memory: the newest export of each question, as long as the process
// lives, over all reloads; and where it outlives the process.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/file/dated.hpp"
#include "agent/remote/transport_control.hpp"

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::remote {

/// The question that an export answers.
struct PushName {
  Fqdn pool;
  std::string collector;
  std::string category;  ///< empty: all

  auto operator<=>(const PushName&) const = default;
};

/// An export with what its age is known by.
struct PushRecord {
  WallTime date{};                          ///< of its content
  WallTime seen{};                          ///< when that date came here first
  std::shared_ptr<const std::string> body;  ///< never null
};

/// Where what was pushed outlives the process. Thread rule: loop thread.
class PushLedger {
 public:
  virtual ~PushLedger() = default;
  /// What earlier processes left; given once.
  virtual std::vector<std::pair<PushName, PushRecord>> take() = 0;
  /// In the place of what was there. `committed` is called once, on any thread: true where the next
  /// process will find it.
  virtual void keep(const PushName& name, PushRecord record,
                    std::function<void(bool)> committed) = 0;
  virtual void forget(const PushName& name) = 0;
};

/// What somebody pushed, read.
struct Incoming {
  PushName name;
  Content content;  ///< its date is set
  std::shared_ptr<const std::string> body;
};

/// Reads an export of this pool that came at `now`; a bare one is dated so. Errors as
/// parse_any_export. Any thread.
Result<Incoming> read_push(std::shared_ptr<const std::string> body, const Fqdn& pool,
                           const Limits& limits, WallTime now);

/// Of each pool that is pushed to: its collectors, and the categories of each beside all.
using PushPlaces = std::map<Fqdn, std::map<std::string, std::vector<std::string>, std::less<>>>;

/// Thread rule: loop thread.
class Pushed {
 public:
  /// An export that is held.
  struct Held {
    std::shared_ptr<const std::string> body;
    Content content;  ///< without the objects where they are large or not read yet
    std::weak_ptr<const PackedResult> large = {};

    /// nullptr: the body must be read again.
    PackedPtr result() const;
  };

  /// Takes what the ledger has. `ledger` null: nothing outlives the process.
  Pushed(const Clock& clock, std::shared_ptr<PushLedger> ledger, Logger logger);

  /// From now on these may be pushed. What has no place any more goes, from the ledger too.
  void set_places(PushPlaces places);
  bool has_place(const Fqdn& pool, std::string_view collector) const;

  /// From now on this is what is held; gives how far ahead of our clock it is dated, not below 0.
  /// `committed` is called once, on any thread: true where it is kept or there is no ledger; not at
  /// an error. Reason::not_found, code `push.not_here` (no such
  /// pool any more); Reason::parse, `push.collector`, `push.category` (the pool is not asked that);
  /// Reason::stale, `push.older`.
  Result<Micros> take(Incoming incoming, std::function<void(bool)> committed);

  /// nullptr: nothing was pushed yet. Valid until the next call of a member that is not const.
  const Held* find(const PushName& name) const;
  /// What it holds, from a body that was read again.
  void remember(const PushName& name, const Incoming& again);

  /// Called when an export of all categories was taken.
  void on_change(TransportControl::OnChange callback) { on_change_ = std::move(callback); }

 private:
  struct Slot {
    Sightings sightings;
    std::optional<Held> held;
  };
  Result<PushName> place_of(const PushName& name) const;
  static void hold(Held& held, const PackedPtr& result);

  const Clock& clock_;
  std::shared_ptr<PushLedger> ledger_;
  Logger logger_;
  PushPlaces places_;
  std::map<PushName, Slot> slots_;
  TransportControl::OnChange on_change_;
};

}  // namespace sfb::remote
