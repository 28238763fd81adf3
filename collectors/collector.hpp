// What a collector is: what to ask, what the answer means, what is remembered of it and which
// metrics it gives. One folder and one line of the table in collector.cpp each; nothing outside
// the folder names its types. How to write one: README.md.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/binding/binding.hpp"
#include "agent/exposition/exposition.hpp"
#include "agent/value/pipeline.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::collectors {

/// What the operator says about a pool: what NotInitialized means, and who may ask.
struct Expectation {
  bool cms_master = false;
  bool expect_rgs = false;
  /// The groups whose members may ask here; null: nobody proves a group here.
  std::shared_ptr<const std::vector<std::string>> authorized_groups = {};
};

/// A pool as far as collectors know it.
struct Facts {
  Fqdn pool;
  Expectation expectation = {};
};

/// One thing that speaks against a pool, or that cannot be judged.
struct Ground {
  std::string module;     ///< what it is about, as the server spells it; may be empty
  std::string direction;  ///< `export`, `import`; may be empty
  std::string code;       ///< `export_error`: for programs
  std::string text;       ///< one sentence for people
};

/// The cmdlet's own words, judged from one answer alone. Absent is unknown: neither yes nor no.
struct Verdict {
  std::optional<bool> configured = {};  ///< absent where the answer is not conclusive
  /// False when a known state is bad, else absent when any word is unknown, else true. Never true
  /// without configured.
  std::optional<bool> working = {};
  std::vector<Ground> reasons = {};  ///< why not working
  std::vector<Ground> doubts = {};   ///< what cannot be judged
};

/// What one good answer says; each collector has a type of its own. Immutable once shared.
struct Finding {
  Finding() = default;
  Finding(const Finding&) = default;
  Finding(Finding&&) = default;
  Finding& operator=(const Finding&) = default;
  Finding& operator=(Finding&&) = default;
  virtual ~Finding() = default;

  std::vector<std::string> notes;  ///< what was odd, for the log and the history; a few at most
  /// False: no object came and output may be missing (PipelineResult::doubt), or the object
  /// contradicts itself by what it lacks, so that the answer says nothing about the pool.
  bool conclusive = true;
};
using FindingPtr = std::shared_ptr<const Finding>;

/// What the metrics page shows of a pool, labels prepared. Immutable; readable from any thread.
struct View {
  View() = default;
  View(const View&) = default;
  View(View&&) = default;
  View& operator=(const View&) = default;
  View& operator=(View&&) = default;
  virtual ~View() = default;

  std::size_t samples = 0;  ///< about how many it writes: the page reserves room for them
};
using ViewPtr = std::shared_ptr<const View>;

/// When an answer was made.
struct When {
  WallTime evaluated_at{};  ///< for dropped files the content's time
  WallTime finished{};      ///< our clock, when the run ended
  MonoTime made{};          ///< evaluated_at on the monotonic clock
};

/// What is remembered of one pool from answer to answer. Pure: time comes in as an argument.
/// Thread rule: one thread.
class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  virtual ~Memory() = default;

  /// A good answer of the scheduled question, conclusive or not.
  virtual void learn(FindingPtr finding, const When& when) = 0;
  /// A reload: what the operator says may be something else; limits count from the next answer on.
  virtual void reconfigure(const Facts& facts, const Limits& limits) = 0;
  /// When the view will change by time alone; absent when never.
  virtual std::optional<MonoTime> next_change(MonoTime now) const = 0;
  /// Never null. Without `fresh` there is nothing to be shown but what stays true for ever.
  virtual ViewPtr view(bool fresh, MonoTime now) = 0;
  /// What outlives the process, in a form of its own (agent/base/saved_text.hpp).
  virtual std::string save(Now now) const = 0;
  /// At a start, before anything is learned: what `save` gave, perhaps in an older build, perhaps
  /// damaged. `last` is the finding of the last conclusive answer and `when` that answer's times;
  /// null where it is not known any more. No time that comes back lies ahead of `now`. False: the
  /// text is of no use, and times start with `last` as a new answer. Never throws.
  virtual bool restore(std::string_view saved, FindingPtr last, const When& when, Now now) = 0;
};

