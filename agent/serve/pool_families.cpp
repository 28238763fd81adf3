// Unknown is absent, never 0 and never an old value shown as new: every family asks the snapshot
// whether there is something to say.
#include "agent/serve/pool_families.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sfb::serve {
namespace {

using exposition::Family;
using exposition::Labels;
using exposition::Type;
using exposition::Writer;
using status::PoolSnapshot;
using Rows = std::vector<PoolRow>;

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

/// One series per pool that has something to say: `value` gives a number or an optional one.
template <typename Value>
void per_pool(Writer& writer, const Rows& rows, const Family& family, const Value& value) {
  writer.family(family);
  for (const PoolRow& row : rows) {
    const std::optional<double> current = number(value(*row.snapshot));
    if (current) {
      writer.sample(row.pool, *current);
    }
  }
}

void write_counters(Writer& writer, const Rows& rows) {
  per_pool(writer, rows,
           {"sfb_backup_evaluations", Type::counter, "",
            "Completed evaluations of the pool on schedule, good and failed ones (cached)."},
           [](const PoolSnapshot& pool) { return std::optional(pool.evaluations); });
  per_pool(writer, rows,
           {"sfb_backup_evaluation_overruns", Type::counter, "",
            "Evaluations that were due while the one before still waited or ran, and so were left "
            "out (cached)."},
           [](const PoolSnapshot& pool) { return std::optional(pool.overruns); });
  writer.family({"sfb_backup_evaluation_failures", Type::counter, "",
                 "Failed evaluations of the pool on schedule by reason (cached)."});
  for (const PoolRow& row : rows) {
    for (const Reason reason : kReasons) {
      writer.sample(Labels(row.pool).add("reason", to_string(reason)),
                    number(row.snapshot->failures.at(static_cast<std::size_t>(reason))));
    }
  }
}

void write_last_evaluation(Writer& writer, const Rows& rows) {
  per_pool(writer, rows,
           {"sfb_backup_evaluation_running", Type::gauge, "",
            "Whether an evaluation of the pool on schedule is running."},
           [](const PoolSnapshot& pool) { return std::optional(pool.running); });
  per_pool(writer, rows,
           {"sfb_backup_evaluation_backoff_until_timestamp_seconds", Type::gauge, "seconds",
            "Until when the server is left alone after it refused us, in Unix seconds; absent "
            "when it is not."},
           [](const PoolSnapshot& pool) { return pool.backoff_until; });
  writer.family({"sfb_backup_evaluation_backoff", Type::info, "",
                 "Why the server is left alone, while it is: the reason of the failure before. "
                 "`throttled`: the pool waits for a quota of the server."});
  for (const PoolRow& row : rows) {
    if (const auto reason = row.snapshot->backoff_reason) {
      writer.sample(Labels(row.pool).add("reason", to_string(*reason)), 1);
    }
  }
  per_pool(writer, rows,
           {"sfb_backup_last_evaluation_timestamp_seconds", Type::gauge, "seconds",
            "When the last completed evaluation ended by this machine's clock, in Unix seconds "
            "(cached)."},
           [](const PoolSnapshot& pool) { return pool.last_evaluation; });
  per_pool(writer, rows,
           {"sfb_backup_last_evaluation_duration_seconds", Type::gauge, "seconds",
            "How long the last completed evaluation took, in seconds (cached, not of this "
            "scrape)."},
           [](const PoolSnapshot& pool) { return pool.last_duration; });
  per_pool(writer, rows,
           {"sfb_backup_last_evaluation_success_timestamp_seconds", Type::gauge, "seconds",
            "When the last good answer of Get-CsBackupServiceStatus was made, in Unix seconds; "
            "for a dropped file its content's time (cached). An empty answer of which output may "
            "be missing does not count."},
           [](const PoolSnapshot& pool) { return pool.last_success; });
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
  constexpr std::string_view kAhead = "file.clock_skew";
  if (!pool.identity.file_max_age || !pool.last_completed) {
    return std::nullopt;
  }
  const status::Evaluation& last = *pool.last_completed;
  if (last.error) {
    return last.error->code == kAhead ? std::optional(true) : std::nullopt;
  }
  return last.note.code == kAhead;
}

std::optional<std::uint64_t> nonfatal_errors(const PoolSnapshot& pool) {
  const auto& last = pool.last_completed;
  return last && last->good() && last->result ? std::optional(last->result->errors.size())
                                              : std::nullopt;
}

void write_last_words(Writer& writer, const Rows& rows) {
  writer.family({"sfb_backup_current_failure", Type::gauge, "",
                 "1 with the reason and the code of the last completed evaluation of the pool, "
                 "while that one failed; absent when it was good (cached)."});
  for (const PoolRow& row : rows) {
    const auto& last = row.snapshot->last_completed;
    if (last && last->error) {
      writer.sample(Labels(row.pool)
                        .add("reason", to_string(last->error->reason))
                        .add("code", code_label(last->error->code)),
                    1);
    }
  }
  per_pool(writer, rows,
           {"sfb_backup_nonfatal_errors", Type::gauge, "",
            "Errors that Get-CsBackupServiceStatus wrote beside its answer in the last completed "
            "evaluation (cached); absent when that one failed."},
           nonfatal_errors);
  per_pool(writer, rows,
           {"sfb_backup_file_clock_ahead", Type::gauge, "",
            "Whether the date in the pool's dropped file is ahead of this machine's clock "
            "(cached, last completed evaluation); absent for other transports and while it cannot "
            "be told."},
           clock_ahead);
}

void write_settings(Writer& writer, const Rows& rows) {
  per_pool(writer, rows,
           {"sfb_backup_evaluation_interval_seconds", Type::gauge, "seconds",
            "After how long the pool is evaluated again, in seconds, as configured."},
           [](const PoolSnapshot& pool) {
             return std::optional<std::chrono::nanoseconds>(pool.identity.interval);
           });
  per_pool(
      writer, rows,
      {"sfb_backup_file_max_age_seconds", Type::gauge, "seconds",
       "Above which age the pool's dropped file is refused, in seconds, as configured. A fifth "
       "of it is the longest time between two exports that goes unnoticed; absent for other "
       "transports."},
      [](const PoolSnapshot& pool) -> std::optional<std::chrono::nanoseconds> {
        return pool.identity.file_max_age;
      });
  writer.family({"sfb_backup_pool", Type::info, "", "A configured pool."});
  for (const PoolRow& row : rows) {
    const status::PoolIdentity& pool = row.snapshot->identity;
    writer.sample(Labels(row.pool)
                      .add("paired_pool", pool.paired_pool)
                      .add("pair", pool.pair())
                      .add("site", pool.site)
                      .add("deployment", pool.deployment)
                      .add("endpoint", pool.endpoint)
                      .add("transport", pool.transport),
                  1);
  }
}

}  // namespace

