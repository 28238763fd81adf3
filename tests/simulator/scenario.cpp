#include "tests/simulator/scenario.hpp"

#include "agent/base/text.hpp"
#include "agent/base/time.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <stdexcept>

namespace sim {

namespace {

constexpr std::array kActs = {"hang",
                              "reset",
                              "drop_reply",
                              "close",
                              "delay",
                              "slow_drip",
                              "cut_body",
                              "cut_header",
                              "cut_chunk",
                              "chunked",
                              "wrong_length",
                              "status",
                              "fault",
                              "malformed_xml",
                              "not_soap",
                              "bad_base64",
                              "wrong_relates_to",
                              "no_relates_to",
                              "timed_out",
                              "shell_gone",
                              "fragment_gap",
                              "fragments_cut",
                              "deep_xml",
                              "unknown_message",
                              "host_call",
                              "huge_output",
                              "bad_state"};

[[noreturn]] void complain(const YAML::Node& node, const std::string& what) {
  throw std::runtime_error(fmt::format("line {}: {}", node.Mark().line + 1, what));
}

Millis duration(const YAML::Node& node) {
  const auto read = sfb::parse_duration(node.as<std::string>());
  if (!read) {
    complain(node, node.as<std::string>() + " is no duration such as 500ms, 3s, 2m");
  }
  return *read;
}

States words(const YAML::Node& node) {
  const auto text = node.as<std::string>();
  const auto parts = sfb::split(text, ',');
  if (parts.size() != 2) {
    complain(node, "write states as Export,Import");
  }
  return {std::string(sfb::trim(parts[0])), std::string(sfb::trim(parts[1]))};
}

// Every key by its own reader; others are errors.
using Readers = std::map<std::string, std::function<void(const YAML::Node&)>>;

void read_map(const YAML::Node& node, const Readers& readers,
              const std::function<bool(const std::string&, const YAML::Node&)>& others = {}) {
  if (!node.IsMap()) {
    complain(node, "a map is expected here");
  }
  for (const auto& entry : node) {
    const auto key = entry.first.as<std::string>();
    if (const auto reader = readers.find(key); reader != readers.end()) {
      reader->second(entry.second);
    } else if (!others || !others(key, entry.second)) {
      complain(entry.first, "unknown key " + key);
    }
  }
}

template <typename T>
auto into(T& target) {
  return [&target](const YAML::Node& node) { target = node.as<T>(); };
}
auto into(Millis& target) {
  return [&target](const YAML::Node& node) { target = duration(node); };
}

void read_states(const YAML::Node& node, std::map<std::string, States>& states) {
  for (const auto& entry : node) {
    states[entry.first.as<std::string>()] = words(entry.second);
  }
}

Pool pool_of(const YAML::Node& node) {
  Pool pool;
  pool.started = std::chrono::steady_clock::now();
  read_map(node, {{"modules", into(pool.modules)},
                  {"states", [&](const YAML::Node& n) { read_states(n, pool.states); }},
                  {"default", [&](const YAML::Node& n) { pool.standard = words(n); }},
                  {"active_machine", into(pool.active_machine)},
                  {"every", into(pool.every)},
                  {"timetable",
                   [&](const YAML::Node& list) {
                     for (const YAML::Node& item : list) {
                       Change change;
                       read_map(item, {{"at", into(change.at)}},
                                [&](const std::string& module, const YAML::Node& n) {
                                  change.states[module] = words(n);
                                  return true;
                                });
                       pool.timetable.push_back(std::move(change));
                     }
                   }},
                  {"error", into(pool.error)},
                  {"only_error", into(pool.only_error)},
                  {"fatal", into(pool.fatal)},
                  {"warning", into(pool.warning)},
                  {"verbose", into(pool.verbose)},
                  {"progress", into(pool.progress)},
                  {"secure", into(pool.secure)},
                  {"null", into(pool.null)},
                  {"two", into(pool.two)},
                  {"none", into(pool.none)},
                  {"text", into(pool.text)},
                  {"host_call", into(pool.host_call)},
                  {"slow", into(pool.slow)},
                  {"huge", into(pool.huge)}});
  return pool;
}

void read_server(const YAML::Node& node, Server& server) {
  read_map(node, {{"protocol", into(server.protocol)},
                  {"ps_version", into(server.ps_version)},
                  {"language", into(server.language)},
                  {"echo_ids", into(server.echo_ids)},
                  {"done_with_state", into(server.done_with_state)},
                  {"deaf", into(server.deaf)},
                  {"broken", into(server.broken)},
                  {"idle_timeout", into(server.idle_timeout)},
                  {"max_shells", into(server.max_shells)},
                  {"max_commands", into(server.max_commands)},
                  {"depth", into(server.depth)}});
  if (server.language != "full" && server.language != "constrained" && server.language != "none") {
    complain(node, "language is full, constrained or none");
  }
}

void read_address(const YAML::Node& node, Listener& listener) {
  const auto text = node.as<std::string>();
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) {
    complain(node, "write host:port");
  }
  listener.host = text.substr(0, colon);
  if (listener.host.starts_with('[') && listener.host.ends_with(']')) {
    listener.host = listener.host.substr(1, listener.host.size() - 2);
  }
  listener.port = static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)));
}

