// Endpoints of transport `winrm` and credentials that are right. What is wrong: tests/config/bad.
#include "config/loader.hpp"
#include "tests/unit/config/memory_files.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sfb::config {
namespace {

const Capabilities kBuild{.transports = {"file", "winrm"}};
const std::string kCredentials =
    "credentials:\n"
    "  monitoring: {method: basic, username: svc-sfbmon, password_file: monitoring.password}\n";
const std::string kEndpoint =
    "endpoints:\n"
    "  atlanta:\n"
    "    transport: winrm\n"
    "    url: https://atl-fe-001.litwareinc.com\n"
    "    credentials: monitoring\n";
const std::string kPools =
    "pools:\n"
    "  - {fqdn: a.x, endpoint: atlanta, paired_pool: b.x, site: ''}\n"
    "  - {fqdn: b.x, endpoint: atlanta, paired_pool: a.x, site: ''}\n";
const std::string kPassword = "correct horse battery staple";

std::string text_of(const std::vector<Problem>& problems) {
  std::string out;
  for (const Problem& problem : problems) {
    out += to_string(problem) + "\n";
  }
  return out;
}

class WinrmTest : public ::testing::Test {
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

  std::string problems_of(const std::vector<std::string>& names) {
    const auto loaded = load(names, kBuild, MemoryFiles(files_, mode_));
    return loaded ? "loads" : text_of(loaded.error());
  }

