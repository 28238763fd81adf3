// What the status page shows of the pairs, as plain values: worst first, in words. Unknown is never
// good. Pure functions over a snapshot and a moment, for a worker thread.
#pragma once

#include "agent/base/time.hpp"
#include "agent/serve/elsewhere.hpp"
#include "agent/serve/page_words.hpp"
#include "agent/status/board.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

/// One state of one module.
struct StateShown {
  std::string word;  ///< the server's; where there is none, what is not known
  std::string health = "unknown";
  std::string why = {};  ///< why it is benign; empty otherwise
  std::optional<WallTime> since = {};
};

struct LineShown {
  std::string module;
  StateShown exported;  ///< at the source
  StateShown imported;  ///< at the target
};

/// Why a pool does not work, or cannot be judged.
struct GroundShown {
  std::string text;
  std::string runbook;            ///< a URL
  std::optional<WallTime> since;  ///< of the state that it is about; absent where it is about none
};

struct FailureShown {
  std::string reason;
  std::string code;
  std::string stage;
  std::string message;
  std::string peer;  ///< the server's words, cut; may be empty
  std::string remedy;
  std::optional<WallTime> since;
  std::uint64_t count = 0;
  std::string runbook;  ///< a URL
};

/// One pool of a pair, and the direction in which it is the source.
struct SideShown {
  std::string fqdn;
  bool here = false;  ///< evaluated by this agent; only then it has a page
  std::string site = {};
  std::string deployment = {};
  std::string endpoint = {};
  std::string active_machine = {};
  Standing standing = Standing::unknown;
  std::string verdict = {};  ///< a sentence
  std::vector<GroundShown> grounds = {};
  std::optional<FailureShown> failure = {};
  std::vector<std::string> errors = {};   ///< that came beside the last good answer
  std::optional<WallTime> answered = {};  ///< when the last good answer was made
  std::optional<WallTime> next = {};
  std::optional<WallTime> backoff_until = {};
  bool running = false;
  std::string target = {};
  std::vector<LineShown> lines = {};
};

struct PairShown {
  std::string name;
  std::string deployment;
  Standing standing = Standing::unknown;  ///< the worst of both pools and both directions
  std::array<SideShown, 2> sides;
};

/// What a caller wants to see; empty: everything.
struct PageFilter {
  std::string site = {};
  std::string deployment = {};
  std::string verdict = {};  ///< name_of
  bool operator==(const PageFilter&) const = default;
  bool any() const { return placed() || !verdict.empty(); }
  bool placed() const { return !site.empty() || !deployment.empty(); }
};

struct Overview {
  /// Those that pass the filter, worst first, and so are both sides of each: on a telephone the
  /// second is out of sight.
  std::vector<PairShown> pairs;
  std::size_t watched = 0;  ///< all pairs that there are
  std::size_t total = 0;    ///< those of the filter's site and deployment, whatever their standing
  std::array<std::size_t, kStandings.size()> counts{};  ///< of these, by Standing
  std::set<std::string> sites;
  std::set<std::string> deployments;
};

/// From what is known of the pool alone.
Standing standing_of(const status::PoolSnapshot& pool);

/// A digest of what somebody who looks at the page wants to hear of: standings, states, failures;
/// not of times. The same in all processes that know the same.
std::string state_of_page(const status::Snapshot& snapshot);

Overview overview_of(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                     const PageFilter& filter, Now now, std::string_view runbooks);

/// The pair of one pool, its side first. Precondition: `pool` is one of `snapshot.pools`.
PairShown pair_of(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                  const status::PoolSnapshot& pool, Now now, std::string_view runbooks);

}  // namespace sfb::serve
