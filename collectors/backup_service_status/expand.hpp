// The modules of a status as objects of their own: what `(Get-CsBackupServiceStatus ...)
// .BackupModules` gives. Pure.
#pragma once

#include "agent/value/pipeline.hpp"

#include <vector>

namespace sfb::collectors {

/// The items of BackupModules of all output objects. What came as text is taken apart into an
/// object with Identity, ExportStatus and ImportStatus, which is added to the graph; what cannot be
/// read is replaced by the script's row, or stays as it is.
std::vector<Value> expand_modules(PipelineResult& result);

}  // namespace sfb::collectors
