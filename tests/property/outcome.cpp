#include "tests/property/outcome.hpp"

#include "agent/base/text.hpp"
#include "agent/remote/file/export_file.hpp"

#include <fmt/format.h>

namespace sfb::property {

namespace {

using collectors::ExportState;
using collectors::ImportState;

std::string_view word(const std::optional<bool>& value) {
  return !value ? "absent" : *value ? "1" : "0";
}

// Equal or absent; a state that became Unknown counts as absent.
bool holds(const std::optional<bool>& whole, const std::optional<bool>& damaged) {
  return !damaged || damaged == whole;
}

}  // namespace

Outcome outcome_of(const Result<PipelineResult>& result) {
  Outcome outcome;
  if (!result) {
    outcome.failure = result.error().code;
    return outcome;
  }
  const auto status = collectors::interpret(*result, {});
  if (!status) {
    outcome.failure = status.error().code;
    return outcome;
  }
  const collectors::Verdict verdict = collectors::judge(*status, {});
  outcome.configured = verdict.configured;
  outcome.working = verdict.working;
  for (const collectors::Module& module : status->modules) {
    outcome.modules[to_lower(module.identity.str())] = {module.export_state, module.import_state};
  }
  return outcome;
}

Outcome outcome_of_export(std::string_view bytes, const Fqdn& pool) {
  auto parsed = remote::parse_export(bytes, pool, {});
  return parsed ? outcome_of(std::move(parsed->result))
                : outcome_of(std::unexpected(std::move(parsed.error())));
}

std::string complaint(const Outcome& whole, const Outcome& damaged) {
  if (!damaged.failure.empty()) {
    return {};
  }
  if (!whole.failure.empty()) {
    const bool says_nothing = !damaged.configured && !damaged.working && damaged.modules.empty();
    return says_nothing              ? ""
           : damaged.modules.empty() ? "a failure became an empty answer"
                                     : "a failure became an answer with modules";
  }
  if (!holds(whole.configured, damaged.configured)) {
    return damaged.configured.value_or(false) ? "configured became 1" : "configured became 0";
  }
  if (!holds(whole.working, damaged.working)) {
    return damaged.working.value_or(false) ? "working became 1" : "working became 0";
  }
  // Without a verdict and without modules the answer says nothing: what was known stays.
  if (!damaged.configured && damaged.modules.empty()) {
    return {};
  }
  for (const auto& [identity, states] : whole.modules) {
    const auto found = damaged.modules.find(identity);
    if (found == damaged.modules.end()) {
      return "a module fewer";
    }
    const auto& [export_state, import_state] = found->second;
    if ((export_state != states.first && export_state != ExportState::unknown) ||
        (import_state != states.second && import_state != ImportState::unknown)) {
      return "a module's state changed";
    }
  }
  return {};
}

std::string show(const Outcome& outcome) {
  if (!outcome.failure.empty()) {
    return "fails with " + outcome.failure;
  }
  std::string text =
      fmt::format("configured {}, working {}", word(outcome.configured), word(outcome.working));
  for (const auto& [identity, states] : outcome.modules) {
    text += fmt::format(" {}:[{},{}]", identity, to_string(states.first), to_string(states.second));
  }
  return text;
}

}  // namespace sfb::property
