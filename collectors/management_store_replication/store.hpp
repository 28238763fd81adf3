// What Get-CsManagementStoreReplicationStatus -CentralManagementStoreStatus says. Pure, thread-safe
// functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/pipeline.hpp"
#include "collectors/collector.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sfb::collectors {

/// One good answer. What is absent is not known.
struct Store : Finding {
  std::optional<std::string> active_master;  ///< lower case; empty: none is named
  std::optional<std::size_t> file_transfer_agents;
};

/// Members by name in any case. At least one of ActiveMasterFqdn and ActiveFileTransferAgents must
/// be there; `$null` is an empty one. Errors: those of objects_of and check_label, and parse:
/// - `store.several`: more than one object
/// - `store.unrecognised`: neither member is there
Result<Store> read_store(const PipelineResult& result, const Limits& limits);

/// Not working without an active master or a file transfer agent. Never true, and
/// `configured` is absent: both are said of the pool's status alone.
Verdict judge(const Store& store);

/// Another active master.
std::vector<Change> changes(const Store& before, const Store& now);

}  // namespace sfb::collectors