  std::map<std::string, std::string> files_ = {
      {"monitoring.password", kPassword},
      {"ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}};
  unsigned mode_ = 0600;
  std::string warnings_;
  std::string hash_;
};

TEST_F(WinrmTest, FillsInTheDefaults) {
  const Settings settings = settings_of(kCredentials + kEndpoint + kPools);
  EXPECT_EQ(warnings_, "");
  EXPECT_EQ(settings.credentials, (std::vector<Credentials>{{"monitoring", "basic", "svc-sfbmon",
                                                             "/etc/sfb/monitoring.password"}}));
  ASSERT_EQ(settings.endpoints.size(), 1U);
  Winrm expected;
  expected.urls = {parse_url("https://atl-fe-001.litwareinc.com:5986/wsman").value()};
  expected.credentials = "monitoring";
  EXPECT_EQ(std::get<Winrm>(settings.endpoints[0].transport), expected);
  EXPECT_EQ(expected.configuration_name, "Microsoft.PowerShell");
  EXPECT_EQ(expected.tls.min_version, "1.2");
  EXPECT_EQ(settings.endpoints[0].max_concurrent, 1U);
  EXPECT_EQ(settings.limits.envelope, 2UL << 20U);
}

const std::string kEveryKey = R"(limits: {envelope: 64KiB}
credentials:
  monitoring: {method: basic, username: 'LITWAREINC\svc', password_file: /run/secrets/sfb}
endpoints:
  atlanta:
    transport: winrm
    url: HTTPS://ATL-FE-001/OcsPowershell
    configuration_name: Sfb.Monitor_1-a
    language: constrained
    import_module: SkypeForBusiness
    credentials: monitoring
    allow_unencrypted: false
    tls: {ca_file: ca.pem, server_name: Pool.Litwareinc.com, min_version: 1.3}
    session: {reuse: false, max_age: 90s, max_pipelines: 7}
    max_concurrent: 3
)";

TEST_F(WinrmTest, ReadsEveryKey) {
  files_["/run/secrets/sfb"] = "x";
  const Settings settings = settings_of(kEveryKey + kPools);
  EXPECT_EQ(warnings_, "");
  EXPECT_EQ(settings.limits.envelope, 64UL << 10U);
  ASSERT_EQ(settings.credentials.size(), 1U);
  EXPECT_EQ(settings.credentials[0].username, "LITWAREINC\\svc");
  EXPECT_EQ(settings.credentials[0].password_file, "/run/secrets/sfb");
  ASSERT_EQ(settings.endpoints.size(), 1U);
  EXPECT_EQ(settings.endpoints[0].max_concurrent, 3U);
  const Winrm expected{
      .urls = {parse_url("https://atl-fe-001:443/OcsPowershell").value()},
      .configuration_name = "Sfb.Monitor_1-a",
      .language = Language::constrained,
      .import_module = "SkypeForBusiness",
      .credentials = "monitoring",
      .allow_unencrypted = false,
      .tls = {.ca_file = "/etc/sfb/ca.pem",
              .server_name = "pool.litwareinc.com",
              .min_version = "1.3"},
      .session = {.reuse = false, .max_age = std::chrono::seconds(90), .max_pipelines = 7}};
  EXPECT_EQ(std::get<Winrm>(settings.endpoints[0].transport), expected);
}

const std::string kTwo =
    "endpoints:\n"
    "  atlanta: {transport: winrm, credentials: monitoring,\n"
    "    url: [https://atl-fe-002.litwareinc.com, 'https://atl-fe-001.litwareinc.com:5990']}\n";

TEST_F(WinrmTest, ReadsAListOfFrontEndsInItsOrder) {
  const Settings settings = settings_of(kCredentials + kTwo + kPools);
  EXPECT_EQ(warnings_, "");
  Winrm expected;
  expected.urls = {parse_url("https://atl-fe-002.litwareinc.com:5986/wsman").value(),
                   parse_url("https://atl-fe-001.litwareinc.com:5990/wsman").value()};
  expected.credentials = "monitoring";
  ASSERT_EQ(settings.endpoints.size(), 1U);
  EXPECT_EQ(std::get<Winrm>(settings.endpoints[0].transport), expected);
}

TEST_F(WinrmTest, WarnsOfOneNameForSeveralFrontEnds) {
  const std::string kerberos =
      "credentials: {monitoring: {method: kerberos, username: svc@X.EXAMPLE, password_file: "
      "monitoring.password}}\n";
  const Capabilities build{.transports = {"winrm"}, .methods = {"kerberos"}};
  const auto warned = [&](const std::string& url) {
    files_["a.yml"] = kerberos +
                      "endpoints: {atlanta: {transport: winrm, credentials: monitoring, " +
                      "spn: {host: pool.x.example}, url: " + url + "}}\n" + kPools;
    const auto loaded = load(std::vector<std::string>{"a.yml"}, build, MemoryFiles(files_, mode_));
    return loaded ? text_of(loaded->warnings) : text_of(loaded.error());
  };
  EXPECT_EQ(warned("http://fe-1.x.example"), "");
  EXPECT_EQ(warned("[http://fe-1.x.example, 'http://fe-1.x.example:5990']"), "");
  EXPECT_NE(warned("[http://fe-1.x.example, http://fe-2.x.example]")
                .find("spn.host: all front "
                      "ends of url are asked"),
            std::string::npos)
      << warned("[http://fe-1.x.example, http://fe-2.x.example]");
}

TEST_F(WinrmTest, LoadsBackFromItsOwnYaml) {
  files_["/run/secrets/sfb"] = "x";
  const std::string plain =
      kCredentials +
      "endpoints: {atlanta: {transport: winrm, url: http://a, allow_unencrypted: true, "
      "credentials: monitoring}}\n" +
      kPools;
  for (const std::string& text : {kCredentials + kEndpoint + kPools, kEveryKey + kPools, plain,
                                  kCredentials + kTwo + kPools}) {
    const Settings settings = settings_of(text);
    const std::string hash = hash_;
    EXPECT_EQ(settings_of(to_yaml(settings)), settings) << to_yaml(settings);
    EXPECT_EQ(hash_, hash);
  }
}

TEST_F(WinrmTest, TheYamlShowsEveryDefaultAndNoPassword) {
  const std::string yaml = to_yaml(settings_of(kCredentials + kEndpoint + kPools));
  EXPECT_NE(yaml.find(R"(credentials:
  monitoring:
    method: basic
    username: "svc-sfbmon"
    password_file: "/etc/sfb/monitoring.password"
endpoints:
  atlanta:
    transport: winrm
    url: "https://atl-fe-001.litwareinc.com:5986/wsman"
    configuration_name: Microsoft.PowerShell
    language: auto
    import_module: ""
    credentials: monitoring
    allow_unencrypted: false
    encryption: auto
    channel_binding: on
    spn:
      service: HTTP
      host: ""
    tls:
      ca_file: ""
      server_name: ""
      min_version: "1.2"
    session:
      reuse: true
      max_age: 1h
      max_pipelines: 50
    max_concurrent: 1
)"),
            std::string::npos)
      << yaml;
  EXPECT_EQ(yaml.find(kPassword), std::string::npos);
}

TEST_F(WinrmTest, TheHashFollowsTheKeysAndNotThePassword) {
  settings_of(kCredentials + kEndpoint + kPools);
  const std::string before = hash_;
  files_["monitoring.password"] = "another";
  settings_of(kCredentials + kEndpoint + kPools);
  EXPECT_EQ(hash_, before);
  settings_of(kCredentials + kEndpoint + "    language: none\n" + kPools);
  EXPECT_NE(hash_, before);
}

TEST_F(WinrmTest, TheVersionOfTlsMayBeANumberOrAText) {
  for (const char* version : {"1.3", "'1.3'", "\"1.3\""}) {
    const Settings settings = settings_of(kCredentials + kEndpoint +
                                          "    tls: {min_version: " + version + "}\n" + kPools);
    ASSERT_EQ(settings.endpoints.size(), 1U);
    EXPECT_EQ(std::get<Winrm>(settings.endpoints[0].transport).tls.min_version, "1.3");
  }
}

TEST_F(WinrmTest, ReadableOverTheNetworkIsAWarningOnWrittenWord) {
  settings_of(kCredentials +
              "endpoints:\n"
              "  atlanta:\n"
              "    transport: winrm\n"
              "    url: http://a\n"
              "    credentials: monitoring\n"
              "    allow_unencrypted: true\n" +
              kPools);
  EXPECT_EQ(warnings_,
            "a.yml:8:24: endpoints.atlanta.allow_unencrypted: the password and all answers cross "
            "the network to http://a:5985/wsman readable, use https\n");
  settings_of(kCredentials + kEndpoint + "    allow_unencrypted: true\n" + kPools);
  EXPECT_EQ(warnings_,
            "a.yml:8:24: endpoints.atlanta.allow_unencrypted: has no effect: the URL is https, "
            "remove it\n");
}

TEST_F(WinrmTest, AModuleWithoutScriptsIsAWarning) {
  settings_of(kCredentials + kEndpoint +
              "    language: none\n    import_module: SkypeForBusiness\n" + kPools);
  EXPECT_EQ(warnings_,
            "a.yml:9:20: endpoints.atlanta.import_module: has no effect: with language none no "
            "script runs that could import it, let the session configuration import the module, "
            "and remove it here\n");
}

TEST_F(WinrmTest, ASecretThatOthersReachIsAWarning) {
  const std::string where =
      "a.yml:2:68: credentials.monitoring.password_file: \"/etc/sfb/monitoring.password\" ";
  const std::string remedy = ", chmod 600, or 640 with a group of the agent's own\n";
  mode_ = 0644;
  settings_of(kCredentials + kEndpoint + kPools);
  EXPECT_EQ(warnings_, where + "has mode 0644: others may read the password" + remedy);
  mode_ = 0660;
  settings_of(kCredentials + kEndpoint + kPools);
  EXPECT_EQ(warnings_, where + "has mode 0660: others may change the password" + remedy);
  mode_ = 0640;
  settings_of(kCredentials + kEndpoint + kPools);
  EXPECT_EQ(warnings_, "");
}

TEST_F(WinrmTest, ANameBeyondAsciiIsAWarning) {
  settings_of(
      "credentials:\n  monitoring: {method: basic, username: J\xC3\xB6rg, password_file: "
      "monitoring.password}\n" +
      kEndpoint + kPools);
  EXPECT_EQ(warnings_,
            "a.yml:2:41: credentials.monitoring.username: has letters beyond ASCII, which servers "
            "read in different ways, use an account whose name is plain ASCII when the server "
            "refuses this one\n");
}

TEST_F(WinrmTest, RelativeFilesLieBesideTheFileThatNamesThem) {
  files_ = {{"conf.d/1.yml", kCredentials},
            {"conf.d/monitoring.password", "x"},
            {"a.yml", kEndpoint + kPools}};
  const auto loaded =
      load(std::vector<std::string>{"a.yml", "conf.d/1.yml"}, kBuild, MemoryFiles(files_));
  ASSERT_TRUE(loaded.has_value()) << text_of(loaded.error());
  EXPECT_EQ(loaded->settings.credentials.at(0).password_file,
            "/etc/sfb/conf.d/monitoring.password");
}

TEST_F(WinrmTest, CredentialsInTwoFilesNameBothPlaces) {
  files_["a.yml"] = kCredentials + kEndpoint + kPools;
  files_["b.yml"] = kCredentials;
  EXPECT_EQ(problems_of({"a.yml", "b.yml"}),
            "b.yml:2:3: credentials.monitoring: the credentials are configured twice, remove it "
            "here or at a.yml:2:3\n");
}

TEST_F(WinrmTest, AnEndpointThatCannotBeReadMakesNoCredentialsUnused) {
  files_["a.yml"] = kCredentials + "endpoints: {atlanta: {transport: ssh}}\n" + kPools;
  EXPECT_EQ(problems_of({"a.yml"}),
            "a.yml:3:34: endpoints.atlanta.transport: transport ssh is not in this build, allowed: "
            "file, winrm\n");
}

TEST_F(WinrmTest, StaleAfterIsNoMatterOfSessions) {
  settings_of("global: {stale_after: 3m}\n" + kCredentials + kEndpoint + kPools);
  EXPECT_EQ(warnings_, "");
}

// Takes the comment signs of a block away, from the line that begins it to the first empty one.
void uncomment(std::string& text, std::string_view first) {
  auto line = text.find(first);
  ASSERT_NE(line, std::string::npos) << first;
  while (line < text.size() && text[line] != '\n') {
    const auto sign = text.find("# ", line);
    text.erase(sign, 2);
    line = text.find('\n', line) + 1;
  }
}

TEST_F(WinrmTest, TheExampleShowsTheDefaults) {
  const auto example = SystemFiles().read(
      std::string(SFB_SOURCE_DIR) + "/config/sfb_backup_exporter.yml", 1UL << 20U);
  ASSERT_TRUE(example.has_value());
  std::string text = *example;
  uncomment(text, "# limits:");
  uncomment(text, "# credentials:");
  uncomment(text, "  # atlanta:");
  text.replace(text.rfind("endpoint: dropbox"), 17, "endpoint: atlanta");
  const Settings settings = settings_of(text);
  EXPECT_EQ(warnings_, "");
  EXPECT_EQ(settings.limits, Limits{});
  ASSERT_EQ(settings.endpoints.size(), 2U);
  Winrm expected;
  expected.urls = {parse_url("https://atl-fe-001.litwareinc.com:5986/wsman").value()};
  expected.credentials = "monitoring";
  EXPECT_EQ(std::get<Winrm>(settings.endpoints[1].transport), expected);
}

TEST_F(WinrmTest, NoMessageHoldsAPassword) {
  for (const char* entry : {"password: hunter2", "passwd: hunter2", "username: 'svc:hunter2'"}) {
    files_["a.yml"] = std::string("credentials:\n  monitoring: {method: basic, ") + entry + "}\n" +
                      kEndpoint + kPools;
    const std::string problems = problems_of({"a.yml"});
    EXPECT_NE(problems, "loads");
    EXPECT_EQ(problems.find("hunter2"), std::string::npos) << problems;
  }
}

}  // namespace
}  // namespace sfb::config
