#include "collectors/dropped_file.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "collectors/cmdlet_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::collectors {

namespace {

constexpr std::size_t kMostQuoted = 200;

// `Name:[Export,Import]`, once or several times. A secret does not look like that.
bool is_modules(std::string_view text) {
  return text.size() <= kMostQuoted && text.contains(":[") && std::ranges::all_of(text, [](char c) {
           return is_letter_or_digit(c) || std::string_view("._-:[]{},; ").contains(c);
         });
}

std::string_view remedy_of(const Error& error) {
  if (error.code == kNotFound || error.code == "cmdlet.import_failed") {
    return "let the task run on a front end, or where the management tools are installed; "
           "Export-BackupStatus.ps1 imports the module itself";
  }
  if (error.code == kOtherNotFound) {
    return "the server's words name the command: look at the task's own script and profile, and at "
           "the modules that they import";
  }
  if (error.code == "cmdlet.second_hop") {
    return "let the task run as a group managed service account or with a stored password, for "
           "without one it reaches no other machine; and let its account be in "
           "RTCUniversalServerAdmins or an authorized universal group";
  }
  return "let Export-BackupStatus.ps1 write it, or give ConvertTo-Json or Export-Clixml a greater "
         "-Depth; `evaluate --as clixml POOL` shows its objects, and deploy/transport-file.md what "
         "a file may hold";
}

}  // namespace

Error of_file(Error error, std::string_view path) {
  error.message = fmt::format("{}: {}", path, error.message);
  const bool unreadable = error.reason == Reason::parse;
  if (unreadable && !is_modules(error.peer)) {
    error.peer.clear();
  }
  const bool of_session = error.code == kNotFound || error.code == kOtherNotFound ||
                          error.code == "cmdlet.import_failed" || error.code == "cmdlet.second_hop";
  if (unreadable || of_session) {
    error.remedy = remedy_of(error);
  }
  return error;
}

}  // namespace sfb::collectors
