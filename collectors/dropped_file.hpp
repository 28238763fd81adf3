// Errors of answers that stand in dropped files. Pure.
#pragma once

#include "agent/base/error.hpp"

#include <string_view>

namespace sfb::collectors {

/// What a collector refused of the file at `path`: the message names the file, and the remedy is
/// one for who writes files, because those for a session do not fit. Of the file's content only
/// names of modules with their states stay as the peer's words; anything may have written it.
Error of_file(Error error, std::string_view path);

}  // namespace sfb::collectors
