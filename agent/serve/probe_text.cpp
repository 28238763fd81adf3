#include "agent/serve/probe_text.hpp"

#include "agent/base/text.hpp"
#include "agent/serve/query_render.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace sfb::serve {
namespace {

std::string line(std::string_view name, std::string_view value) {
  return value.empty() ? std::string() : fmt::format("{:<15}{}\n", name, visible(value));
}

std::string milliseconds(std::chrono::nanoseconds duration) {
  return fmt::format("{:.1f} ms", to_seconds(duration) * 1000);
}

std::string_view yes_no(std::optional<bool> value) {
  return !value ? "unknown" : *value ? "yes" : "no";
}

std::string error_text(const Error& error) {
  return line("reason", to_string(error.reason)) + line("code", error.code) +
         line("stage", to_string(error.stage)) + line("message", error.message) +
         line("remedy", error.remedy);
}

std::string verdict_lines(const collectors::Verdict& verdict, const collectors::Finding& finding) {
  std::string text =
      line("configured", yes_no(verdict.configured)) + line("working", yes_no(verdict.working));
  for (const auto* const grounds : {&verdict.reasons, &verdict.doubts}) {
    for (const collectors::Ground& ground : *grounds) {
      text += fmt::format("  {}\n", visible(ground.text));
    }
  }
  for (const std::string& note : finding.notes) {
    text += line("note", note);
  }
  return text;
}

std::string evaluation_text(const ProbeReport& report) {
  const status::Answer& answer = *report.outcome;
  const status::Evaluation& evaluation = *answer.evaluation;
  std::string text =
      line("asked", evaluation.front_end) +
      line("answer", fmt::format("{}, made at {}, {:.0f} s old", to_string(answer.source),
                                 format_iso8601(evaluation.evaluated_at),
                                 to_seconds(evaluation.age(report.now))));
  for (const StageTime& stage : evaluation.stages) {
    text += line(to_string(stage.stage), milliseconds(stage.duration));
  }
  text += line("total", milliseconds(evaluation.duration));
  text += line("note", evaluation.note.message) + line("remedy", evaluation.note.remedy);
  if (evaluation.error) {
    return text + error_text(*evaluation.error);
  }
  if (evaluation.finding) {
    text += verdict_lines(evaluation.verdict(report.pool.identity.facts()), *evaluation.finding);
  }
  if (evaluation.result) {
    const PipelineResult result = evaluation.result->unpack();
    text += line("objects", std::to_string(result.output.size())) +
            line("errors", std::to_string(result.errors.size())) +
            line("warnings", std::to_string(result.warnings.size())) +
            line("PowerShell", result.ps_version);
  }
  Query query{.question = evaluation.question, .choice = {}, .max_age = {}, .line = {}};
  const http::Response shown =
      render_answer(query, answer, report.now, report.request_id, {}, report.max_bytes);
  return text + '\n' + (shown.body ? visible(*shown.body) : "");
}

}  // namespace

std::string probe_text(const ProbeReport& report) {
  const status::PoolIdentity& pool = report.pool.identity;
  std::string text =
      line("pool", pool.fqdn.str()) +
      line("endpoint", fmt::format("{} ({})", pool.endpoint.str(), pool.transport.str())) +
      line("request id", report.request_id) + line("time given", milliseconds(report.budget)) +
      line("time taken", milliseconds(report.result.duration)) +
      line("outcome", report.result.success ? "good" : "failed");
  text += report.outcome ? evaluation_text(report) : error_text(report.outcome.error().error);
  return text + '\n';
}

}  // namespace sfb::serve
