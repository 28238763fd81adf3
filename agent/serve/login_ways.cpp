#include "agent/serve/login_ways.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <vector>

namespace sfb::serve {

std::string login_remedy(const LoginWays& ways) {
  std::vector<std::string_view> remedies;
  if (ways.password) {
    remedies.emplace_back(
        "load this page again and give the browser a user of this agent and the password");
  }
  if (ways.ticket) {
    remedies.emplace_back(
        "log on to the domain, let the browser send tickets to this agent's name (Negotiate), and "
        "load this page again");
  }
  if (ways.certificate) {
    remedies.emplace_back(
        "give the browser a client certificate that the agent's configuration names");
  }
  if (!remedies.empty()) {
    return fmt::format("{}", fmt::join(remedies, "; or "));
  }
  return ways.token ? "a browser sends no token: ask with the command Get-CsBackupServiceStatus or "
                      "with curl, or let the agent's operator set up a login for browsers "
                      "(`basic_auth_users` or `negotiate`)"
                    : "ask the agent's operator for a login";
}

}  // namespace sfb::serve
