#include "tests/simulator/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace sim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(const std::string& yaml) {
  const auto read = read_scenario(yaml, "/x", "s.yml");
  return read ? "good" : read.error();
}

std::string example() {
  std::ifstream file(SFB_SOURCE_DIR "/tests/simulator/example.yml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Scenario, TheExampleIsRead) {
  const auto scenario = read_scenario(example(), "/x", "example.yml");
  ASSERT_TRUE(scenario) << scenario.error();
  ASSERT_EQ(scenario->listeners.size(), 2);
  EXPECT_EQ(scenario->listeners[0].listen.port, 5986);
  EXPECT_EQ(scenario->listeners[0].certificate, "/x/pki/server.pem");
  EXPECT_EQ(scenario->listeners[1].server.language, "none");
  EXPECT_EQ(scenario->pools.size(), 2);
  EXPECT_EQ(scenario->faults.size(), 2);
  EXPECT_EQ(scenario->faults[1].code, 2150859173U);
}

struct Bad {
  std::string yaml;
  std::string place;  ///< LINE:COLUMN: key
  std::string says;
};

// Line 1 is a good listener.
TEST(Scenario, MistakesAreToldWithTheirPlaceAndWhatIsAllowed) {
  const std::vector<Bad> all = {
      {"nonsense: 1", "2:1: nonsense", "unknown here, known are certificate, control, faults"},
      {"seed: 1\nseed: 2", "3:1: seed", "is written twice"},
      {"listeners: []", "2:1: listeners", "is written twice"},
      {"seed: x", "2:7: seed", "\"x\" is no number from 0"},
      {"pools: []", "2:8: pools", "a map is expected"},
      {"pools:\n  a:\n    modulse: []", "4:5: modulse", "known are active_machine, default"},
      {"pools: {a: {modules: {x: y}}}", "2:22: modules", "a list is expected"},
      {"pools: {a: {slow: soon}}", "2:19: slow", "write 500ms, 3s or 2m"},
      {"pools: {a: {default: Final}}", "2:22: default", "Export,Import"},
      {"pools: {a: {two: maybe}}", "2:18: two", "true or false"},
      {"pools: {a: {error: [x]}}", "2:20: error", "a text is expected"},
      {"pools: {a: {huge: -1}}", "2:19: huge", "no number from 0"},
      {"pools: {a: {secure: '?'}}", "2:21: secure", "no base64"},
      {"pools: {a: {states: {Other: 'A,B'}}}", "2:29: Other", "its are UserServices.PresenceFocus"},
      {"pools: {a: {modules: [M], timetable: [{at: 1s, N: 'A,B'}]}}", "2:51: N", "its are M"},
      {"pools: {a: {every: 1s, timetable: [{at: 1s}]}}", "2:41: at", "begins again before"},
      {"pools: {a: {timetable: {at: 1s}}}", "2:24: timetable", "a list is expected"},
      {"pools: {a: {}, A: {}}", "2:19: A", "another pool of this name"},
      {"server: {language: klingon}", "2:20: language", "none of full, constrained, none"},
      {"server: {protocol: klingon}", "2:20: protocol", "such as 2.1, 2.2, 2.3 or 2.4"},
      {"server: {ps_version: new}", "2:22: ps_version", "such as 5.1.17763.1"},
      {"server: {depth: 3}", "2:17: depth", "no number from 1 to 2"},
      {"server: {cmdlets: []}", "2:19: cmdlets", "a map is expected"},
      {"server: {cmdlets: {Pool: {}}}", "2:26: Pool", "no cmdlet with its switches"},
      {"server: {cmdlets: {Get-CsX Y: {}}}", "2:31: Get-CsX Y", "no cmdlet with its switches"},
      {"server: {cmdlets: {get-csbackupservicestatus: {}}}", "2:47: get-csbackupservicestatus",
       "stands in pools"},
      {"server: {cmdlets: {Get-CsX: {object: []}}}", "2:30: object", "known are error, objects"},
      {"server: {cmdlets: {Get-CsX: {objects: [1]}}}", "2:40: objects", "a map is expected"},
      {"server: {cmdlets: {Get-CsX: {objects: [{A: {}}]}}}", "2:44: A", "a list of these"},
      {"server: {cmdlets: {Get-CsX: {objects: [{A: [[]]}]}}}", "2:45: A", "a list of these"},
      {"control: localhost:0", "2:10: control", "write 127.0.0.1:5985 or [::1]:5985"},
      {"control: 127.0.0.1", "2:10: control", "no IP address and port"},
      {"certificate: {names: [x]}", "2:14: certificate", "make is missing"},
      {"generate: {like: {name: x}}", "2:19: name", "unknown here"},
      {"generate: {pools: many}", "2:19: pools", "no number from 0 to 100000"},
      {"faults: {do: hang}", "2:9: faults", "a list is expected"},
      {"pools: {a: {}", "3:1: YAML", ""},
  };
  for (const auto& [yaml, place, says] : all) {
    SCOPED_TRACE(yaml);
    const std::string error = error_of("listeners: [{name: a}]\n" + yaml + "\n");
    EXPECT_THAT(error, StartsWith("s.yml:" + place));
    EXPECT_THAT(error, HasSubstr(says));
  }
}

TEST(Scenario, MistakesInListeners) {
  const std::vector<Bad> all = {
      {"", "1:1: listeners", "are missing"},
      {"pools: {}", "1:1: listeners", "write listeners or generate"},
      {"listeners: {name: a}", "1:12: listeners", "a list is expected"},
      {"listeners: [{listen: '127.0.0.1:0'}]", "1:13: name", "a listener needs a name"},
      {"listeners: [{name: control}]", "1:20: name", "other than control"},
      {"listeners: [{name: a}, {name: a}]", "1:31: name", "another listener \"a\""},
      {"listeners: [{name: a, listen: '127.0.0.1:abc'}]", "1:31: listen", "\"abc\" is no port"},
      {"listeners: [{name: a, listen: '127.0.0.1:70000'}]", "1:31: listen",
       "0 (a free one) to 65535"},
      {"listeners: [{name: a, listen: 'localhost:0'}]", "1:31: listen", "no IP address and port"},
      {"listeners: [{name: a, listen: '::1:80'}]", "1:31: listen", "[::1]:5985"},
      {"listeners: [{name: a, path: wsman}]", "1:29: path", "does not begin with /"},
      {"listeners: [{name: a, tls: {max_version: '0.9'}}]", "1:42: max_version",
       "none of 1.1, 1.2, 1.3"},
      {"listeners: [{name: a, tls: {max_version: '1.2'}}]", "1:28: tls",
       "certificate and key are needed"},
      {"listeners: [{name: a, tls: some}]", "1:28: tls", "a map is expected"},
      {"listeners: [{name: a, users: [x]}]", "1:30: users", "a map is expected"},
      {"listeners: [{name: a, authenticate: Basic}]", "1:37: authenticate", "a list is expected"},
      {"listeners: [{name: a, mechanisms: [digest]}]", "1:36: mechanisms",
       "none of kerberos, ntlm"},
      {"listeners: [{name: a, encryption: maybe}]", "1:35: encryption", "optional, required"},
      {"listeners: [{name: a, channel_bindings: all}]", "1:41: channel_bindings",
       "none of none, relaxed, strict"},
      {"listeners: [{name: a, sealing: {tap: true}}]", "1:33: tap", "known are blank, crlf"},
      {"listeners: [{name: a, authenticate: [\"a\\nb\"]}]", "1:38: authenticate",
       "control characters"},
  };
  for (const auto& [yaml, place, says] : all) {
    SCOPED_TRACE(yaml);
    EXPECT_THAT(error_of(yaml), StartsWith("s.yml:" + place));
    EXPECT_THAT(error_of(yaml), HasSubstr(says));
  }
}

// The same in a file and over the control door, which has no file.
TEST(Scenario, MistakesInFaults) {
  const std::vector<Bad> all = {
      {"{nth: 1}", "do",
       "is missing, write one of ack_first, ack_twice, answer_and_close, bad_base64"},
      {"{do: explode}", "do", "\"explode\" is none of ack_first, ack_twice, answer_and_close"},
      {"{do: hang, colour: red}", "colour", "unknown here"},
      {"{do: hang, action: Recieve}", "action", "none of Create, Receive, Command"},
      {"{do: hang, listener: b}", "listener", "\"b\" is none of the scenario's: a"},
      {"{do: hang, listener: A}", "listener", "\"A\" is none of the scenario's: a"},
      {"{do: hang, pool: q}", "pool", "\"q\" is none of the scenario's: p"},
      {"{do: hang, nth: 0}", "nth", "no number from 1"},
      {"{do: hang, every: often}", "every", "no number from 1"},
      {"{do: hang, times: -1}", "times", "no number from 1"},
      {"{do: hang, probability: 2}", "probability", "no number from 0 to 1"},
      {"{do: hang, time: 1s}", "time", "unknown here"},
      {"{do: status}", "code", "status needs it"},
      {"{do: status, code: xx}", "code", "\"xx\" is no number from 200 to 599"},
      {"{do: status, code: 4o1}", "code", "\"4o1\" is no number from 200 to 599"},
      {"{do: status, code: 401, content_type: \"a\\nb\"}", "content_type", "control characters"},
      {"{do: fault}", "code", "fault needs it"},
      {"{do: fault, code: 4294967296}", "code", "no number from 0 to 4294967295"},
      {"{do: fault, code: 1, detail: much}", "detail", "none of wsman, provider, wmi, none"},
      {"{do: fault, code: 1, subcode: 'a b'}", "subcode", "no name such as QuotaLimit"},
      {"{do: delay}", "time", "delay needs it"},
      {"{do: delay, time: soon}", "time", "write 500ms, 3s or 2m"},
      {"{do: slow_drip, bytes: 0}", "bytes", "no number from 1"},
      {"{do: slow_drip, pause: long}", "pause", "no duration"},
      {"{do: cut_body, at: half}", "at", "no number from 0"},
      {"{do: fragments_cut, at: 0}", "at", "no number from 1"},
      {"{do: wrong_length, by: x}", "by", "no number from 1"},
      {"{do: reset, before: perhaps}", "before", "true or false"},
      {"{do: echo, as: song}", "as", "none of page, soap, head"},
      {"{do: refuse, action: Create}", "action", "at Logon only"},
      {"{do: lapse, action: Logon}", "action", "not done at a logon"},
      {"{do: hang, action: Leg, sealed: true}", "sealed", "unknown here"},
      {"{do: status, code: 500, sealed: perhaps}", "sealed", "true or false"},
      {"{do: host_call, action: Receive}", "action", "at Command only"},
      {"{do: reset, action: Open}", "action", "none of Create, Receive, Command, Send"},
      {"{do: no_ack, action: Create}", "action", "none of Start, Open, Command, Data"},
      {"{do: hang, child: 0}", "child", "no number from 1"},
      {"{do: exit}", "code", "exit needs it"},
      {"{do: exit, code: 256}", "code", "no number from 0 to 255"},
      {"{do: linger, term: perhaps}", "term", "true or false"},
      {"hang", "faults", "a map is expected"},
  };
  const std::string before = "listeners: [{name: a}]\npools: {p: {}}\n";
  const auto scenario = *read_scenario(before, "/x", "");
  for (const auto& [fault, key, says] : all) {
    SCOPED_TRACE(fault);
    const std::string error = error_of(before + "faults: [" + fault + "]");
    EXPECT_THAT(error, StartsWith("s.yml:3:"));
    EXPECT_THAT(error, HasSubstr(": " + key + ": "));
    EXPECT_THAT(error, HasSubstr(says));
    const auto door = read_faults("[" + fault + "]", scenario);
    ASSERT_FALSE(door);
    EXPECT_THAT(door.error(), StartsWith("1:"));
    EXPECT_THAT(door.error(), HasSubstr(says));
  }
}

TEST(Scenario, FaultsTakeTheirArguments) {
  const auto scenario = *read_scenario("listeners: [{name: a}]\npools: {P: {}}\n", "/x", "");
  const auto faults = *read_faults(
      "[{do: reset, before: 'false'}, {do: slow_drip, bytes: 7, pause: 2s}, {do: cut_body, at: 3},"
      " {do: fault, code: 5, detail: wmi, subcode: QuotaLimit, text: x}, {do: echo, as: soap},"
      " {do: host_call, pool: p, probability: 0.25, nth: 2, every: 3, times: 4},"
      " {do: linger, action: ClosePool, child: 2, term: false}]",
      scenario);
  EXPECT_FALSE(faults[0].before);
  EXPECT_EQ(faults[1].bytes, 7);
  EXPECT_EQ(faults[1].pause, Millis(2000));
  EXPECT_EQ(faults[2].at, 3);
  EXPECT_EQ(faults[3].detail + faults[3].subcode + faults[3].text, "wmiQuotaLimitx");
  EXPECT_EQ(faults[4].code, 200);
  EXPECT_EQ(faults[5].action + faults[5].pool, "Commandp");
  EXPECT_EQ(faults[5].nth + faults[5].every + faults[5].times, 9);
  EXPECT_EQ(faults[6].action, "ClosePool");
  EXPECT_EQ(faults[6].child, 2);
  EXPECT_FALSE(faults[6].term);
}

TEST(Scenario, FilesLieBesideIt) {
  const auto scenario = read_scenario(
      "listeners: [{name: a, tls: {certificate: c.pem, key: /k.pem}}]\ncertificate: {make: pki}\n",
      "/folder", "s.yml");
  ASSERT_TRUE(scenario);
  EXPECT_EQ(scenario->listeners[0].certificate, "/folder/c.pem");
  EXPECT_EQ(scenario->listeners[0].key, "/k.pem");
  EXPECT_EQ(scenario->listeners[0].tls_place, "s.yml:1:28: tls: ");
  EXPECT_EQ(scenario->make_certificate, "/folder/pki");
}

TEST(Scenario, ARunningListenerIsChanged) {
  const auto scenario = read_scenario(
      "listeners: [{name: a, users: {x: y}, tls: {certificate: c.pem, key: k.pem}}]\n", "/f", "");
  const Listener& old = scenario->listeners[0];
  const auto changed = read_listener(
      "{users: {v: w}, path: /other, authenticate: [Negotiate], tls: {max_version: '1.2'},"
      " server: {language: none}, http: '1.0', closes: {behind: 2, delay: 20ms, half: true}}",
      old, "/f");
  ASSERT_TRUE(changed) << changed.error();
  EXPECT_EQ(changed->users, (std::map<std::string, std::string>{{"v", "w"}}));
  EXPECT_EQ(changed->path, "/other");
  EXPECT_EQ(changed->offers, std::vector<std::string>{"Negotiate"});
  EXPECT_EQ(changed->certificate + changed->max_tls, "/f/c.pem1.2");
  EXPECT_EQ(changed->server.language, "none");
  EXPECT_EQ(changed->http, "1.0");
  EXPECT_EQ(changed->closing.behind, 2U);
  EXPECT_EQ(changed->closing.delay, Millis(20));
  EXPECT_TRUE(changed->closing.half && !changed->closing.announced);
  EXPECT_EQ(read_listener("{closes: {}}", *changed, "/f")->closing.behind, 0U);
  EXPECT_THAT(read_listener("{closes: {behind: 0}}", old, "/f").error(), HasSubstr("behind"));
  EXPECT_EQ(read_listener("{tls: {certificate: d.pem, key: d.key}}", old, "/f")->certificate,
            "/f/d.pem");
  EXPECT_EQ(read_listener("{tls: none}", old, "/f")->certificate, "");
  EXPECT_THAT(read_listener("{listen: '127.0.0.1:1'}", old, "/f").error(),
              HasSubstr("1:2: listen: unknown here, known are authenticate, channel_bindings, "
                        "closes, encryption, "
                        "error_tokens, "
                        "http, keytab, mechanisms, path, sealing, server, tls, users"));
}

TEST(Scenario, ManyAreGenerated) {
  const auto scenario = read_scenario(
      "faults: [{do: hang, listener: listener-2, pool: pool-0003.example.com}]\n"
      "generate: {pools: 3, listeners: 2, like: {path: /x}}\n",
      "/x", "");
  ASSERT_TRUE(scenario) << scenario.error();
  EXPECT_EQ(scenario->listeners[1].name, "listener-2");
  EXPECT_EQ(scenario->listeners[1].path, "/x");
  EXPECT_TRUE(scenario->pools.contains("pool-0003.example.com"));
}

TEST(Timetable, StatesFollowTheClock) {
  const auto pool = read_pool(
      "{modules: [A, B], default: 'FinalState,NormalState', states: {B: 'ErrorState,NormalState'}, "
      "every: 10s, timetable: [{at: 3s, A: 'NonSteadyState,NormalState'}, "
      "{at: 5s, A: 'SteadyState,NormalState', B: 'FinalState,NormalState'}]}");
  ASSERT_TRUE(pool);
  const auto at = [&](int seconds) {
    const auto states = states_at(*pool, pool->started + std::chrono::seconds(seconds));
    return states.at("A").first + " " + states.at("B").first;
  };
  EXPECT_EQ(at(0), "FinalState ErrorState");
  EXPECT_EQ(at(2), "FinalState ErrorState");
  EXPECT_EQ(at(3), "NonSteadyState ErrorState");
  EXPECT_EQ(at(9), "SteadyState FinalState");
  EXPECT_EQ(at(10), "FinalState ErrorState");
  EXPECT_EQ(at(14), "NonSteadyState ErrorState");
}

}  // namespace
}  // namespace sim
