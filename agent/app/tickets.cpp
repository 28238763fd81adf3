#include "agent/app/tickets.hpp"

#include "agent/gss/keytab.hpp"

#include <cstdlib>

namespace sfb::app {

Result<std::vector<std::string>> keytab_doubts(const std::string& path) {
  const auto keys = gss::read_service_keys(path);
  if (!keys) {
    return std::unexpected(keys.error());
  }
  std::vector<std::string> doubts;
  if (keys->weak) {
    doubts.emplace_back("has a key of RC4 or DES, which nobody needs beside AES");
  }
  if (keys->hosts.empty()) {
    doubts.emplace_back("has no key of a name HTTP/HOST, so callers cannot be told what to ask");
  }
  return doubts;
}

void remember_tickets_in(const std::string& folder) {
  if (!folder.empty() && std::getenv("KRB5RCACHENAME") == nullptr) {
    ::setenv("KRB5RCACHEDIR", folder.c_str(), 0);
  }
}

}  // namespace sfb::app