Listener listener_of(const YAML::Node& node, const Server& standard, const std::string& folder) {
  Listener listener;
  listener.server = standard;
  const auto file = [&](std::string& target) {
    return [&target, &folder](const YAML::Node& n) {
      target = n.as<std::string>();
      if (!target.starts_with('/')) {
        target = folder + "/" + target;
      }
    };
  };
  read_map(node, {{"name", into(listener.name)},
                  {"listen", [&](const YAML::Node& n) { read_address(n, listener); }},
                  {"path", into(listener.path)},
                  {"tls",
                   [&](const YAML::Node& tls) {
                     read_map(tls, {{"certificate", file(listener.certificate)},
                                    {"key", file(listener.key)},
                                    {"max_version", into(listener.max_tls)}});
                   }},
                  {"users", into(listener.users)},
                  {"authenticate", into(listener.offers)},
                  {"server", [&](const YAML::Node& n) { read_server(n, listener.server); }}});
  return listener;
}

Fault fault_of(const YAML::Node& node) {
  Fault fault;
  read_map(node,
           {{"listener", into(fault.listener)},
            {"pool", into(fault.pool)},
            {"action", into(fault.action)},
            {"nth", into(fault.nth)},
            {"every", into(fault.every)},
            {"probability", into(fault.probability)},
            {"times", into(fault.times)},
            {"do", into(fault.act)}},
           [&](const std::string& key, const YAML::Node& n) {
             static const std::set<std::string> kArguments = {
                 "code", "subcode", "text",  "detail", "body",   "content_type",
                 "at",   "by",      "bytes", "time",   "before", "pause"};
             if (!kArguments.contains(key)) {
               return false;
             }
             fault.arguments[key] = n.as<std::string>();
             return true;
           });
  if (std::ranges::find(kActs, fault.act) == kActs.end()) {
    complain(node, "unknown fault do: " + fault.act);
  }
  return fault;
}

std::vector<Fault> faults_of(const YAML::Node& node) {
  std::vector<Fault> faults;
  for (const YAML::Node& item : node) {
    faults.push_back(fault_of(item));
  }
  return faults;
}

// `generate: {pools: 1000, listeners: 50}`: many of one kind without a long file.
void generate(const YAML::Node& node, Scenario& scenario, const Server& standard,
              const std::string& folder) {
  std::size_t pools = 0;
  std::size_t listeners = 1;
  YAML::Node like(YAML::NodeType::Map);
  read_map(node, {{"pools", into(pools)},
                  {"listeners", into(listeners)},
                  {"like", [&](const YAML::Node& n) { like.reset(n); }}});
  for (std::size_t i = 1; i <= listeners; ++i) {
    Listener listener = listener_of(like, standard, folder);
    listener.name = fmt::format("listener-{}", i);
    scenario.listeners.push_back(std::move(listener));
  }
  for (std::size_t i = 1; i <= pools; ++i) {
    Pool pool;
    pool.started = std::chrono::steady_clock::now();
    pool.active_machine = fmt::format("fe-{:04}.example.com", i);
    scenario.pools[fmt::format("pool-{:04}.example.com", i)] = std::move(pool);
  }
}

