// Unknown is absent, never 0 and never an old value shown as new: every family asks the snapshot
// whether there is something to say.
#include "agent/serve/pool_families.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::serve {
namespace {

using exposition::Labels;
using exposition::Type;
using exposition::Writer;
using status::PoolSnapshot;

/// A sample's bytes beside the pool's name, rounded up: family name, module, state, number.
constexpr std::size_t kSampleBytes = 100;
/// Samples of a pool beside those of its collectors.
constexpr std::size_t kPoolSamples = 29;

double number(bool value) {
  return value ? 1 : 0;
}
double number(std::uint64_t value) {
  return static_cast<double>(value);
}
double number(WallTime time) {
  return to_unix_seconds(time);
}
double number(std::chrono::nanoseconds duration) {
  return to_seconds(duration);
}

template <typename T>
std::optional<double> number(const std::optional<T>& value) {
  return value ? std::optional(number(*value)) : std::nullopt;
}

/// One series where `value` gives a number or an optional one that is there.
template <auto value>
void sample(Writer& writer, const PoolRow& row) {
  const std::optional<double> current = number(value(*row.snapshot));
  if (current) {
    writer.sample(row.pool, *current);
  }
}

void each_reason(Writer& writer, const Labels& labels, const PoolSnapshot& pool) {
  for (const Reason reason : kReasons) {
    writer.sample(Labels(labels).add("reason", to_string(reason)),
                  number(pool.failures.at(static_cast<std::size_t>(reason))));
  }
}

void failures(Writer& writer, const PoolRow& row) {
  each_reason(writer, row.pool, *row.snapshot);
}

Labels with_collector(const PoolRow& row) {
  return Labels(row.pool).add("collector", row.snapshot->what->name);
}

/// The same with the label collector.
template <auto value>
void collector_sample(Writer& writer, const PoolRow& row) {
  if (const std::optional<double> current = number(value(*row.snapshot))) {
    writer.sample(with_collector(row), *current);
  }
}

void collector_failures(Writer& writer, const PoolRow& row) {
  each_reason(writer, with_collector(row), *row.snapshot);
}

void backoff(Writer& writer, const PoolRow& row) {
  if (const auto reason = row.snapshot->backoff_reason) {
    writer.sample(Labels(row.pool).add("reason", to_string(*reason)), 1);
  }
}

/// The code as a label: our own words, a closed set. Anything else would grow series without end.
std::string_view code_label(std::string_view code) {
  constexpr std::size_t kLongest = 64;
  const bool ours =
      !code.empty() && code.size() <= kLongest &&
      code.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string_view::npos;
  return ours ? code : "other";
}

/// Whether the newest dropped file is dated by a clock that is ahead; absent where it cannot be
/// told.
std::optional<bool> clock_ahead(const PoolSnapshot& pool) {
  const auto is_ahead = [](std::string_view code) {
    return code == "file.clock_skew" || code == "push.clock_skew";
  };
  if (!pool.identity.file_max_age || !pool.last_completed) {
    return std::nullopt;
  }
  const status::Evaluation& last = *pool.last_completed;
  if (last.error) {
    return is_ahead(last.error->code) ? std::optional(true) : std::nullopt;
  }
  return is_ahead(last.note.code);
}

std::optional<std::uint64_t> nonfatal_errors(const PoolSnapshot& pool) {
  const auto& last = pool.last_completed;
  return last && last->good() && last->result ? std::optional(last->result->errors())
                                              : std::nullopt;
}

void current_failure(Writer& writer, const PoolRow& row) {
  const auto& failure = row.snapshot->failure;
  if (failure) {
    writer.sample(Labels(row.pool)
                      .add("reason", to_string(failure->reason))
                      .add("code", code_label(failure->code)),
                  1);
  }
}

void pool_info(Writer& writer, const PoolRow& row) {
  const status::PoolIdentity& pool = row.snapshot->identity;
  writer.sample(Labels(row.pool)
                    .add("paired_pool", pool.paired_pool.str())
                    .add("pair", pool.pair())
                    .add("site", pool.site.str())
                    .add("deployment", pool.deployment.str())
                    .add("endpoint", pool.endpoint.str())
                    .add("transport", pool.transport.str()),
                1);
}

constexpr PoolFamily kUp{
    {"sfb_backup_up", Type::gauge, "",
     "Whether the last completed evaluation of the pool, a call of "
     "Get-CsBackupServiceStatus, was good (cached: a scrape never causes an evaluation)."},
    sample<[](const PoolSnapshot& pool) { return pool.up; }>};

/// Counters and figures of the evaluations, and what is configured.
constexpr std::array kEvaluationFamilies = {
    PoolFamily{{"sfb_backup_evaluations", Type::counter, "",
                "Completed evaluations of the pool on schedule, good and failed ones (cached)."},
               sample<[](const PoolSnapshot& pool) { return std::optional(pool.evaluations); }>},
    PoolFamily{
        {"sfb_backup_evaluation_overruns", Type::counter, "",
         "Evaluations that were due while the one before still waited or ran, and so were left "
         "out (cached)."},
        sample<[](const PoolSnapshot& pool) { return std::optional(pool.overruns); }>},
    PoolFamily{{"sfb_backup_evaluation_failures", Type::counter, "",
                "Failed evaluations of the pool on schedule by reason (cached)."},
               failures},
    PoolFamily{{"sfb_backup_evaluation_running", Type::gauge, "",
                "Whether an evaluation of the pool on schedule is running."},
               sample<[](const PoolSnapshot& pool) { return std::optional(pool.running); }>},
    PoolFamily{{"sfb_backup_evaluation_backoff_until_timestamp_seconds", Type::gauge, "seconds",
                "Until when the server is left alone after it refused us, in Unix seconds; absent "
                "when it is not."},
               sample<[](const PoolSnapshot& pool) { return pool.backoff_until; }>},
    PoolFamily{{"sfb_backup_evaluation_backoff", Type::info, "",
                "Why the server is left alone, while it is: the reason of the failure before. "
                "`throttled`: the pool waits for a quota of the server."},
               backoff},
    PoolFamily{{"sfb_backup_last_evaluation_timestamp_seconds", Type::gauge, "seconds",
                "When the last completed evaluation ended by this machine's clock, in Unix seconds "
                "(cached)."},
               sample<[](const PoolSnapshot& pool) { return pool.last_evaluation; }>},
    PoolFamily{{"sfb_backup_last_evaluation_duration_seconds", Type::gauge, "seconds",
                "How long the last completed evaluation took, in seconds (cached, not of this "
                "scrape)."},
               sample<[](const PoolSnapshot& pool) { return pool.last_duration; }>},
    PoolFamily{
        {"sfb_backup_last_evaluation_success_timestamp_seconds", Type::gauge, "seconds",
         "When the last good answer of Get-CsBackupServiceStatus was made, in Unix seconds; "
         "for a dropped file its content's time (cached). An empty answer of which output may "
         "be missing does not count."},
        sample<[](const PoolSnapshot& pool) { return pool.last_success; }>},
    PoolFamily{{"sfb_backup_current_failure", Type::gauge, "",
                "1 with the reason and the code of the last completed evaluation of the pool, "
                "while that one failed; absent when it was good (cached)."},
               current_failure},
    PoolFamily{
        {"sfb_backup_nonfatal_errors", Type::gauge, "",
         "Errors that Get-CsBackupServiceStatus wrote beside its answer in the last completed "
         "evaluation (cached); absent when that one failed."},
        sample<nonfatal_errors>},
    PoolFamily{
        {"sfb_backup_file_clock_ahead", Type::gauge, "",
         "Whether the date in the pool's dropped file is ahead of this machine's clock "
         "(cached, last completed evaluation); absent for other transports and while it cannot "
         "be told."},
        sample<clock_ahead>},
    PoolFamily{{"sfb_backup_evaluation_interval_seconds", Type::gauge, "seconds",
                "After how long the pool is evaluated again, in seconds, as configured."},
               sample<[](const PoolSnapshot& pool) {
                 return std::optional<std::chrono::nanoseconds>(pool.identity.interval);
               }>},
    PoolFamily{
        {"sfb_backup_file_max_age_seconds", Type::gauge, "seconds",
         "Above which age the pool's dropped file is refused, in seconds, as configured. A fifth "
         "of it is the longest time between two exports that goes unnoticed; absent for other "
         "transports."},
        sample<[](const PoolSnapshot& pool) -> std::optional<std::chrono::nanoseconds> {
          return pool.identity.file_max_age;
        }>},
    PoolFamily{{"sfb_backup_pool", Type::info, "", "A configured pool."}, pool_info},
};

/// How the collectors beside the pool's status do.
constexpr std::array kCollectorFamilies = {
    PoolFamily{
        {"sfb_backup_collector_up", Type::gauge, "",
         "Whether the last completed evaluation of a collector beside the pool's status was good "
         "(cached)."},
        collector_sample<[](const PoolSnapshot& pool) { return pool.up; }>},
    PoolFamily{
        {"sfb_backup_collector_last_success_timestamp_seconds", Type::gauge, "seconds",
         "When the last good answer of a collector beside the pool's status was made, in Unix "
         "seconds (cached)."},
        collector_sample<[](const PoolSnapshot& pool) { return pool.last_success; }>},
    PoolFamily{{"sfb_backup_collector_failures", Type::counter, "",
                "Failed evaluations of a collector beside the pool's status by reason (cached)."},
               collector_failures},
};

void append_views(std::vector<PoolFamily>& families, const collectors::Collector& collector) {
  for (const collectors::FamilyRow& row : collector.families()) {
    families.push_back({row.family, nullptr, &collector, row.write});
  }
}

}  // namespace

