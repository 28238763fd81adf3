// An error in the views that $ErrorView names.
#pragma once

#include "agent/format/context.hpp"
#include "agent/format/words.hpp"
#include "agent/value/pipeline.hpp"

namespace sfb::format {

/// Emits the lines of one record. Only Windows PowerShell wraps them at words.
void emit_error(const ErrorRecord& record, const Context& context, const EmitLine& emit);

}  // namespace sfb::format
