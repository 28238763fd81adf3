// The cmdlet's signature.
#pragma once

#include "agent/binding/binding.hpp"

namespace sfb::collectors {

/// Get-CsBackupServiceStatus with Microsoft's type names and all common parameters of 5.1.
const binding::Cmdlet& get_cs_backup_service_status();

}  // namespace sfb::collectors