void PoolFamily::write(Writer& writer, const PoolRow& row) const {
  if (own != nullptr) {
    own(writer, row);
  } else if (row.snapshot->what == collector && row.snapshot->view) {
    of_view(writer, *row.snapshot->view);
  }
}

PoolRow::PoolRow(const status::PoolSnapshot& pool_snapshot) : snapshot(&pool_snapshot) {
  pool.add("pool", snapshot->identity.fqdn.str());
}

std::size_t estimate_bytes(std::span<const status::PoolSnapshotPtr> pools) {
  std::size_t bytes = 0;
  for (const status::PoolSnapshotPtr& pool : pools) {
    const std::size_t samples = kPoolSamples + (pool->view ? pool->view->samples : 0);
    bytes += samples * (kSampleBytes + pool->identity.fqdn.str().size());
  }
  return bytes;
}

std::vector<PoolSection> pool_sections(const status::Snapshot& snapshot) {
  std::vector<PoolSection> sections(1);
  std::vector<PoolFamily>& status = sections.front().families;
  sections.front().pools = snapshot.pools;
  status.push_back(kUp);
  append_views(status, collectors::pool_status());
  status.insert(status.end(), kEvaluationFamilies.begin(), kEvaluationFamilies.end());
  if (snapshot.others.empty()) {
    return sections;
  }
  sections.push_back({{kCollectorFamilies.begin(), kCollectorFamilies.end()}, snapshot.others});
  for (const collectors::Collector* const collector : collectors::all()) {
    PoolSection views;
    std::ranges::copy_if(
        snapshot.others, std::back_inserter(views.chosen),
        [&](const status::PoolSnapshotPtr& pool) { return pool->what == collector; });
    if (!views.chosen.empty()) {  // it is switched on somewhere
      append_views(views.families, *collector);
      views.pools = views.chosen;
      sections.push_back(std::move(views));
    }
  }
  return sections;
}

}  // namespace sfb::serve
