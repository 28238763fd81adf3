// A conversation between Microsoft's client and Microsoft's server, as `sfb_lab client --log` keeps
// it.
#pragma once

#include <filesystem>

namespace sfb::lab {

/// Every message of both directions must come whole out of its fragments, decode, and have a body
/// that is written as it was read. For each pipeline a line `run STATE OUTPUT ERRORS WARNINGS`
/// tells what our client's state machine makes of the server's bytes. The exit status of the
/// program.
int conversation(const std::filesystem::path& file);

}  // namespace sfb::lab
