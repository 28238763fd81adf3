// What an evaluation came to, as far as the promise "never a false good" speaks of it, and the one
// rule that compares a damaged answer's outcome with the whole one's.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/backup_service_status/interpret.hpp"
#include "collectors/backup_service_status/verdict.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::property {

struct Outcome {
  std::string failure = {};  ///< code of the failed evaluation; empty: it is good
  std::optional<bool> configured = {};
  std::optional<bool> working = {};
  using States = std::pair<collectors::ExportState, collectors::ImportState>;
  std::map<std::string, States> modules = {};  ///< by identity in lower case
};

/// Of a pipeline's result: interpreted and judged as the collector does it.
Outcome outcome_of(const Result<PipelineResult>& result);
/// Of a dropped file's bytes.
Outcome outcome_of_export(std::string_view bytes, const Fqdn& pool);

/// The rule: configured, working and each module's states are equal, absent, or the evaluation
/// fails; never a module fewer. Empty, or what breaks it in a few words.
std::string complaint(const Outcome& whole, const Outcome& damaged);

/// One line for people.
std::string show(const Outcome& outcome);

}  // namespace sfb::property
