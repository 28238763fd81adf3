// What goes wrong on request: which acts there are and what each takes.
#include "agent/base/text.hpp"
#include "tests/simulator/parts.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

namespace sim {

namespace {

using Pools = decltype(Scenario::pools);

struct Act {
  Fault::Door door;
  std::vector<std::string> arguments;  ///< those marked with `!` must be written
};
using Acts = std::map<std::string, Act>;
constexpr auto kHttp = Fault::Door::http;
constexpr auto kStdio = Fault::Door::stdio;
constexpr auto kBoth = Fault::Door::both;
constexpr auto kPipeline = Fault::Door::pipeline;
const Acts kActs = {{"hang", {kBoth, {}}},
                    {"reset", {kHttp, {"before"}}},
                    {"drop_reply", {kHttp, {}}},
                    {"close", {kHttp, {}}},
                    {"answer_and_close", {kHttp, {}}},
                    {"delay", {kBoth, {"time!"}}},
                    {"slow_drip", {kBoth, {"bytes", "pause"}}},
                    {"cut_body", {kHttp, {"at"}}},
                    {"cut_header", {kHttp, {"at"}}},
                    {"cut_chunk", {kHttp, {}}},
                    {"chunked", {kHttp, {}}},
                    {"wrong_length", {kHttp, {"by"}}},
                    {"status", {kHttp, {"code!", "body", "content_type", "sealed"}}},
                    {"fault", {kHttp, {"code!", "subcode", "text", "detail", "sealed"}}},
                    {"echo", {kHttp, {"code", "as"}}},
                    {"malformed_xml", {kBoth, {}}},
                    {"not_soap", {kHttp, {}}},
                    {"bad_base64", {kBoth, {}}},
                    {"wrong_relates_to", {kHttp, {}}},
                    {"no_relates_to", {kHttp, {}}},
                    {"timed_out", {kHttp, {}}},
                    {"shell_gone", {kHttp, {}}},
                    {"lapse", {kHttp, {}}},
                    {"plain", {kHttp, {}}},
                    {"seal_boundary", {kHttp, {}}},
                    {"seal_length", {kHttp, {"by"}}},
                    {"seal_signature", {kHttp, {"bytes"}}},
                    {"seal_tampered", {kHttp, {}}},
                    {"seal_replayed", {kHttp, {}}},
                    {"refuse", {kHttp, {}}},
                    {"no_last_token", {kHttp, {}}},
                    {"wrong_last_token", {kHttp, {}}},
                    {"exit", {kStdio, {"code!", "text", "before"}}},
                    {"kill", {kStdio, {"before"}}},
                    {"stall", {kStdio, {"time"}}},
                    {"linger", {kStdio, {"term", "time"}}},
                    {"stderr", {kStdio, {"text"}}},
                    {"garbage", {kStdio, {"text"}}},
                    {"error_line", {kStdio, {"text"}}},
                    {"huge_line", {kStdio, {"bytes"}}},
                    {"cut_line", {kStdio, {"code"}}},
                    {"split", {kStdio, {}}},
                    {"joined", {kStdio, {}}},
                    {"wrong_ack", {kStdio, {}}},
                    {"ack_twice", {kStdio, {}}},
                    {"ack_first", {kStdio, {}}},
                    {"no_ack", {kStdio, {}}},
                    {"deaf", {kStdio, {}}},
                    {"fragment_gap", {kPipeline, {}}},
                    {"fragments_cut", {kPipeline, {"at"}}},
                    {"deep_xml", {kPipeline, {}}},
                    {"unknown_message", {kPipeline, {}}},
                    {"unfinished", {kPipeline, {}}},
                    {"other_pid", {kPipeline, {}}},
                    {"lost_object", {kPipeline, {}}},
                    {"id_gap", {kPipeline, {}}},
                    {"no_extras", {kPipeline, {}}},
                    {"host_call", {kPipeline, {}}},
                    {"huge_output", {kPipeline, {"bytes"}}},
                    {"bad_state", {kPipeline, {}}}};

// The steps of a client, at each of the doors.
const std::vector<std::string> kHttpActions = {"Create", "Receive", "Command", "Send",
                                               "Signal", "Delete",  "Logon",   "Leg"};
const std::vector<std::string> kStdioActions = {"Start",  "Open",  "Command",  "Data",
                                                "Signal", "Close", "ClosePool"};

// What can be done at a logon, and what only there.
const std::set<std::string> kAtLogon = {"hang", "reset", "close", "delay", "status"};
const std::set<std::string> kOnlyAtLogon = {"refuse", "no_last_token", "wrong_last_token"};

std::vector<std::string> actions_of(Fault::Door door) {
  std::vector<std::string> actions = door == kStdio ? kStdioActions : kHttpActions;
  if (door == kBoth) {
    std::ranges::copy_if(kStdioActions, std::back_inserter(actions), [](const std::string& one) {
      return std::ranges::find(kHttpActions, one) == kHttpActions.end();
    });
  }
  return actions;
}

void read_probability(const Item& item, double& target) {
  const std::string text = text_of(item);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, target);
  if (error != std::errc() || stop != end || !(target >= 0 && target <= 1)) {
    complain(item, fmt::format("\"{}\" is no number from 0 to 1", text));
  }
}

// The name goes into a QName.
void read_subcode(const Item& item, std::string& target) {
  target = text_of(item);
  if (target.empty() ||
      !std::ranges::all_of(target, [](unsigned char c) { return std::isalnum(c) || c == '_'; })) {
    complain(item, fmt::format("\"{}\" is no name such as QuotaLimit", target));
  }
}

Reader count(std::optional<std::size_t>& target, std::size_t least) {
  return [&target, least](const Item& item) {
    std::size_t value = 0;
    number(value, least)(item);
    target = value;
  };
}

Readers arguments_of(Fault& fault) {
  const bool http = fault.door == kHttp && fault.act != "fault";
  const std::uint32_t most = http ? 599 : fault.door == kStdio ? 255 : 0xFFFFFFFFU;
  return {{"code", number<std::uint32_t>(fault.code, http ? 200 : 0, most)},
          {"subcode", [&](const Item& item) { read_subcode(item, fault.subcode); }},
          {"text", into(fault.text)},
          {"detail", one_of(fault.detail, {"wsman", "provider", "wmi", "none"})},
          {"body", [&](const Item& item) { fault.body = text_of(item); }},
          {"content_type", into_line(fault.content_type)},
          {"as", one_of(fault.as, {"page", "soap", "head"})},
          {"at", count(fault.at, fault.act == "fragments_cut" ? 1 : 0)},
          {"bytes", count(fault.bytes, 1)},
          {"by", number<std::size_t>(fault.by, 1)},
          {"time", into(fault.time)},
          {"pause", into(fault.pause)},
          {"sealed",
           [&](const Item& item) {
             bool value = false;
             into(value)(item);
             fault.sealed = value;
           }},
          {"before", into(fault.before)},
          {"term", into(fault.term)}};
}

template <typename Things, typename Member>
std::vector<std::string> names_of(const Things& things, Member member) {
  std::vector<std::string> names;
  std::ranges::transform(things, std::back_inserter(names), member);
  return names;
}

// A fault for what is not there would never happen.
void need(const Item& item, const std::string& name, const std::vector<std::string>& names) {
  if (std::ranges::find(names, name) == names.end()) {
    const auto shown = std::views::take(names, 10);
    complain(item, fmt::format("\"{}\" is none of the scenario's: {}{}", name,
                               fmt::join(shown.begin(), shown.end(), ", "),
                               names.size() > 10 ? ", ..." : ""));
  }
}

Fault fault_of(const Item& item, const Scenario& scenario) {
  Fault fault;
  if (!item.node.IsMap()) {
    complain(item, "a map is expected here");
  }
  const std::vector<std::string> acts = names_of(kActs, &Acts::value_type::first);
  const Item act = entry(item, "do");
  if (!act.node.IsDefined()) {
    complain({"do", item.node}, fmt::format("is missing, write one of {}", fmt::join(acts, ", ")));
  }
  one_of(fault.act, acts)(act);
  fault.door = kActs.at(fault.act).door;
  Readers readers = {
      {"do", [](const Item&) {}},
      {"listener",
       [&](const Item& one) {
         fault.listener = text_of(one);
         need(one, fault.listener, names_of(scenario.listeners, &Listener::name));
       }},
      {"pool",
       [&](const Item& one) {
         fault.pool = sfb::to_lower(text_of(one));
         need(one, fault.pool, names_of(scenario.pools, &Pools::value_type::first));
       }},
      {"action", one_of(fault.action, actions_of(fault.door))},
      {"child", number<std::size_t>(fault.child, 1)},
      {"nth", number<std::size_t>(fault.nth, 1)},
      {"every", number<std::size_t>(fault.every, 1)},
      {"probability", [&](const Item& one) { read_probability(one, fault.probability); }},
      {"times", number<std::size_t>(fault.times, 1)}};
  Readers arguments = arguments_of(fault);
  for (std::string name : kActs.at(fault.act).arguments) {
    if (name.ends_with('!')) {
      name.pop_back();
      if (!entry(item, name).node.IsDefined()) {
        complain({name, item.node}, fault.act + " needs it");
      }
    }
    readers[name] = std::move(arguments[name]);
  }
  read_map(item, readers);
  if (fault.door == kPipeline) {  // these change what a pipeline sends
    if (!fault.action.empty() && fault.action != "Command") {
      complain(entry(item, "action"), fault.act + " is done at Command only");
    }
    fault.action = "Command";
  }
  const bool logon = fault.action == "Logon" || fault.action == "Leg";
  if (kOnlyAtLogon.contains(fault.act)) {
    if (!fault.action.empty() && fault.action != "Logon") {
      complain(entry(item, "action"), fault.act + " is done at Logon only");
    }
    fault.action = "Logon";
  } else if (logon && !kAtLogon.contains(fault.act)) {
    complain(entry(item, "action"), fault.act + " is not done at a logon");
  }
  return fault;
}

}  // namespace

std::vector<Fault> faults_of(const Item& list, const Scenario& scenario) {
  std::vector<Fault> faults;
  read_list(list, [&](const Item& item) { faults.push_back(fault_of(item, scenario)); });
  return faults;
}

std::expected<std::vector<Fault>, std::string> read_faults(const std::string& yaml,
                                                           const Scenario& scenario) {
  return guarded<std::vector<Fault>>(
      yaml, {}, [&](const YAML::Node& node) { return faults_of({"faults", node}, scenario); });
}

}  // namespace sim