/// One metric family and what writes a pool's samples of it. The page writes row after row of a
/// collector, each with all pools.
struct FamilyRow {
  exposition::Family family;
  void (*write)(exposition::Writer&, const View&);
};

/// One event for the log.
struct Change {
  std::string_view event;
  std::vector<LogField> fields;
};

/// A module's words as the server spelled them, for the history.
struct ModuleWords {
  std::string identity;
  std::string exported;
  std::string imported;
  bool operator==(const ModuleWords&) const = default;
};

/// Data and pure functions. It knows neither transports nor sockets.
struct Collector {
  std::string_view name;   ///< its folder; in the configuration, in labels and in dropped files
  std::string_view about;  ///< one sentence for people
  const binding::Cmdlet& (*cmdlet)();
  /// A constant script that calls the cmdlet (Call::script).
  std::string_view (*script)();
  /// Switches of the cmdlet that the scheduled question gives, in the order of the signature.
  std::span<const std::string_view> scheduled;
  /// The parameter that a dropped file's path holds as {category}, and the switch that hides the
  /// errors which a file holds; with any other parameter a file cannot be asked.
  std::string_view category = {};
  std::string_view hides_errors = {};
  /// Call::rows_of: the member whose items the script sends once more.
  std::string_view rows_of = {};
  /// Reads a pipeline's result (agent/README.md, "Outcomes"). Errors: cmdlet, parse, protocol.
  Result<FindingPtr> (*interpret)(const PipelineResult&, const Limits&);
  /// The one place where an answer is judged.
  Verdict (*judge)(const Finding&, const Facts&);
  /// What differs between two conclusive answers.
  std::vector<Change> (*changes)(const Finding& before, const Finding& now);
  /// Notes, and words that this build does not know, for the history; empty when there is nothing.
  std::string (*oddities)(const Finding&);
  /// Where the answer does not fit to what the operator says; the log warns when that changes.
  /// Absent: there is nothing to compare.
  std::vector<std::string> (*warnings)(const Finding&, const Facts&) = nullptr;
  std::unique_ptr<Memory> (*memory)(const Facts&, const Limits&);
  std::span<const FamilyRow> (*families)();
  /// The view for programs: one object, whose members are added, never changed (describe.hpp).
  /// Absent: there is nothing to tell.
  Document (*describe)(const View&) = nullptr;
  /// The JSON Schema of that object (schema.hpp).
  std::string (*schema)() = nullptr;
  /// The items of `rows_of` of all output objects, each an object of its own; new ones are added to
  /// the graph. Absent: nothing can be expanded.
  std::vector<Value> (*expand)(PipelineResult&) = nullptr;
  /// The states of the modules, for the history. Absent: the collector knows none.
  std::vector<ModuleWords> (*states)(const Finding&) = nullptr;
};

/// All collectors in a fixed order. The first is the pool's status: it is always asked, and goes
/// first among those that wait.
std::span<const Collector* const> all();

/// The first of `all`.
const Collector& pool_status();

inline bool is_pool_status(const Collector& collector) {
  return &collector == &pool_status();
}

/// By name; nullptr when there is none.
const Collector* find(std::string_view name);

/// The signatures of all collectors, each cmdlet once, in their order.
std::span<const binding::Cmdlet* const> cmdlets();

/// The member that can be expanded (Collector::expand); empty where none can.
std::string_view expandable(const binding::Cmdlet& cmdlet);

/// Whether the cmdlet asks about a pool: it has a parameter PoolFqdn. Else a question's pool is the
/// one through which it is asked.
bool asks_pool(const binding::Cmdlet& cmdlet);

}  // namespace sfb::collectors
