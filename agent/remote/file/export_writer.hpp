// What a server answered, in the form of a dropped file: so it can be kept, and `parse_export`
// reads it back. Pure.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/time.hpp"
#include "agent/value/pipeline.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb::remote {

/// CLIXML with the wrapper around it. Objects stay what they are, the extras of a script among
/// them; a text that the server rendered is left out. Reason::parse, code `render.too_large`,
/// beyond `max_bytes`.
Result<std::string> write_export(const PipelineResult& result, const Fqdn& pool,
                                 WallTime exported_at, std::string_view collector,
                                 std::size_t max_bytes);

}  // namespace sfb::remote
