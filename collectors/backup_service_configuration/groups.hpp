// Who may run the cmdlets: the server's AuthorizedUniversalGroups beside the groups that may ask
// here. Pure, thread-safe functions.
#pragma once

#include "agent/value/value.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sfb::collectors {

/// What the member says: names, distinguished names or SIDs, as the server spells them. A text is
/// parted at commas and semicolons, which no group's name may have. Absent: another kind of value.
std::optional<std::vector<std::string>> read_groups(const Graph& graph, const Value& value);

struct GroupsComparison {
  /// Absent: it cannot be told, because one side is a distinguished name, or a SID against a name.
  std::optional<bool> same;
  std::vector<std::string> only_server;
  std::vector<std::string> only_here;
};

/// Names are compared without case, with their domains where both have one, SIDs as texts.
/// RTCUniversalServerAdmins may always ask, so it makes no difference on either side.
GroupsComparison compare_groups(std::span<const std::string> server,
                                std::span<const std::string> here);

}  // namespace sfb::collectors