Scenario scenario_of(const YAML::Node& root, const std::string& folder) {
  Scenario scenario;
  Server standard;
  if (root["server"]) {
    read_server(root["server"], standard);
  }
  read_map(root,
           {{"server", [](const YAML::Node&) {}},
            {"listeners",
             [&](const YAML::Node& list) {
               for (const YAML::Node& item : list) {
                 scenario.listeners.push_back(listener_of(item, standard, folder));
               }
             }},
            {"pools",
             [&](const YAML::Node& map) {
               for (const auto& entry : map) {
                 scenario.pools[sfb::to_lower(entry.first.as<std::string>())] =
                     pool_of(entry.second);
               }
             }},
            {"faults", [&](const YAML::Node& list) { scenario.faults = faults_of(list); }},
            {"generate", [&](const YAML::Node& n) { generate(n, scenario, standard, folder); }},
            {"seed", into(scenario.seed)},
            {"control", into(scenario.control)},
            {"certificate", [&](const YAML::Node& n) {
               read_map(n, {{"make", into(scenario.make_certificate)},
                            {"names", into(scenario.certificate_names)}});
               if (!scenario.make_certificate.starts_with('/')) {
                 scenario.make_certificate = folder + "/" + scenario.make_certificate;
               }
             }}});
  if (scenario.listeners.empty()) {
    complain(root, "there is no listener");
  }
  return scenario;
}

template <typename T>
std::expected<T, std::string> guarded(const std::function<T()>& read) {
  try {
    return read();
  } catch (const std::exception& error) {
    return std::unexpected(std::string(error.what()));
  }
}

}  // namespace

std::string Fault::text(const std::string& name, std::string otherwise) const {
  const auto found = arguments.find(name);
  return found == arguments.end() ? std::move(otherwise) : found->second;
}

std::size_t Fault::number(const std::string& name, std::size_t otherwise) const {
  const auto found = arguments.find(name);
  return found == arguments.end() ? otherwise : std::stoul(found->second);
}

Millis Fault::time(const std::string& name, Millis otherwise) const {
  const auto found = arguments.find(name);
  return found == arguments.end() ? otherwise
                                  : sfb::parse_duration(found->second).value_or(otherwise);
}

std::expected<Scenario, std::string> read_scenario(const std::string& yaml,
                                                   const std::string& folder) {
  return guarded<Scenario>([&] { return scenario_of(YAML::Load(yaml), folder); });
}

std::expected<std::vector<Fault>, std::string> read_faults(const std::string& yaml) {
  return guarded<std::vector<Fault>>([&] { return faults_of(YAML::Load(yaml)); });
}

std::expected<Pool, std::string> read_pool(const std::string& yaml) {
  return guarded<Pool>([&] { return pool_of(YAML::Load(yaml)); });
}

std::map<std::string, States> states_at(const Pool& pool,
                                        std::chrono::steady_clock::time_point now) {
  std::map<std::string, States> states;
  for (const std::string& module : pool.modules) {
    states[module] = pool.standard;
  }
  const auto overlay = [&](const std::map<std::string, States>& changes) {
    for (const auto& [module, words] : changes) {
      states[module] = words;
    }
  };
  overlay(pool.states);
  auto passed = std::chrono::duration_cast<Millis>(now - pool.started);
  if (pool.every.count() > 0) {
    passed %= pool.every;
  }
  for (const Change& change : pool.timetable) {
    if (change.at <= passed) {
      overlay(change.states);
    }
  }
  return states;
}

}  // namespace sim
