#include "agent/client/monitor.hpp"

#include "agent/base/text.hpp"
#include "agent/http/query_string.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::client {

namespace {

constexpr std::size_t kMostText = 800;   // a first line must leave room for the figures behind it
constexpr std::size_t kMostPools = 100;  // lines behind the first one
constexpr double kMostIntervals = 5;
constexpr std::string_view kService = "SfB Backup";

std::string_view word_of(Severity severity) {
  constexpr std::array<std::string_view, 4> kWords = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  return kWords.at(static_cast<std::size_t>(severity));
}

int code_of(Severity severity) {
  return static_cast<int>(severity);
}

// Which of two is told: known trouble first, and what is unknown is never good.
int weight(Severity severity) {
  constexpr std::array<int, 4> kWeights = {0, 2, 3, 1};
  return kWeights.at(static_cast<std::size_t>(severity));
}

// One line without what means something in either format.
std::string clean(std::string_view text, std::size_t most = kMostText) {
  std::string line = visible(cut_utf8(text, most));
  for (char& c : line) {
    if (c == '|' || c == '\\') {
      c = '/';
    } else if (c == '\n' || c == '\t') {
      c = ' ';
    }
  }
  return line;
}

std::string texts(const std::vector<PoolGround>& grounds) {
  constexpr std::size_t kTold = 3;
  std::vector<std::string> told;
  for (const PoolGround& ground : grounds) {
    if (told.size() < kTold) {
      told.push_back(ground.text);
    }
  }
  std::string line = fmt::format("{}", fmt::join(told, "; "));
  if (grounds.size() > kTold) {
    line += fmt::format(" and {} more", grounds.size() - kTold);
  }
  return line;
}

// Only exports are behind, which a lag measures.
bool is_backlog(const PoolState& pool) {
  return !pool.reasons.empty() && std::ranges::all_of(pool.reasons, [](const PoolGround& ground) {
    return ground.code == "export_not_steady";
  });
}

// `2h5m`, to the second.
std::string span(double seconds) {
  return format_duration(
      std::chrono::milliseconds(static_cast<std::int64_t>(std::max(0.0, seconds)) * 1000));
}

std::string lag_text(const PoolState& pool) {
  if (pool.lag) {
    return *pool.lag > 0 ? fmt::format(", behind for {}", span(*pool.lag)) : "";
  }
  return pool.least_lag > 0 ? fmt::format(", behind for at least {}", span(pool.least_lag)) : "";
}

Judgement unusable(const PoolState& pool, std::string_view why) {
  std::string text = fmt::format("{}: {}", pool.pool, why);
  if (pool.evaluated_at) {
    text += fmt::format(" (last answer of {})", format_iso8601(*pool.evaluated_at));
  }
  return {Severity::unknown, std::move(text)};
}

// The value of a figure with its thresholds, as both formats write them.
std::string figure(std::string_view unit, const std::optional<double>& value,
                   const std::string& thresholds) {
  return value ? fmt::format("{:.6g}{}{}", *value, unit, thresholds) : "U";
}

std::string nagios_figures(const PoolState& pool, const MonitorOptions& options) {
  return fmt::format(
      "'lag'={} 'age'={} 'eval'={}",
      figure("s", pool.lag, fmt::format(";{};{};0", options.warning.text, options.critical.text)),
      figure("s", pool.age, ";;;0"), figure("s", pool.duration, ";;;0"));
}

std::string checkmk_figures(const PoolState& pool, const MonitorOptions& options) {
  std::string figures;
  const auto add = [&](std::string_view name, const std::optional<double>& value,
                       const std::string& thresholds) {
    if (value) {  // there is no word for unknown
      figures +=
          fmt::format("{}{}={}", figures.empty() ? "" : "|", name, figure("", value, thresholds));
    }
  };
  add("lag", pool.lag,
      fmt::format(";{};{}", options.warning.upper().value_or(""),
                  options.critical.upper().value_or("")));
  add("age", pool.age, "");
  add("eval", pool.duration, "");
  return figures.empty() ? "-" : figures;
}

std::vector<std::string> module_lines(const PoolState& pool) {
  std::vector<std::string> lines;
  lines.reserve(pool.modules.size());
  for (const ModuleState& module : pool.modules) {
    lines.push_back(clean(fmt::format("{}: export {}, import {}", module.identity, module.exported,
                                      module.imported)));
  }
  return lines;
}

std::string nagios_line(Severity severity, std::string_view text) {
  return fmt::format("SFBBACKUP {} - {}", word_of(severity), clean(text));
}

std::string checkmk_line(Severity severity, std::string_view service, std::string_view figures,
                         std::string_view text) {
  return fmt::format("{} \"{}\" {} {}", code_of(severity), clean(service), figures, clean(text));
}

Printout nothing_known(const MonitorOptions& options, std::string_view why) {
  if (options.form == Monitor::nagios) {
    return {nagios_line(Severity::unknown, why) + "\n", {}, code_of(Severity::unknown)};
  }
  const std::string service =
      fmt::format("{} {}", kService, options.pool.empty() ? "exporter" : options.pool);
  return {checkmk_line(Severity::unknown, service, "-", why) + "\n", {}, kGood};
}

Printout nagios_pool(const PoolState& pool, const MonitorOptions& options) {
  const Judgement judged = judge_pool(pool, options);
  std::string out = fmt::format("{} | {}\n", nagios_line(judged.severity, judged.text),
                                nagios_figures(pool, options));
  for (const std::string& line : module_lines(pool)) {
    out += line + "\n";
  }
  return {std::move(out), {}, code_of(judged.severity)};
}

Printout nagios_pools(const std::vector<PoolState>& pools, const MonitorOptions& options) {
  std::vector<Judgement> judged;
  std::array<std::size_t, 4> counts{};
  std::optional<double> lag;
  const bool known = std::ranges::all_of(pools, &PoolState::lag_known);
  for (const PoolState& pool : pools) {
    judged.push_back(judge_pool(pool, options));
    ++counts.at(static_cast<std::size_t>(judged.back().severity));
    if (pool.lag && known) {  // the longest of all: none where one may be longer
      lag = std::max(lag.value_or(0), *pool.lag);
    }
  }
  std::ranges::sort(judged, {}, [](const Judgement& one) {
    return std::pair(-weight(one.severity), std::string_view(one.text));
  });
  const Severity worst = judged.front().severity;
  std::string text = fmt::format("{} of {} ok", counts[0], counted(pools.size(), "pool"));
  for (const Judgement& one : judged) {
    if (one.severity != Severity::ok && text.size() < kMostText / 2) {
      text += "; " + one.text;
    }
  }
  std::string out = fmt::format(
      "{} | 'pools'={};;;0 'ok'={};;;0 'warning'={};;;0 'critical'={};;;0 'unknown'={};;;0 "
      "'lag'={}\n",
      nagios_line(worst, text), pools.size(), counts[0], counts[1], counts[2], counts[3],
      figure("s", lag, fmt::format(";{};{};0", options.warning.text, options.critical.text)));
  for (std::size_t i = 0; i < std::min(judged.size(), kMostPools); ++i) {
    out += fmt::format("{} {}\n", word_of(judged[i].severity), clean(judged[i].text));
  }
  return {std::move(out), {}, code_of(worst)};
}

std::string checkmk_pool(const PoolState& pool, const MonitorOptions& options) {
  const Judgement judged = judge_pool(pool, options);
  std::string line;
  // How old it is, so that Checkmk marks it stale by itself; a failure is of now.
  if (judged.severity != Severity::unknown && pool.failure.empty() && pool.evaluated_at) {
    line = fmt::format("cached({:.0f},{:.0f}) ", to_unix_seconds(*pool.evaluated_at),
                       std::max(1.0, pool.interval));
  }
  line += checkmk_line(judged.severity, fmt::format("{} {}", kService, pool.pool),
                       checkmk_figures(pool, options), judged.text);
  for (const std::string& module : module_lines(pool)) {
    line += "\\n" + module;  // two characters: the line goes on
  }
  return line + "\n";
}

Printout checkmk_pools(const std::vector<PoolState>& pools, const MonitorOptions& options) {
  std::string out;
  if (options.pool.empty()) {
    out = checkmk_line(Severity::ok, fmt::format("{} exporter", kService),
                       fmt::format("pools={}", pools.size()), counted(pools.size(), "pool")) +
          "\n";
  }
  for (const PoolState& pool : pools) {
    out += checkmk_pool(pool, options);
  }
  return {std::move(out), {}, kGood};
}

}  // namespace

