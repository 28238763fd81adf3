#include "agent/serve/page_side.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace sfb::serve {
namespace {

PageData state_data(const StateShown& state, WallTime now) {
  return Fields()
      .add("word", state.word)
      .add("health", state.health)
      .add("health_mark", mark_of_health(state.health))
      .add_object("since", time_data(state.since, now))
      .done();
}

/// Why states that are not good are fine: each reason once, with what it is about.
std::vector<PageData> benign_data(std::span<const LineShown> lines) {
  std::vector<std::pair<std::string, std::string>> reasons;
  const auto add = [&](const StateShown& state, std::string_view module, std::string_view way) {
    if (state.why.empty()) {
      return;
    }
    auto found = std::ranges::find(reasons, state.why, &std::pair<std::string, std::string>::first);
    if (found == reasons.end()) {
      found = reasons.insert(reasons.end(), {state.why, {}});
    }
    found->second += fmt::format("{}{} {}", found->second.empty() ? "" : ", ",
                                 module.substr(module.rfind('.') + 1), way);
  };
  for (const LineShown& line : lines) {
    add(line.exported, line.module, "export");
    add(line.imported, line.module, "import");
  }
  std::vector<PageData> items;
  items.reserve(reasons.size());
  for (const auto& [why, which] : reasons) {
    items.push_back(Fields().add("why", why).add("which", '(' + which + ')').done());
  }
  return items;
}

std::optional<PageData> failure_data(const std::optional<FailureShown>& failure, WallTime now) {
  if (!failure) {
    return std::nullopt;
  }
  return Fields()
      .add("message", failure->message)
      .add("reason", failure->reason)
      .add("code", failure->code)
      .add_known("stage", failure->stage == "none" ? "" : failure->stage)
      .add_known("peer", failure->peer)
      .add_known("remedy", failure->remedy)
      .add_object("failing_since", time_data(failure->since, now))
      .add("count", std::to_string(failure->count))
      .add("failure_runbook", failure->runbook)
      .done();
}

}  // namespace

std::string host_of_pool(std::string_view fqdn) {
  return std::string(fqdn.substr(0, fqdn.find('.')));
}

void add_module(Fields& fields, std::string_view module) {
  const std::size_t area = module.rfind('.') + 1;
  fields.add("module_area", module.substr(0, area)).add("module_name", module.substr(area));
}

std::optional<PageData> time_data(std::optional<WallTime> time, WallTime now) {
  if (!time) {
    return std::nullopt;
  }
  return Fields()
      .add("iso", format_iso8601(*time))
      .add("clock", clock_text(*time, now))
      .add("ago", ago_text(*time, now))
      .add("span", "for " + span_text(now - *time))
      .done();
}

PageData side_data(const SideShown& side, WallTime now, Detail detail) {
  std::vector<PageData> grounds;
  grounds.reserve(side.grounds.size());
  for (const GroundShown& ground : side.grounds) {
    grounds.push_back(Fields()
                          .add("ground", ground.text)
                          .add("ground_runbook", ground.runbook)
                          .add_object("ground_since", time_data(ground.since, now))
                          .done());
  }
  std::vector<PageData> errors;
  errors.reserve(side.errors.size());
  for (const std::string& error : side.errors) {
    errors.push_back(Fields().add("error", error).done());
  }
  const std::span<const LineShown> shown =
      std::span(side.lines).first(detail == Detail::full ? side.lines.size() : 0);
  std::vector<PageData> lines;
  lines.reserve(shown.size());
  for (const LineShown& line : shown) {
    std::vector<PageData> states;
    states.push_back(state_data(line.exported, now));
    states.push_back(state_data(line.imported, now));
    Fields row;
    add_module(row, line.module);
    lines.push_back(row.add_list("states", std::move(states)).done());
  }
  std::vector<PageData> benign = benign_data(shown);
  const std::string host = host_of_pool(side.fqdn);
  return Fields()
      .add("fqdn", side.fqdn)
      .add("host", host)
      .add("domain", std::string_view(side.fqdn).substr(host.size()))
      .add("target_host", host_of_pool(side.target))
      .add_flag("here", side.here)
      .add_known("site", side.site)
      .add("standing", name_of(side.standing))
      .add("mark", mark_of(side.standing))
      .add("verdict", side.verdict)
      .add_flag("has_grounds", !grounds.empty())
      .add_list("grounds", std::move(grounds))
      .add_object("failure", failure_data(side.failure, now))
      .add_object("answered", time_data(side.answered, now))
      .add_flag("running", side.running)
      .add_object("next", time_data(side.next, now))
      .add_object("backoff", time_data(side.backoff_until, now))
      .add_flag("has_errors", !errors.empty())
      .add_list("errors", std::move(errors))
      .add_flag("has_benign", !benign.empty())
      .add_list("benign", std::move(benign))
      .add_flag("no_lines", side.lines.empty())
      .add_flag("has_lines", !lines.empty())
      .add_list("lines", std::move(lines))
      .done();
}

}  // namespace sfb::serve
