#include "agent/serve/page_model.hpp"

#include "agent/base/text.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/pair_sides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::serve {
namespace {

using status::PoolSnapshot;
using status::PoolSnapshotPtr;

constexpr std::size_t kMostPeer = 300;
constexpr std::size_t kMostErrors = 3;

struct CodeRunbook {
  std::string_view code;
  std::string_view alert;
};
/// The alert that a ground of the verdict leads to.
constexpr std::array kRunbooks = {
    CodeRunbook{"export_error", "SfbBackupExportError"},
    CodeRunbook{"import_error", "SfbBackupImportError"},
    CodeRunbook{"export_not_steady", "SfbBackupExportBacklog"},
    CodeRunbook{"export_not_initialized", "SfbBackupExportNeverHealthy"},
    CodeRunbook{"export_unknown", "SfbBackupStateUnknown"},
    CodeRunbook{"import_unknown", "SfbBackupStateUnknown"},
    CodeRunbook{"no_module", "SfbBackupUnconfigured"},
};

std::string runbook_of(std::string_view runbooks, std::string_view alert) {
  return fmt::format("{}/{}.md", runbooks, alert);
}

collectors::Verdict verdict_of_pool(const PoolSnapshot& pool) {
  return pool.freshness == status::Freshness::fresh && pool.last_good
             ? pool.last_good->verdict(pool.identity.facts())
             : collectors::Verdict{};
}

bool fails_now(const PoolSnapshot& pool) {
  return pool.failure != nullptr;
}

std::string verdict_sentence(const PoolSnapshot& pool, Standing standing) {
  switch (standing) {
    case Standing::bad:
      return fails_now(pool) ? "Not working at the last answer; it does not answer now."
                             : "Not working.";
    case Standing::failing:
      return "Working at the last answer; it does not answer now.";
    case Standing::good:
      return "Working.";
    case Standing::unknown:
      break;
  }
  switch (pool.freshness) {
    case status::Freshness::none:
      return pool.last_success      ? "Unknown: its last good answer was not kept."
             : pool.last_evaluation ? "Unknown: it never gave a good answer."
                                    : "Unknown: it was not asked yet.";
    case status::Freshness::stale:
      return "Unknown: the last good answer is too old.";
    case status::Freshness::fresh:
      break;
  }
  return "Unknown: the answer cannot be judged.";
}

std::optional<WallTime> since_of(const Side& side, const collectors::Ground& ground) {
  const Value* const module = side.module(ground.module);
  const Value* const state = module != nullptr ? side.member(*module, ground.direction) : nullptr;
  const auto since = parse_iso8601(side.text(state, "since"));
  return since ? std::optional(*since) : std::nullopt;
}

std::vector<GroundShown> grounds_of(const Side& side, std::string_view runbooks) {
  const PoolSnapshot& pool = *side.pool();
  std::vector<GroundShown> shown;
  const collectors::Verdict verdict = verdict_of_pool(pool);
  for (const auto* const list : {&verdict.reasons, &verdict.doubts}) {
    for (const collectors::Ground& ground : *list) {
      const auto* const found = std::ranges::find(kRunbooks, ground.code, &CodeRunbook::code);
      shown.push_back(
          {.text = ground.text,
           .runbook = runbook_of(runbooks,
                                 found == kRunbooks.end() ? "SfbBackupNotWorking" : found->alert),
           .since = since_of(side, ground)});
    }
  }
  if (pool.freshness == status::Freshness::stale && pool.last_good) {
    shown.push_back(
        {.text = fmt::format("Answers count for {}.", span_text(pool.identity.stale_after)),
         .runbook = runbook_of(runbooks, "SfbBackupEvaluationStale"),
         .since = {}});
  }
  return shown;
}

std::optional<FailureShown> failure_of(const PoolSnapshot& pool, std::string_view runbooks) {
  if (!fails_now(pool)) {
    return std::nullopt;
  }
  const Error& error = *pool.failure;
  return FailureShown{.reason = std::string(to_string(error.reason)),
                      .code = error.code,
                      .stage = std::string(to_string(error.stage)),
                      .message = error.message,
                      .peer = std::string(cut_utf8(error.peer, kMostPeer)),
                      .remedy = error.remedy,
                      .since = pool.failing_since,
                      .count = pool.failures_in_row,
                      .runbook = runbook_of(runbooks, kFailureAlert)};
}

StateShown state_of(const Side& side, const Value* state) {
  if (state == nullptr) {
    const bool fresh = side.pool() && side.pool()->freshness == status::Freshness::fresh;
    return {.word = fresh ? "not listed" : "not known"};
  }
  StateShown shown{.word = std::string(side.text(state, "word")),
                   .health = std::string(side.text(state, "health")),
                   .why = std::string(side.text(state, "why"))};
  if (const auto since = parse_iso8601(side.text(state, "since"))) {
    shown.since = *since;
  }
  if (shown.word.empty()) {
    shown.word = side.text(state, "state");
  }
  if (shown.word.empty()) {
    shown = {.word = "not known"};
  }
  return shown;
}

SideShown side_of(const Side& side, const Side& partner, const Way& way, Now now,
                  std::string_view runbooks, const Elsewhere& elsewhere) {
  SideShown shown{.fqdn = side.name(), .here = side.pool() != nullptr};
  shown.target = partner.name();
  for (const ModuleWay& module : way.modules) {
    shown.lines.push_back({std::string(module.identity), state_of(side, module.exported),
                           state_of(partner, module.imported)});
  }
  if (!side.pool()) {
    shown.verdict = side.elsewhere() != nullptr
                        ? fmt::format("Unknown here: agent {} of {} watches it.",
                                      side.elsewhere()->shard, elsewhere.total)
                        : "Unknown: this agent is not configured to watch it.";
    return shown;
  }
  const PoolSnapshot& pool = *side.pool();
  shown.site = pool.identity.site.str();
  shown.deployment = pool.identity.deployment.str();
  shown.endpoint = pool.identity.endpoint.str();
  shown.active_machine = side.root_text("active_machine");
  shown.standing = standing_of(pool);
  shown.verdict = verdict_sentence(pool, shown.standing);
  shown.grounds = grounds_of(side, runbooks);
  shown.failure = failure_of(pool, runbooks);
  if (pool.last_good) {
    shown.errors = status::nonfatal_errors(*pool.last_good, kMostErrors);
    shown.answered = pool.last_good->evaluated_at;
  }
  shown.next = wall_of(pool.next_due, now);
  shown.backoff_until = pool.backoff_until;
  shown.running = pool.running;
  return shown;
}

PairShown pair_shown(const PoolSnapshot& pool, const Side& first, const Side& second, Now now,
                     std::string_view runbooks, const Elsewhere& elsewhere) {
  const Way there = way_between(first, second);
  const Way back = way_between(second, first);
  PairShown pair{.name = pool.identity.pair(),
                 .deployment = pool.identity.deployment.str(),
                 .sides = {side_of(first, second, there, now, runbooks, elsewhere),
                           side_of(second, first, back, now, runbooks, elsewhere)}};
  const Tristate working = both(there.working, back.working);
  pair.standing = std::min(pair.sides[0].standing, pair.sides[1].standing);
  if (working == false) {
    pair.standing = Standing::bad;
  } else if (!working) {
    pair.standing = std::min(pair.standing, Standing::unknown);
  }
  return pair;
}

bool is_placed(const PairShown& pair, const PageFilter& filter) {
  return std::ranges::any_of(pair.sides, [&](const SideShown& side) {
    return side.here && (filter.site.empty() || side.site == filter.site) &&
           (filter.deployment.empty() || side.deployment == filter.deployment);
  });
}

}  // namespace

