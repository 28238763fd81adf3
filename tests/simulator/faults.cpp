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

// The arguments of an act; those marked with `!` must be written.
using Acts = std::map<std::string, std::vector<std::string>>;
const Acts kActs = {{"hang", {}},
                    {"reset", {"before"}},
                    {"drop_reply", {}},
                    {"close", {}},
                    {"answer_and_close", {}},
                    {"delay", {"time!"}},
                    {"slow_drip", {"bytes", "pause"}},
                    {"cut_body", {"at"}},
                    {"cut_header", {"at"}},
                    {"cut_chunk", {}},
                    {"chunked", {}},
                    {"wrong_length", {"by"}},
                    {"status", {"code!", "body", "content_type"}},
                    {"fault", {"code!", "subcode", "text", "detail"}},
                    {"echo", {"code", "as"}},
                    {"malformed_xml", {}},
                    {"not_soap", {}},
                    {"bad_base64", {}},
                    {"wrong_relates_to", {}},
                    {"no_relates_to", {}},
                    {"timed_out", {}},
                    {"shell_gone", {}},
                    {"fragment_gap", {}},
                    {"fragments_cut", {"at"}},
                    {"deep_xml", {}},
                    {"unknown_message", {}},
                    {"host_call", {}},
                    {"huge_output", {"bytes"}},
                    {"bad_state", {}}};

// These change what a pipeline sends, and a pipeline begins with Command.
const std::set<std::string> kPipelineActs = {"fragment_gap",    "fragments_cut", "deep_xml",
                                             "unknown_message", "host_call",     "huge_output",
                                             "bad_state"};

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
  const bool http = fault.act != "fault";
  return {{"code", number<std::uint32_t>(fault.code, http ? 200 : 0, http ? 599 : 0xFFFFFFFFU)},
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
          {"before", into(fault.before)}};
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
      {"action",
       one_of(fault.action, {"Create", "Receive", "Command", "Send", "Signal", "Delete"})},
      {"nth", number<std::size_t>(fault.nth, 1)},
      {"every", number<std::size_t>(fault.every, 1)},
      {"probability", [&](const Item& one) { read_probability(one, fault.probability); }},
      {"times", number<std::size_t>(fault.times, 1)}};
  Readers arguments = arguments_of(fault);
  for (std::string name : kActs.at(fault.act)) {
    if (name.ends_with('!')) {
      name.pop_back();
      if (!entry(item, name).node.IsDefined()) {
        complain({name, item.node}, fault.act + " needs it");
      }
    }
    readers[name] = std::move(arguments[name]);
  }
  read_map(item, readers);
  if (kPipelineActs.contains(fault.act)) {
    if (!fault.action.empty() && fault.action != "Command") {
      complain(entry(item, "action"), fault.act + " is done at Command only");
    }
    fault.action = "Command";
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
