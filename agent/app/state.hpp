// The state of the agent: where the store meets settings, metrics and the engine's answers.
#pragma once

#include "agent/base/log.hpp"
#include "agent/remote/winrm/shell_ledger.hpp"
#include "agent/serve/self_metrics.hpp"
#include "agent/store/store.hpp"
#include "config/settings.hpp"

#include <memory>
#include <string>

namespace sfb::app {

store::Retention retention_of(const config::Settings& settings);

/// Null where `folder` is empty: nothing outlives the process. Opening waits for the disk a few
/// seconds at most. `clock` and the sink of `logger` outlive the store's thread.
std::shared_ptr<store::Store> open_state(const std::string& folder,
                                         const config::Settings& settings, const Clock& clock,
                                         const Logger& logger,
                                         std::shared_ptr<serve::SelfMetrics> self);

/// The shells of transport `winrm` in the state; null without one.
std::shared_ptr<remote::ShellLedger> ledger_of(const std::shared_ptr<store::Store>& state,
                                               const Clock& clock);

}  // namespace sfb::app
