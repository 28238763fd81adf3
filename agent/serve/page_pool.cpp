#include "agent/serve/page_pool.hpp"

#include "agent/base/text.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/page_side.hpp"
#include "agent/serve/page_timeline.hpp"
#include "agent/serve/query_render.hpp"
#include "collectors/question.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sfb::serve {
namespace {

using status::HistoryEntry;
using status::PoolSnapshot;

constexpr std::size_t kMostEvaluations = 25;
constexpr std::size_t kMostChanges = 50;

// Heights in a lane of 16: the state is seen without colours.
struct Bar {
  std::string_view tone;
  int y;
  int height;
};
constexpr std::array kBars = {Bar{"good", 5, 6}, Bar{"idle", 7, 2}, Bar{"bad", 0, 16},
                              Bar{"unknown", 3, 10}};

PageData segment_data(const Segment& segment, WallTime now) {
  const auto* const bar = std::ranges::find(kBars, segment.tone, &Bar::tone);
  return Fields()
      .add("tone", segment.tone)
      .add("x", std::to_string(segment.x))
      .add("y", std::to_string(bar->y))
      .add("width", std::to_string(segment.width))
      .add("height", std::to_string(bar->height))
      .add("segment_told",
           fmt::format("{} from {} to {}", segment.word.empty() ? "not known" : segment.word,
                       clock_text(segment.from, now), clock_text(segment.to, now)))
      .done();
}

PageData lane_data(const Lane& lane, WallTime now) {
  std::vector<PageData> segments;
  std::vector<std::string> told;
  for (const Segment& segment : lane.segments) {
    segments.push_back(segment_data(segment, now));
    told.push_back(fmt::format("{} from {}", segment.word.empty() ? "not known" : segment.word,
                               clock_text(segment.from, now)));
  }
  const Segment& last = lane.segments.back();
  Fields fields;
  add_module(fields, lane.module);
  return fields.add("lane_way", lane.way)
      .add("lane_word", last.word.empty() ? "not known" : last.word)
      .add("lane_tone", last.tone)
      .add("lane_told", fmt::format("{}", fmt::join(told, ", ")))
      .add_list("segments", std::move(segments))
      .done();
}

std::string change_text(const status::HistoryChange& change) {
  std::vector<std::string> fields;
  fields.reserve(change.fields.size());
  for (const auto& [name, value] : change.fields) {
    fields.push_back(fmt::format("{} {}", name, value));
  }
  return fmt::format("{}: {}", change.event, fmt::join(fields, ", "));
}

std::vector<PageData> changes_data(const std::vector<HistoryEntry>& history, WallTime now) {
  std::vector<PageData> changes;
  for (const HistoryEntry& entry : history) {
    for (const status::HistoryChange& change : entry.changes) {
      if (changes.size() < kMostChanges) {
        changes.push_back(Fields()
                              .add("iso", format_iso8601(entry.time))
                              .add("clock", clock_text(entry.time, now))
                              .add("change", change_text(change))
                              .done());
      }
    }
  }
  return changes;
}

/// What an evaluation brought: why it failed, else the states that are not well.
std::string what_came(const HistoryEntry& entry) {
  if (!entry.message.empty() || !entry.states) {
    return entry.message;
  }
  std::string bad;
  for (const collectors::ModuleWords& module : *entry.states) {
    for (const auto& [way, word] :
         {std::pair{"export", &module.exported}, std::pair{"import", &module.imported}}) {
      const std::string_view tone = tone_of(*word);
      if (tone != "good" && tone != "idle") {
        bad += fmt::format("{}{} {} {}", bad.empty() ? "" : ", ", module.identity, way, *word);
      }
    }
  }
  const std::string count =
      fmt::format("{} module{}", entry.states->size(), entry.states->size() == 1 ? "" : "s");
  return bad.empty() ? count : fmt::format("{}: {}", count, bad);
}

PageData evaluation_data(const HistoryEntry& entry, WallTime now) {
  const std::string_view outcome = entry.skipped ? "skipped" : entry.good ? "good" : "failed";
  const std::string_view tone = entry.skipped ? "skipped" : entry.good ? "good" : "failing";
  return Fields()
      .add("iso", format_iso8601(entry.time))
      .add("clock", clock_text(entry.time, now))
      .add("outcome", outcome)
      .add("outcome_tone", tone)
      .add("outcome_mark", entry.skipped ? "\u2013"
                           : entry.good  ? "\u2713"
                                         : "!")
      .add("trigger", to_string(entry.trigger))
      .add_known("question", entry.question)
      .add("took",
           entry.skipped ? std::string() : fmt::format("{:.2f} s", to_seconds(entry.duration)))
      .add("what", what_came(entry))
      .add_known("outcome_code", entry.code)
      .done();
}

/// What a query would print of the last good answer.
std::optional<std::string> printed(const PoolPage& page, bool expanded, Now now) {
  const auto& good = page.pool.last_good;
  if (!good || !good->result) {
    return std::nullopt;
  }
  Query query{
      .question = good->question, .choice = {}, .width = kDefaultWidth, .max_age = {}, .line = {}};
  query.choice.expanded = expanded;
  const http::Response text = render_answer(
      query, {good, status::Source::cache}, now.mono, {},
      {.last_good = {}, .expectation = page.pool.identity.expectation, .near = {}}, page.max_bytes);
  return text.status == 200 && text.body ? std::optional(*text.body) : std::nullopt;
}

std::vector<PageData> texts_data(const PoolPage& page, Now now) {
  std::vector<PageData> texts;
  const bool old = page.pool.freshness != status::Freshness::fresh;
  const auto add = [&](std::string_view id, std::string_view name, bool expanded) {
    if (const auto text = printed(page, expanded, now)) {
      const WallTime when = page.pool.last_good->evaluated_at;
      const std::string clock = clock_text(when, WallTime());
      texts.push_back(Fields()
                          .add("text_id", id)
                          .add("text_name", name)
                          .add_object("text_when", Fields()
                                                       .add("iso", format_iso8601(when))
                                                       .add("clock", clock)
                                                       .add("ago", ago_text(when, now.wall))
                                                       .done())
                          .add_flag("text_old", old)
                          .add("text_from", fmt::format("{}, {}, answered {} UTC{}",
                                                        page.pool.identity.fqdn.str(), name, clock,
                                                        old ? ", too old, not counted" : ""))
                          .add("text", text->empty() ? "(nothing)" : *text)
                          .done());
    }
  };
  add("printed", "Get-CsBackupServiceStatus", false);
  add("modules", "The modules (-ExpandProperty BackupModules)", true);
  return texts;
}

struct Command {
  std::string_view where;
  std::string text;
  bool changes = false;
};

/// Each stands in a runbook, with `POOL` in the place of the name. `partner_here`: this agent can
/// be asked for the partner too.
std::vector<Command> commands_of(const PoolSnapshot& pool, bool partner_here) {
  const std::string& name = pool.identity.fqdn.str();
  constexpr std::string_view kAgent = "On this agent's machine";
  constexpr std::string_view kFrontEnds = "On each front end of the pool";
  constexpr std::string_view kFrontEnd = "On one front end of the pool";
  const auto status_of = [](std::string_view asked) {
    return fmt::format("Get-CsBackupServiceStatus -PoolFqdn \"{}\" -ExpandProperty BackupModules",
                       asked);
  };
  std::vector<Command> commands = {{kAgent, status_of(name)}};
  if (partner_here) {
    commands.push_back({kAgent, status_of(pool.identity.paired_pool.str())});
  }
  if (pool.identity.transport != "push") {  // only the running agent has what was pushed
    commands.push_back(
        {kAgent,
         fmt::format("sudo -u sfb-backup-exporter sfb_backup_exporter evaluate --debug {}", name)});
  }
  commands.insert(
      commands.end(),
      {{kFrontEnds,
        "Get-WinEvent -MaxEvents 20 -FilterHashtable @{LogName='Lync Server'; ProviderName='LS "
        "Backup Service'; Level=2}"},
       {kFrontEnds, "Get-CsWindowsService -Name LYNCBACKUP"},
       {kFrontEnd, fmt::format("Get-CsPoolBackupRelationship -PoolFqdn {}", name)},
       {kFrontEnd, "Get-CsBackupServiceConfiguration"},
       {kFrontEnd, "Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus"},
       {kFrontEnd, fmt::format("Invoke-CsBackupServiceSync -PoolFqdn {}", name), true}});
  return commands;
}

std::vector<PageData> commands_data(const PoolSnapshot& pool, bool partner_here) {
  std::vector<PageData> items;
  std::string_view where;
  for (const Command& command : commands_of(pool, partner_here)) {
    const std::string id = fmt::format("command-{}", items.size() + 1);
    items.push_back(Fields()
                        .add_known("command_where", command.where == where ? "" : command.where)
                        .add("command_id", id)
                        .add("command_label", fmt::format("Command {}", items.size() + 1))
                        .add("command", command.text)
                        .add_flag("command_changes", command.changes)
                        .done());
    where = command.where;
  }
  return items;
}

std::vector<PageData> facts_data(const SideShown& side, const PoolSnapshot& pool) {
  std::vector<PageData> facts;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      facts.push_back(Fields().add("fact", name).add("fact_value", value).done());
    }
  };
  add("Partner", pool.identity.paired_pool.str());
  add("Site", side.site);
  add("Deployment", side.deployment);
  add("Endpoint", fmt::format("{} ({})", side.endpoint, pool.identity.transport.str()));
  add("Asked every", span_text(pool.identity.interval));
  add("Active front end", side.active_machine);
  return facts;
}

}  // namespace