PoolRow::PoolRow(const status::PoolSnapshot& pool_snapshot) : snapshot(&pool_snapshot) {
  pool.add("pool", snapshot->identity.fqdn.str());
}

std::size_t estimate_bytes(const std::vector<PoolRow>& rows) {
  std::size_t bytes = 0;
  for (const PoolRow& row : rows) {
    const std::size_t samples =
        kPoolSamples + (row.snapshot->view ? row.snapshot->view->samples : 0);
    bytes += samples * (kSampleBytes + row.snapshot->identity.fqdn.str().size());
  }
  return bytes;
}

void write_up(Writer& writer, const std::vector<PoolRow>& rows) {
  per_pool(writer, rows,
           {"sfb_backup_up", Type::gauge, "",
            "Whether the last completed evaluation of the pool, a call of "
            "Get-CsBackupServiceStatus, was good (cached: a scrape never causes an evaluation)."},
           [](const PoolSnapshot& pool) { return pool.up; });
}

void write_views(Writer& writer, const collectors::Collector& collector,
                 const std::vector<PoolRow>& rows) {
  for (const collectors::FamilyRow& row : collector.families()) {
    writer.family(row.family);
    for (const PoolRow& pool : rows) {
      if (pool.snapshot->what == &collector && pool.snapshot->view) {
        row.write(writer, *pool.snapshot->view);
      }
    }
  }
}

void write_collector_families(Writer& writer, const std::vector<PoolRow>& rows) {
  const auto labels = [](const PoolRow& row) {
    return Labels(row.pool).add("collector", row.snapshot->what->name);
  };
  const auto each = [&](const Family& family, const auto& value) {
    writer.family(family);
    for (const PoolRow& row : rows) {
      if (const std::optional<double> current = number(value(*row.snapshot))) {
        writer.sample(labels(row), *current);
      }
    }
  };
  each({"sfb_backup_collector_up", Type::gauge, "",
        "Whether the last completed evaluation of a collector beside the pool's status was good "
        "(cached)."},
       [](const PoolSnapshot& pool) { return pool.up; });
  each({"sfb_backup_collector_last_success_timestamp_seconds", Type::gauge, "seconds",
        "When the last good answer of a collector beside the pool's status was made, in Unix "
        "seconds (cached)."},
       [](const PoolSnapshot& pool) { return pool.last_success; });
  writer.family({"sfb_backup_collector_failures", Type::counter, "",
                 "Failed evaluations of a collector beside the pool's status by reason (cached)."});
  for (const PoolRow& row : rows) {
    for (const Reason reason : kReasons) {
      writer.sample(labels(row).add("reason", to_string(reason)),
                    number(row.snapshot->failures.at(static_cast<std::size_t>(reason))));
    }
  }
}

void write_evaluation_families(Writer& writer, const std::vector<PoolRow>& rows) {
  write_counters(writer, rows);
  write_last_evaluation(writer, rows);
  write_last_words(writer, rows);
  write_settings(writer, rows);
}

}  // namespace sfb::serve
