// The cmdlet's signature and script.
#pragma once

#include "agent/binding/binding.hpp"

#include <string_view>

namespace sfb::collectors {

inline constexpr std::string_view kRelationshipCmdlet = "Get-CsPoolBackupRelationship";
/// Reads the replica on the server that is asked, instead of the Central Management store.
inline constexpr std::string_view kRelationshipLocalStore = "LocalStore";

/// Get-CsPoolBackupRelationship as Microsoft documents it.
const binding::Cmdlet& get_cs_pool_backup_relationship();

/// Its script (Collector::script).
std::string_view pool_backup_relationship_script();

}  // namespace sfb::collectors
