// One shot of ISA-L's igzip, in whatever form the stream is set to.
#pragma once

#include "agent/base/error.hpp"

#include <isa-l/igzip_lib.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::exposition {

/// igzip and its CRCs read through pointers that they declare writable or unsigned.
std::uint8_t* bytes_of(std::string_view text);

/// Compresses `text` into `out`, which it replaces; `room` is what that takes at worst. The caller
/// has set the stream's form, its end and its flush. `level_buffer`: ISAL_DEF_LVL1_DEFAULT bytes
/// for level 1, which makes codes for this text; null for level 0, which takes the stream's.
/// `what`: the subject of messages. Reason::internal, code `gzip.failed`: a bug. Thread rule: pure.
Status deflate_into(std::string& out, isal_zstream& stream, std::uint8_t* level_buffer,
                    std::string_view text, std::size_t room, std::string_view what);

}  // namespace sfb::exposition
