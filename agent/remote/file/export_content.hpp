// The bytes of an export to PowerShell objects: encoding, CLIXML or JSON, streams. Private to the
// folder; pure.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"
#include "agent/remote/file/export_file.hpp"
#include "agent/value/pipeline.hpp"

#include <string_view>

namespace sfb::remote {

/// What the bytes hold, by streams, and in which format. A wrapper is still one object of the
/// output. Errors as parse_export.
Result<PipelineResult> read_content(std::string_view bytes, const Limits& limits,
                                    ExportFormat& format);

}  // namespace sfb::remote
