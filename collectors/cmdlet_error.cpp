#include "collectors/cmdlet_error.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sfb::collectors {

namespace {

// Words of failures that credentials stopping at the first machine cause: WCF, SQL and AD say it
// each in its own way. Loose on purpose: this only chooses a hint.
constexpr std::array<std::string_view, 14> kSecondHopWords = {"access is denied",
                                                              "access denied",
                                                              "0x80070005",
                                                              "e_accessdenied",
                                                              "unauthorizedaccess",
                                                              "anonymous logon",
                                                              "login failed for user",
                                                              "sspi",
                                                              "cannot be authenticated",
                                                              "not authenticated",
                                                              "authentication failed",
                                                              "an operations error occurred",
                                                              "0x8009030e",
                                                              "logon failure"};

// Whether the command that a CommandNotFoundException misses is the cmdlet: a start-up script, a
// profile or the cmdlet itself may call others. The target is its name in every language.
bool misses(const ErrorRecord& record, std::string_view cmdlet) {
  if (!record.category_target_name.empty()) {
    return iequals(record.category_target_name, cmdlet);
  }
  return to_lower(record.message + '\n' + record.category_message).contains(to_lower(cmdlet));
}

}  // namespace

Error cmdlet_error(const PipelineResult& result, std::string_view cmdlet, std::string code,
                   std::string message) {
  Error error{Reason::cmdlet, std::move(code), std::move(message), "", "", Stage::query};
  bool second_hop = false;
  bool not_found = false;
  bool other_missing = false;
  bool import_failed = false;
  for (const Value& value : result.errors) {
    const ErrorRecord record = ErrorRecord::from(result.graph, value);
    if (record.error_id.starts_with("CommandNotFoundException")) {
      (misses(record, cmdlet) ? not_found : other_missing) = true;
      import_failed = import_failed || record.message.contains("Import-Module");
    }
    import_failed = import_failed || record.error_id.contains("ImportModuleCommand");
    if (error.peer.empty()) {
      error.peer = record.message;
    }
    const std::string text = to_lower(record.message + '\n' + record.error_id + '\n' +
                                      record.category_message + '\n' + record.exception_type);
    second_hop = second_hop || std::ranges::any_of(kSecondHopWords, [&](std::string_view word) {
                   return text.contains(word);
                 });
  }
  if (import_failed) {
    error.code = "cmdlet.import_failed";
    error.remedy =
        "the module with the cmdlet is named SkypeForBusiness, on Lync Server 2013 Lync: check "
        "import_module, that the management tools are installed on the server that is asked, and "
        "that the session configuration shows Import-Module";
  } else if (not_found) {
    error.code = kNotFound;
    error.remedy = fmt::format(
        "set import_module (SkypeForBusiness; Lync on Lync Server 2013) or configuration_name, or "
        "let the session configuration or the role of the account show {}",
        cmdlet);
  } else if (other_missing) {
    error.code = kOtherNotFound;
    error.remedy = fmt::format(
        "{} was found, but another command was not, which the server's words name: let the session "
        "configuration show it, or look at its start-up script and at profiles",
        cmdlet);
  } else if (second_hop) {
    error.code = "cmdlet.second_hop";
    error.remedy =
        "perhaps the credentials end at the front end while the cmdlet must reach SQL, Active "
        "Directory and the service on another machine: let a scheduled task export for transport "
        "file, use a session configuration with RunAs, or constrained delegation; or the "
        "account is not in RTCUniversalServerAdmins or an authorized universal group";
  } else {
    error.remedy = fmt::format("run {} in the management shell of a front end", cmdlet);
  }
  return error;
}

}  // namespace sfb::collectors
