// Asks global catalogs for groups, as the agent does: lab_groups USER@REALM PASSWORD
// HOST:PORT[,...] NAME... Prints a line for each name: it, and its SID with scope and domain, or
// the code of what is wrong. A failure of all servers is one line with its code, exit status 1.
#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"
#include "agent/directory/directory.hpp"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  using namespace sfb;
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 4) {
    fmt::print(stderr, "usage: lab_groups USER@REALM PASSWORD HOST:PORT[,HOST:PORT] NAME...\n");
    return 2;
  }
  directory::Options options;
  options.account.method = gss::Method::kerberos;
  options.account.username = words[0];
  std::string_view servers = words[2];
  while (!servers.empty()) {
    const auto end = std::min(servers.find(','), servers.size());
    const HostPort one = split_host_port(servers.substr(0, end));
    options.servers.push_back({std::string(one.host), parse_port(one.port.value_or("")).value()});
    servers.remove_prefix(std::min(end + 1, servers.size()));
  }
  std::string password = words[1];
  directory::Directory catalog(std::move(options));
  const auto now = std::chrono::floor<Micros>(std::chrono::system_clock::now());
  const auto answers = catalog.look_up(std::make_shared<const Secret>(std::move(password)),
                                       {words.begin() + 3, words.end()}, now);
  if (!answers) {
    fmt::print("failed\t{}\t{}\n", answers.error().code, describe(answers.error()));
    return 1;
  }
  fmt::print("server\t{}\n", answers->server);
  for (const Error& error : answers->passed_over) {
    fmt::print("passed over\t{}\n", error.code);
  }
  for (const auto& [name, match] : answers->names) {
    fmt::print(
        "{}\t{}\n", name,
        match ? fmt::format("{} {} {}", match->sid.str(), to_string(match->scope), match->domain)
              : match.error().code);
  }
  return 0;
}