Judgement judge_pool(const PoolState& pool, const MonitorOptions& options) {
  if (!pool.failure.empty()) {
    Judgement judged = unusable(pool, "the evaluation failed: " + pool.failure);
    if (pool.knowledge == "fresh" && pool.working == false && !is_backlog(pool)) {
      // What was known to be bad is not better for being unreachable now.
      judged.severity = Severity::critical;
      judged.text += "; before: " + texts(pool.reasons);
    }
    return judged;
  }
  if (pool.knowledge != "fresh") {
    return unusable(pool, pool.knowledge == "stale" ? "the last good answer is too old"
                                                    : "no good answer came yet");
  }
  if (!pool.age || (pool.interval > 0 && *pool.age > kMostIntervals * pool.interval)) {
    return unusable(pool, fmt::format("the last answer is {} old, and one is due every {}",
                                      span(pool.age.value_or(0)), span(pool.interval)));
  }
  const std::string when =
      fmt::format("{} (evaluated {} ago)", lag_text(pool), span(pool.age.value_or(0)));
  const bool late = options.critical.alarms(pool.lag.value_or(pool.least_lag));
  if (pool.working == true) {
    return {Severity::ok, fmt::format("{}: working properly, {}{}", pool.pool,
                                      counted(pool.modules.size(), "module"), when)};
  }
  if (!pool.working) {
    return {late ? Severity::critical : Severity::unknown,
            fmt::format("{}: the verdict is unknown: {}{}", pool.pool, texts(pool.doubts), when)};
  }
  Severity severity = Severity::critical;
  if (is_backlog(pool) && !late) {
    // An operator's own threshold says how long a backlog is no alarm.
    severity = !pool.doubts.empty()                             ? Severity::unknown
               : pool.lag && !options.warning.alarms(*pool.lag) ? Severity::ok
                                                                : Severity::warning;
  }
  return {severity, fmt::format("{}: {}{}", pool.pool, texts(pool.reasons), when)};
}

std::string monitor_target(const MonitorOptions& options) {
  return options.pool.empty() ? "/api/v1/pools"
                              : "/api/v1/pools/" + http::percent_encode(options.pool);
}

Printout print_monitor(const MonitorOptions& options, const Result<http::Response>& answer) {
  if (!answer) {
    return nothing_known(options, describe(answer.error()));
  }
  const std::string body = answer->body ? *answer->body : std::string();
  if (answer->status != 200) {
    const std::string problem = problem_of(body);
    return nothing_known(options, problem.empty()
                                      ? fmt::format("the agent answered {} {}", answer->status,
                                                    http::status_text(answer->status))
                                      : problem);
  }
  const auto pools = read_pools(body);
  if (!pools) {
    return nothing_known(options, describe(pools.error()));
  }
  if (pools->empty()) {
    return nothing_known(options, "the agent has no pools");
  }
  if (options.form == Monitor::checkmk) {
    return checkmk_pools(*pools, options);
  }
  return options.pool.empty() ? nagios_pools(*pools, options)
                              : nagios_pool(pools->front(), options);
}

}  // namespace sfb::client