Standing standing_of(const PoolSnapshot& pool) {
  const collectors::Verdict verdict = verdict_of_pool(pool);
  if (!verdict.working) {
    return Standing::unknown;
  }
  if (!*verdict.working) {
    return Standing::bad;
  }
  return fails_now(pool) ? Standing::failing : Standing::good;
}

std::string state_of_page(const status::Snapshot& snapshot) {
  constexpr std::uint64_t kBasis = 0xcbf29ce484222325;  // FNV-1a
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t digest = kBasis;
  const auto add = [&](std::string_view text) {
    for (const char c : text) {
      digest = (digest ^ static_cast<unsigned char>(c)) * kPrime;
    }
    digest *= kPrime;  // an end: "ab", "c" is not "a", "bc"
  };
  for (const PoolSnapshotPtr& pool : snapshot.pools) {
    add(pool->identity.fqdn.str());
    add(pool->identity.paired_pool.str());
    add(name_of(standing_of(*pool)));
    add(fails_now(*pool) ? pool->failure->code : "");
    add(pool->backoff_until ? "backoff" : "");
    if (pool->freshness == status::Freshness::fresh && pool->last_good &&
        pool->last_good->finding && pool->what->states != nullptr) {
      for (const collectors::ModuleWords& module : pool->what->states(*pool->last_good->finding)) {
        add(module.identity);
        add(module.exported);
        add(module.imported);
      }
    }
  }
  return fmt::format("{:016x}", digest);
}

Overview overview_of(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                     const PageFilter& filter, Now now, std::string_view runbooks) {
  Overview overview;
  for (const PoolSnapshotPtr& pool : snapshot.pools) {
    overview.sites.insert(pool->identity.site.str());
    overview.deployments.insert(pool->identity.deployment.str());
  }
  overview.sites.erase("");
  overview.deployments.erase("");
  for_each_pair(
      snapshot, elsewhere, [](const PoolSnapshot&) { return true; },
      [&](const PoolSnapshot& pool, const Side& first, const Side& second) {
        PairShown pair = pair_shown(pool, first, second, now, runbooks, elsewhere);
        ++overview.watched;
        if (!is_placed(pair, filter)) {
          return;
        }
        ++overview.total;
        ++overview.counts.at(static_cast<std::size_t>(pair.standing));
        if (pair.sides[1].standing < pair.sides[0].standing) {
          std::swap(pair.sides[0], pair.sides[1]);
        }
        if (filter.verdict.empty() || name_of(pair.standing) == filter.verdict) {
          overview.pairs.push_back(std::move(pair));
        }
      });
  std::ranges::sort(overview.pairs, [](const PairShown& one, const PairShown& other) {
    return std::pair(one.standing, std::string_view(one.name)) <
           std::pair(other.standing, std::string_view(other.name));
  });
  return overview;
}

PairShown pair_of(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                  const PoolSnapshot& pool, Now now, std::string_view runbooks) {
  const auto fqdn = Fqdn::parse(pool.identity.paired_pool.str());
  const PoolSnapshotPtr partner = fqdn ? find_pool(snapshot, *fqdn) : nullptr;
  const Side mine(pool.identity.fqdn.str(), find_pool(snapshot, pool.identity.fqdn), nullptr);
  const Side theirs(pool.identity.paired_pool.str(), partner,
                    fqdn && !partner ? elsewhere.find(*fqdn) : nullptr);
  return pair_shown(pool, mine, theirs, now, runbooks, elsewhere);
}

}  // namespace sfb::serve