RenderedPage render_pool(const PageFrame& frame, const PoolPage& page) {
  const WallTime now = frame.now.wall;
  const PairShown pair =
      pair_of(page.snapshot, page.elsewhere, page.pool, frame.now, page.runbooks);
  const SideShown& mine = pair.sides[0];
  const Timeline timeline = timeline_of(page.history, now, page.pool.identity.stale_after);
  std::vector<PageData> lanes;
  lanes.reserve(timeline.lanes.size());
  for (const Lane& lane : timeline.lanes) {
    lanes.push_back(lane_data(lane, now));
  }
  std::vector<PageData> changes = changes_data(page.history, now);
  std::vector<PageData> evaluations;
  for (const HistoryEntry& entry : page.history) {
    if (evaluations.size() < kMostEvaluations) {
      evaluations.push_back(evaluation_data(entry, now));
    }
  }
  std::vector<PageData> sides;
  sides.reserve(pair.sides.size());
  for (const SideShown& side : pair.sides) {
    sides.push_back(side_data(side, now));
  }
  Fields fields;
  add_frame(
      fields, frame,
      fmt::format("{}: {} \u00b7 Backup status", host_of_pool(mine.fqdn), words_of(mine.standing)));
  fields.add("headline", fmt::format("{} is {}", mine.fqdn, words_of(mine.standing)))
      .add("pair_id", pair_anchor(pair.name))
      .add("pool_standing", name_of(mine.standing))
      .add("pool_mark", mark_of(mine.standing))
      .add("pool_fqdn", mine.fqdn)
      .add_list("facts", facts_data(mine, page.pool))
      .add_list("sides", std::move(sides))
      .add("from_iso", format_iso8601(timeline.from))
      .add("from_text", clock_text(timeline.from, now))
      .add_flag("has_lanes", !lanes.empty())
      .add_list("lanes", std::move(lanes))
      .add_flag("has_changes", !changes.empty())
      .add_list("changes", std::move(changes))
      .add_flag("has_evaluations", !evaluations.empty())
      .add_list("evaluations", std::move(evaluations))
      .add_list("texts", texts_data(page, frame.now))
      .add("runbooks_start", fmt::format("{}/README.md", page.runbooks))
      .add_list("commands", commands_data(page.pool, pair.sides[1].here));
  return render_template("pool", fields.done());
}

}  // namespace sfb::serve
