// Endpoints of transport `ssh` that are right. What is wrong: tests/config/bad.
#include "config/loader.hpp"
#include "tests/unit/config/memory_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::config {
namespace {

const Capabilities kBuild{.transports = {"file", "ssh"}};
const std::string kServer =
    "endpoints:\n"
    "  denver:\n"
    "    transport: ssh\n"
    "    ssh:\n"
    "      host: DEN-FE-001.litwareinc.com\n"
    "      user: 'LITWAREINC\\svc-sfbmon'\n"
    "      identity_file: id_ed25519\n"
    "      known_hosts_file: known_hosts\n";
const std::string kProgram =
    "endpoints:\n"
    "  denver:\n"
    "    transport: ssh\n"
    "    program: [/usr/bin/pwsh, -s, -NoLogo, -NoProfile]\n";
const std::string kPools =
    "pools:\n"
    "  - {fqdn: a.x, endpoint: denver, paired_pool: b.x, site: ''}\n"
    "  - {fqdn: b.x, endpoint: denver, paired_pool: a.x, site: ''}\n";

std::string text_of(const std::vector<Problem>& problems) {
  std::string out;
  for (const Problem& problem : problems) {
    out += to_string(problem) + "\n";
  }
  return out;
}

class SshTest : public ::testing::Test {
 protected:
  // The settings, or the problems as a failure.
  Settings settings_of(const std::string& text) {
    files_["a.yml"] = text;
    auto loaded = load(std::vector<std::string>{"a.yml"}, kBuild, MemoryFiles(files_, mode_));
    if (!loaded) {
      ADD_FAILURE() << text_of(loaded.error());
      return {};
    }
    warnings_ = text_of(loaded->warnings);
    hash_ = loaded->hash;
    return std::move(loaded->settings);
  }

  Ssh ssh_of(const std::string& text) {
    const Settings settings = settings_of(text);
    return settings.endpoints.size() == 1 ? std::get<Ssh>(settings.endpoints[0].transport) : Ssh{};
  }

  std::map<std::string, std::string> files_ = {{"id_ed25519", "secret\nlines\n"},
                                               {"known_hosts", "# Denver\n\nden ssh-ed25519 AAAA"},
                                               {"/usr/bin/pwsh", ""}};
  unsigned mode_ = 0600;
  std::string warnings_;
  std::string hash_;
};

TEST_F(SshTest, FillsInTheDefaults) {
  Ssh expected;
  expected.folder = "/etc/sfb";
  expected.host = "den-fe-001.litwareinc.com";
  expected.user = "LITWAREINC\\svc-sfbmon";
  expected.identity_file = "/etc/sfb/id_ed25519";
  expected.known_hosts_file = "/etc/sfb/known_hosts";
  EXPECT_EQ(ssh_of(kServer + kPools), expected);
  EXPECT_EQ(warnings_, "");
  EXPECT_EQ(expected.port, 22);
  EXPECT_EQ(expected.subsystem, "powershell");

  Ssh program;
  program.folder = "/etc/sfb";
  program.program = {"/usr/bin/pwsh", "-s", "-NoLogo", "-NoProfile"};
  EXPECT_EQ(ssh_of(kProgram + kPools), program);
  EXPECT_EQ(warnings_, "");
}

const std::string kEveryKey = R"(endpoints:
  denver:
    transport: ssh
    ssh:
      host: 2001:DB8::1
      port: 65535
      user: svc@litwareinc.com
      identity_file: /run/secrets/a key
      known_hosts_file: "conf.d/it's #1"
      subsystem: power.shell_1-a
      options:
        serveraliveinterval: 5
        IPQoS: af21 cs1
        CIPHERS: +aes256-ctr
        AddressFamily: inet
        BindAddress: 192.0.2.1
        Compression: yes
        ConnectionAttempts: 2
        ConnectTimeout: 3
        HostKeyAlgorithms: ssh-ed25519
        HostKeyAlias: denver
        KexAlgorithms: curve25519-sha256
        MACs: hmac-sha2-256
        PubkeyAcceptedAlgorithms: ssh-ed25519
        RekeyLimit: 1G 1h
        ServerAliveCountMax: 4
        TCPKeepAlive: no
    language: constrained
    import_module: SkypeForBusiness
    session: {reuse: false, max_age: 90s, max_pipelines: 7}
    max_concurrent: 3
)";

