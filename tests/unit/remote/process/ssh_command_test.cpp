#include "agent/remote/process/ssh_command.hpp"

#include "agent/base/text.hpp"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::remote {
namespace {

const SshTarget kDenver{.host = "den-fe-001.litwareinc.com",
                        .port = 2222,
                        .user = "LITWAREINC\\svc@sfb",
                        .identity_file = "/etc/sfb exporter/it's #1",
                        .known_hosts_file = "/etc/sfb exporter/known hosts",
                        .subsystem = "powershell",
                        .options = {}};

bool has(const std::vector<std::string>& command, std::string_view word) {
  return std::ranges::find(command, word) != command.end();
}

TEST(SshCommand, IsOneProgramWithoutAShell) {
  const std::vector<std::string> command = ssh_command(kDenver);
  const std::vector<std::string> begin = {
      "/usr/bin/ssh", "-F", "none", "-T", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"};
  const std::vector<std::string> end = {
      "-l", "LITWAREINC\\svc@sfb",       "-p",        "2222", "-s",
      "--", "den-fe-001.litwareinc.com", "powershell"};
  ASSERT_GT(command.size(), begin.size() + end.size());
  EXPECT_TRUE(std::ranges::equal(begin, std::vector(command.begin(), command.begin() + 8)));
  EXPECT_TRUE(std::ranges::equal(end, std::vector(command.end() - 8, command.end())));
  EXPECT_TRUE(has(command, "IdentityFile=\"/etc/sfb exporter/it's #1\""));
  EXPECT_TRUE(has(command, "UserKnownHostsFile=\"/etc/sfb exporter/known hosts\""));
}

TEST(SshCommand, TimeOutsOfTheTargetTakeThePlaceOfOurs) {
  EXPECT_TRUE(has(ssh_command(kDenver), "ConnectTimeout=15"));
  EXPECT_TRUE(has(ssh_command(kDenver), "ServerAliveInterval=15"));
  SshTarget target = kDenver;
  target.options = {{"ServerAliveInterval", "5"}, {"Compression", "yes"}, {"ConnectTimeout", "3"}};
  const std::vector<std::string> command = ssh_command(target);
  EXPECT_FALSE(has(command, "ConnectTimeout=15"));
  EXPECT_FALSE(has(command, "ServerAliveInterval=15"));
  for (const char* option : {"ServerAliveInterval=5", "Compression=yes", "ConnectTimeout=3"}) {
    EXPECT_TRUE(has(command, option)) << option;
  }
}

// What a program prints on stdout and stderr, and its exit status.
std::pair<std::string, int> output_of(std::vector<std::string> command) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    return {"no pipe", -1};
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  ::posix_spawn_file_actions_addclose(&actions, ends[0]);
  ::posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::vector<char*> argv;
  for (std::string& word : command) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output;
  std::array<char, 4096> block{};
  for (ssize_t got = 0; (got = ::read(ends[0], block.data(), block.size())) > 0;) {
    output.append(block.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = -1;
  if (error != 0 || ::waitpid(child, &status, 0) != child) {
    return {"cannot be started", -1};
  }
  return {output, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

// The settings that ssh makes of a command, without connecting (ssh -G): names in lower case.
std::optional<std::multimap<std::string, std::string>> settings_of(
    std::vector<std::string> command) {
  command.insert(command.begin() + 1, "-G");
  const auto [output, status] = output_of(command);
  if (status != 0) {
    ADD_FAILURE() << output;
    return std::nullopt;
  }
  std::multimap<std::string, std::string> settings;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    settings.emplace(to_lower(line.substr(0, blank)),
                     blank == line.size() ? "" : line.substr(blank + 1));
  }
  return settings;
}

using Expected = std::vector<std::pair<std::string, std::string>>;

void expect_settings(const SshTarget& target, const Expected& expected) {
  if (::access("/usr/bin/ssh", X_OK) != 0) {
    GTEST_SKIP() << "there is no /usr/bin/ssh";
  }
  const auto settings = settings_of(ssh_command(target));
  ASSERT_TRUE(settings.has_value());
  for (const auto& [name, value] : expected) {
    // Some versions of ssh write true for yes and false for no.
    const std::string other = value == "yes" ? "true" : value == "no" ? "false" : value;
    const auto [begin, end] = settings->equal_range(name);
    ASSERT_NE(begin, end) << "ssh does not show " << name;
    ASSERT_EQ(std::distance(begin, end), 1) << name;
    EXPECT_TRUE(begin->second == value || begin->second == other)
        << name << " is " << begin->second << " and not " << value;
  }
}

TEST(SshCommand, TheInstalledSshTakesEveryOption) {
  expect_settings(kDenver, {{"hostname", "den-fe-001.litwareinc.com"},
                            {"user", "LITWAREINC\\svc@sfb"},
                            {"port", "2222"},
                            {"identityfile", "/etc/sfb exporter/it's #1"},
                            {"userknownhostsfile", "/etc/sfb exporter/known hosts"},
                            {"batchmode", "yes"},
                            {"stricthostkeychecking", "yes"},
                            {"globalknownhostsfile", "none"},
                            {"updatehostkeys", "no"},
                            {"identitiesonly", "yes"},
                            {"identityagent", "none"},
                            {"passwordauthentication", "no"},
                            {"kbdinteractiveauthentication", "no"},
                            {"forwardagent", "no"},
                            {"forwardx11", "no"},
                            {"clearallforwardings", "yes"},
                            {"permitlocalcommand", "no"},
                            {"controlmaster", "no"},
                            {"requesttty", "no"},
                            {"sessiontype", "subsystem"},
                            {"escapechar", "none"},
                            {"connecttimeout", "15"},
                            {"serveraliveinterval", "15"}});
}

// One of each name that the configuration allows, also with a blank in it.
TEST(SshCommand, TheInstalledSshTakesTheFurtherOptions) {
  SshTarget target = kDenver;
  target.host = "2001:db8::1";
  target.options = {{"AddressFamily", "inet6"},
                    {"BindAddress", "2001:db8::2"},
                    {"Ciphers", "aes256-ctr"},
                    {"Compression", "yes"},
                    {"ConnectionAttempts", "2"},
                    {"ConnectTimeout", "3"},
                    {"HostKeyAlgorithms", "ssh-ed25519"},
                    {"HostKeyAlias", "denver"},
                    {"IPQoS", "af21 cs1"},
                    {"KexAlgorithms", "curve25519-sha256"},
                    {"MACs", "hmac-sha2-256"},
                    {"PubkeyAcceptedAlgorithms", "ssh-ed25519"},
                    {"RekeyLimit", "1G 1h"},
                    {"ServerAliveCountMax", "4"},
                    {"ServerAliveInterval", "5"},
                    {"TCPKeepAlive", "no"}};
  Expected expected = {{"hostname", "2001:db8::1"}};
  for (const auto& [name, value] : target.options) {
    expected.emplace_back(to_lower(name), name == "RekeyLimit" ? "1073741824 3600" : value);
  }
  expect_settings(target, expected);
}

// The first value counts, so nothing of the target can undo what the agent sets.
TEST(SshCommand, FurtherOptionsUndoNothing) {
  SshTarget target = kDenver;
  target.options = {{"StrictHostKeyChecking", "no"},
                    {"UserKnownHostsFile", "/dev/null"},
                    {"BatchMode", "no"},
                    {"PermitLocalCommand", "yes"},
                    {"ForwardAgent", "yes"}};
  expect_settings(target, {{"stricthostkeychecking", "yes"},
                           {"userknownhostsfile", "/etc/sfb exporter/known hosts"},
                           {"batchmode", "yes"},
                           {"permitlocalcommand", "no"},
                           {"forwardagent", "no"}});
}

}  // namespace
}  // namespace sfb::remote
