#include "config/doubts.hpp"

#include "config/loader.hpp"
#include "tests/unit/config/memory_files.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sfb::config {
namespace {

// The warnings of a configuration that loads, a line each.
std::string warnings_of(const std::string& text) {
  const std::vector<std::string> patterns = {"a.yml"};
  const auto loaded =
      load(patterns, {.transports = {"file", "winrm", "ssh", "push"}},
           MemoryFiles({{"a.yml", text}, {"p", "hunter2\n"}, {"sh", "#!"}, {"k", "x"}}));
  std::string lines;
  for (const Problem& problem : loaded ? loaded->warnings : loaded.error()) {
    lines += (loaded ? "" : "refused: ") + to_string(problem) + "\n";
  }
  return lines;
}

std::string with_pool(std::string_view fqdn, std::string_view partner, std::string_view site) {
  return "endpoints: {drop: {transport: file, path: '/srv/{pool}.clixml'}}\n"
         "pools:\n"
         "- {fqdn: " +
         std::string(fqdn) + ", endpoint: drop, paired_pool: " + std::string(partner) +
         ", site: " + std::string(site) +
         "}\n"
         "- {fqdn: b.example.com, endpoint: drop, paired_pool: a.example.com, site: ''}\n";
}

TEST(Doubts, VariablesOfOtherPrograms) {
  const auto of_site = [](std::string_view site) {
    return warnings_of(with_pool("a.example.com", "b.example.com", site));
  };
  const auto told = [](std::string_view variable) {
    return "a.yml:3:75: pools[0].site: holds " + std::string(variable) +
           ", which nothing replaces in this file, write the value itself\n";
  };
  for (const char* site : {"'${SITE}'", "'in ${SITE_2:-x} now'", "'$${_a}'"}) {
    EXPECT_EQ(of_site(site), told("${...}")) << site;
  }
  for (const char* site : {"'%SITE%'", "'100%A_1%'", "'%A% %B%'"}) {
    EXPECT_EQ(of_site(site), told("%...%")) << site;
  }
  for (const char* site : {"'{{ site }}'", "'a {{site}} b'", "'{{ ${SITE'"}) {
    EXPECT_EQ(of_site(site), std::string_view(site).contains("}}") ? told("{{...}}") : "") << site;
  }
  for (const char* site : {"'$SITE'", "'${}'", "'${1}'", "'${SITE'", "'100 %'", "'50% or 60%'",
                           "'%%'", "'%1%'", "'{SITE}'", "'{{'", "'}} {{'", "''"}) {
    EXPECT_EQ(of_site(site), "") << site;
  }
}

TEST(Doubts, VariablesInLists) {
  const std::string pools =
      "pools:\n"
      "- {fqdn: a.example.com, endpoint: e, paired_pool: b.example.com, site: ''}\n"
      "- {fqdn: b.example.com, endpoint: e, paired_pool: a.example.com, site: ''}\n";
  EXPECT_EQ(
      warnings_of("endpoints:\n  e: {transport: ssh, program: [/etc/sfb/sh, '${HOST}']}\n" + pools),
      "a.yml:2:46: endpoints.e.program[1]: holds ${...}, which nothing replaces in this file, "
      "write the value itself\n");
  // Behind these it is a shell that replaces them.
  for (const char* option : {"-c", "-Command", "-command"}) {
    EXPECT_EQ(warnings_of("endpoints:\n  e: {transport: ssh, program: [/etc/sfb/sh, " +
                          std::string(option) + ", 'pwsh ${HOST} %A%']}\n" + pools),
              "");
  }
}

// Keys of accounts may be the rest of a password, values of a password are never repeated.
TEST(Doubts, NothingOfAnAccountIsRepeated) {
  const std::string text =
      "credentials:\n"
      "  monitoring: {method: basic, username: '%hunter2%', password_file: p}\n"
      "endpoints:\n"
      "  e: {transport: winrm, url: 'https://fe.example.com', credentials: monitoring}\n"
      "pools:\n"
      "- {fqdn: a.example.com, endpoint: e, paired_pool: b.example.com, site: ''}\n"
      "- {fqdn: b.example.com, endpoint: e, paired_pool: a.example.com, site: ''}\n";
  EXPECT_EQ(warnings_of(text),
            "a.yml:2:41: credentials.monitoring: holds %...%, which nothing replaces in this file, "
            "write the value itself\n");
}

TEST(Doubts, BytesOfAUrlAreNoVariables) {
  const auto of_path = [](const std::string& path) {
    return warnings_of(
        "credentials: {m: {method: basic, username: u, password_file: p}}\n"
        "endpoints: {e: {transport: winrm, url: 'https://fe.example.com/" +
        path +
        "', credentials: m}}\n"
        "pools:\n"
        "- {fqdn: a.example.com, endpoint: e, paired_pool: b.example.com, site: ''}\n"
        "- {fqdn: b.example.com, endpoint: e, paired_pool: a.example.com, site: ''}\n");
  };
  EXPECT_EQ(of_path("%ABc%20"), "");
  EXPECT_NE(of_path("${X}"), "");
}

TEST(Doubts, AVariableInAPathIsNamedAsSuch) {
  for (const std::string name : {"${NAME}", "{{ name }}", "{{name}}"}) {
    EXPECT_NE(warnings_of("endpoints: {drop: {transport: file, path: '/srv/" + name +
                          "/{pool}.clixml'}}\n"
                          "pools: []\n")
                  .find("is no placeholder, and nothing replaces variables in this file, write the "
                        "value itself"),
              std::string::npos)
        << name;
  }
}

TEST(Doubts, PoolsWithoutADomain) {
  EXPECT_EQ(warnings_of(with_pool("a.example.com", "b.example.com", "''")), "");
  EXPECT_EQ(warnings_of("endpoints: {drop: {transport: file, path: '/srv/{pool}.clixml'}}\n"
                        "pools:\n"
                        "- {fqdn: 10.0.0.1, endpoint: drop, paired_pool: pool02, site: ''}\n"
                        "- {fqdn: pool02, endpoint: drop, paired_pool: 10.0.0.1, site: ''}\n"),
            "a.yml:3:10: pools[0].fqdn: 10.0.0.1 is an IP address, write the pool's FQDN as "
            "Get-CsPool shows it\n"
            "a.yml:4:10: pools[1].fqdn: pool02 is a name without domain, write the pool's FQDN as "
            "Get-CsPool shows it\n");
  const auto of_address = [](const std::string& address) {
    return warnings_of(
        "endpoints: {drop: {transport: file, path: '/srv/{pool}.clixml'}}\n"
        "pools: [{fqdn: " +
        address + ", endpoint: drop, paired_pool: b.example.com, site: ''}]\n");
  };
  for (const char* address : {"010.1.2.3", "1.2.3", "300.1.2.3"}) {
    EXPECT_NE(of_address(address).find("is an IP address"), std::string::npos) << address;
  }
  EXPECT_EQ(of_address("1.2.3.example").find("is an IP address"), std::string::npos);
  // A partner that is configured is told of once; one that is not has no other place.
  EXPECT_EQ(warnings_of("endpoints: {drop: {transport: file, path: '/srv/{pool}.clixml'}}\n"
                        "pools: [{fqdn: a.b, endpoint: drop, paired_pool: pool02, site: ''}]\n"),
            "a.yml:2:50: pools[0].paired_pool: pool pool02 is not configured, add it to see both "
            "directions of the backup\n"
            "a.yml:2:50: pools[0].paired_pool: pool02 is a name without domain, write the pool's "
            "FQDN as Get-CsPool shows it\n");
}

}  // namespace
}  // namespace sfb::config