TEST_F(SshTest, ReadsEveryKey) {
  files_["/run/secrets/a key"] = "x";
  files_["conf.d/it's #1"] = "fe ssh-ed25519 AAAA";
  const Settings settings = settings_of(kEveryKey + kPools);
  EXPECT_EQ(warnings_, "");
  ASSERT_EQ(settings.endpoints.size(), 1U);
  EXPECT_EQ(settings.endpoints[0].max_concurrent, 3U);
  const Ssh expected{
      .program = {},
      .folder = "/etc/sfb",
      .host = "2001:db8::1",
      .port = 65535,
      .user = "svc@litwareinc.com",
      .identity_file = "/run/secrets/a key",
      .known_hosts_file = "/etc/sfb/conf.d/it's #1",
      .subsystem = "power.shell_1-a",
      .options = {{"ServerAliveInterval", "5"},
                  {"IPQoS", "af21 cs1"},
                  {"Ciphers", "+aes256-ctr"},
                  {"AddressFamily", "inet"},
                  {"BindAddress", "192.0.2.1"},
                  {"Compression", "yes"},
                  {"ConnectionAttempts", "2"},
                  {"ConnectTimeout", "3"},
                  {"HostKeyAlgorithms", "ssh-ed25519"},
                  {"HostKeyAlias", "denver"},
                  {"KexAlgorithms", "curve25519-sha256"},
                  {"MACs", "hmac-sha2-256"},
                  {"PubkeyAcceptedAlgorithms", "ssh-ed25519"},
                  {"RekeyLimit", "1G 1h"},
                  {"ServerAliveCountMax", "4"},
                  {"TCPKeepAlive", "no"}},
      .language = Language::constrained,
      .import_module = "SkypeForBusiness",
      .session = {.reuse = false, .max_age = std::chrono::seconds(90), .max_pipelines = 7}};
  EXPECT_EQ(std::get<Ssh>(settings.endpoints[0].transport), expected);
}

// A child starts beside the file that names it, wherever the agent itself was started.
TEST(SshFolder, IsThatOfTheEndpointsFile) {
  const MemoryFiles files({{"conf.d/den.yml", kProgram + kPools}, {"/usr/bin/pwsh", ""}});
  const std::vector<std::string> patterns = {"conf.d/den.yml"};
  const auto loaded = load(patterns, {.transports = {"ssh"}}, files);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(std::get<Ssh>(loaded->settings.endpoints[0].transport).folder, "/etc/sfb/conf.d");
}

TEST_F(SshTest, LoadsBackFromItsOwnYaml) {
  files_["/run/secrets/a key"] = "x";
  files_["conf.d/it's #1"] = "fe ssh-ed25519 AAAA";
  const std::string strange =
      "endpoints:\n"
      "  denver:\n"
      "    transport: ssh\n"
      "    program: [/usr/bin/pwsh, '', ' ', '-', 'null', '~', '- a', 'a: b', '#c', '\"', '\\x', "
      "\"Z\\xFCrich\", \"\\x85\"]\n";
  for (const std::string& text : {kServer, kProgram, kEveryKey, strange}) {
    const Settings settings = settings_of(text + kPools);
    const std::string hash = hash_;
    EXPECT_EQ(settings_of(to_yaml(settings)), settings) << to_yaml(settings);
    EXPECT_EQ(hash_, hash);
  }
}

TEST_F(SshTest, TheYamlShowsEveryDefault) {
  const std::string server = to_yaml(settings_of(kServer + "      options: {MACs: a}\n" + kPools));
  const std::string session =
      "    language: auto\n"
      "    import_module: \"\"\n"
      "    session:\n"
      "      reuse: true\n"
      "      max_age: 1h\n"
      "      max_pipelines: 50\n"
      "    max_concurrent: 1\n";
  EXPECT_NE(server.find(R"(  denver:
    transport: ssh
    ssh:
      host: "den-fe-001.litwareinc.com"
      port: 22
      user: "LITWAREINC\\svc-sfbmon"
      identity_file: "/etc/sfb/id_ed25519"
      known_hosts_file: "/etc/sfb/known_hosts"
      subsystem: powershell
      options:
        MACs: "a"
)" + session),
            std::string::npos)
      << server;
  const std::string program = to_yaml(settings_of(kProgram + kPools));
  EXPECT_NE(program.find(R"(  denver:
    transport: ssh
    program:
      - "/usr/bin/pwsh"
      - "-s"
      - "-NoLogo"
      - "-NoProfile"
)" + session),
            std::string::npos)
      << program;
}

