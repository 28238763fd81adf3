// Why a document is refused. Private to the room.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb::clixml {

/// What to do about a document that cannot be read.
inline constexpr std::string_view kRemedy =
    "export again with Export-Clixml; if the file may have been half-written, write beside it and "
    "rename";

/// The same for one that is too large.
inline constexpr std::string_view kTooLarge = "export less, or raise limits.object";

// `peer` is what stands in the document; the first 1,000 bytes of it are kept.

/// clixml.bad_value.
std::unexpected<Error> bad_value(std::string_view message, std::string peer = {});

/// clixml.bad_reference: `tag` refers to nothing.
std::unexpected<Error> bad_reference(std::string_view tag, std::string peer);

/// clixml.repeated.
std::unexpected<Error> repeated(std::string_view what, std::string_view where,
                                std::string peer = {});

/// clixml.too_large, for what takes more than `limit` bytes of memory.
std::unexpected<Error> too_much_memory(std::size_t limit);

}  // namespace sfb::clixml