TEST_F(SshTest, TheHashFollowsEveryKeyAndNotTheKeyFile) {
  const std::string options = "      options: {MACs: a}\n";
  settings_of(kServer + options + kPools);
  const std::string before = hash_;
  files_["id_ed25519"] = "another";
  settings_of(kServer + "      port: 22\n" + options + kPools);
  EXPECT_EQ(hash_, before);
  for (const std::string change :
       {"      options: {MACs: b}\n", "      options: {Ciphers: a}\n", "      options: {}\n",
        "      options: {MACs: a}\n      port: 23\n",
        "      options: {MACs: a}\n      subsystem: x\n",
        "      options: {MACs: a}\n    language: "
        "none\n"}) {
    settings_of(kServer + change + kPools);
    EXPECT_NE(hash_, before) << change;
  }
}

TEST_F(SshTest, AKeyThatOthersReachIsAWarning) {
  const std::string where =
      "a.yml:7:22: endpoints.denver.ssh.identity_file: \"/etc/sfb/id_ed25519\" has mode ";
  const std::string rest =
      ": ssh refuses its user's own key when others may reach it, chmod 600, and let it belong to "
      "the agent's account\n";
  for (const auto& [mode, text] : {std::pair{0644U, "0644"}, {0640U, "0640"}, {0601U, "0601"}}) {
    mode_ = mode;
    settings_of(kServer + kPools);
    EXPECT_EQ(warnings_, where + text + rest);
  }
  mode_ = 0400;
  settings_of(kServer + kPools);
  EXPECT_EQ(warnings_, "");
}

TEST_F(SshTest, AModuleWithoutScriptsIsAWarning) {
  settings_of(kProgram + "    language: none\n    import_module: SkypeForBusiness\n" + kPools);
  EXPECT_EQ(warnings_,
            "a.yml:6:20: endpoints.denver.import_module: has no effect: with language none no "
            "script runs that could import it, let the session configuration import the module, "
            "and remove it here\n");
}

// The lines of the example from `first` to the next empty one, without comment signs.
std::string uncommented(std::string_view example, std::string_view first) {
  std::string out;
  std::size_t line = example.find(first);
  while (line < example.size() && example[line] != '\n') {
    const std::size_t end = std::min(example.find('\n', line), example.size());
    std::string text(example.substr(line, end - line));
    out += text.erase(text.find("# "), 2) + "\n";
    line = end + 1;
  }
  return out;
}

TEST_F(SshTest, TheExampleShowsTheDefaults) {
  const auto example = SystemFiles().read(
      std::string(SFB_SOURCE_DIR) + "/config/sfb_backup_exporter.yml", 1UL << 20U);
  ASSERT_TRUE(example.has_value());
  const std::string text = uncommented(*example, "  # denver:");
  const Ssh server = ssh_of("endpoints:\n" + text + kPools);
  EXPECT_EQ(server, ssh_of(kServer + kPools));
  EXPECT_EQ(warnings_, "");
  EXPECT_NE(text.find("# program: [/usr/bin/pwsh, -s, -NoLogo, -NoProfile]"), std::string::npos);
}

TEST_F(SshTest, ARefusedNameOfCredentialsMakesThemNotUnused) {
  files_["password"] = "x";
  files_["a.yml"] = "credentials: {m: {method: basic, username: u, password_file: password}}\n" +
                    kProgram + "    credentials: m\n" + kPools;
  const auto loaded = load(std::vector<std::string>{"a.yml"}, kBuild, MemoryFiles(files_, mode_));
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(text_of(loaded.error()),
            "a.yml:6:5: endpoints.denver.credentials: belongs to transport winrm, remove it: an "
            "ssh endpoint has its key in ssh.identity_file\n");
}

}  // namespace
}  // namespace sfb::config
