#include "tests/simulator/scenario.hpp"

#include "agent/base/text.hpp"
#include "tests/simulator/cmdlets.hpp"
#include "tests/simulator/parts.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <regex>
#include <utility>

namespace sim {

namespace {

// `2.3`, `5.1.17763.1`
Reader version(std::string& target, std::ptrdiff_t most_dots) {
  return [&target, most_dots](const Item& item) {
    static const std::regex kForm(R"(\d{1,9}(\.\d{1,9})+)");
    target = text_of(item);
    if (!std::regex_match(target, kForm) || std::ranges::count(target, '.') > most_dots) {
      complain(item, fmt::format("\"{}\" is no version such as {}", target,
                                 most_dots == 1 ? "2.1, 2.2, 2.3 or 2.4" : "5.1.17763.1"));
    }
  };
}

void read_server(const Item& item, Server& server) {
  read_map(item, {{"protocol", version(server.protocol, 1)},
                  {"ps_version", version(server.ps_version, 3)},
                  {"language", one_of(server.language, {"full", "constrained", "none"})},
                  {"echo_ids", into(server.echo_ids)},
                  {"done_with_state", into(server.done_with_state)},
                  {"deaf", into(server.deaf)},
                  {"crlf", into(server.crlf)},
                  {"broken", into(server.broken)},
                  {"module", into(server.module)},
                  {"import_warning", into(server.import_warning)},
                  {"idle_timeout", into(server.idle_timeout)},
                  {"max_shells", number(server.max_shells)},
                  {"max_commands", number(server.max_commands)},
                  {"depth", number(server.depth, 1, 2)},
                  {"engine", into(server.engine)},
                  {"cmdlets", [&](const Item& one) { server.cmdlets = cmdlets_of(one); }}});
}

Address address_of(const Item& item) {
  const std::string text = text_of(item);
  const auto colon = text.rfind(':');
  Address address{text.substr(0, colon), 0};
  const bool v6 = address.host.starts_with('[') && address.host.ends_with(']');
  if (v6) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (colon == std::string::npos ||
      ::inet_pton(v6 ? AF_INET6 : AF_INET, address.host.c_str(), bytes.data()) != 1) {
    complain(item, fmt::format("\"{}\" is no IP address and port, write 127.0.0.1:5985 or "
                               "[::1]:5985",
                               text));
  }
  const std::string port = text.substr(colon + 1);
  const char* const end = port.data() + port.size();
  const auto [stop, error] = std::from_chars(port.data(), end, address.port);
  if (error != std::errc() || stop != end || port.empty()) {
    complain(item, fmt::format("\"{}\" is no port, write 0 (a free one) to 65535", port));
  }
  return address;
}

std::string in_folder(const std::string& path, const std::string& folder) {
  return (std::filesystem::path(folder) / path).string();
}

void read_tls(const Item& item, Listener& listener, const std::string& folder) {
  if (item.node.IsScalar() && item.node.Scalar() == "none") {
    listener.certificate.clear();
    listener.key.clear();
    listener.client_certificate = "none";
    listener.bound_certificate.clear();
    return;
  }
  const auto file = [&](std::string& target) -> Reader {
    return [&](const Item& one) {
      into_line(target)(one);
      target = in_folder(target, folder);
    };
  };
  read_map(item, {{"certificate", file(listener.certificate)},
                  {"key", file(listener.key)},
                  {"max_version", one_of(listener.max_tls, {"1.1", "1.2", "1.3"})},
                  {"client_certificate", one_of(listener.client_certificate,
                                                {"none", "required", "reset", "not_supported"})},
                  {"bound", file(listener.bound_certificate)}});
  if (listener.certificate.empty() || listener.key.empty()) {
    complain(item, "certificate and key are needed, both PEM files");
  }
}

void read_users(const Item& item, std::map<std::string, std::string>& users) {
  users.clear();
  read_map(item, {}, [&](const Item& one) {
    users[one.key] = text_of(one);
    return true;
  });
}

void read_path(const Item& item, std::string& path) {
  into_line(path)(item);
  if (!path.starts_with('/')) {
    complain(item, fmt::format("\"{}\" does not begin with /", path));
  }
}

void read_offers(const Item& item, std::vector<std::string>& offers) {
  offers.clear();
  read_list(item, [&](const Item& one) { into_line(offers.emplace_back())(one); });
}

void read_mechanisms(const Item& item, std::vector<std::string>& mechanisms) {
  mechanisms.clear();
  read_list(item,
            [&](const Item& one) { one_of(mechanisms.emplace_back(), {"kerberos", "ntlm"})(one); });
}

void read_sealing(const Item& item, SealingForm& form) {
  read_map(item, {{"blank", into(form.blank)},
                  {"tab", into(form.tab)},
                  {"crlf", into(form.crlf)},
                  {"plain_wrap", into(form.plain_wrap)}});
}

void read_closing(const Item& item, Closing& closing) {
  closing = {};
  read_map(item, {{"behind", number<std::size_t>(closing.behind, 1)},
                  {"announced", into(closing.announced)},
                  {"half", into(closing.half)},
                  {"delay", into(closing.delay)},
                  {"idle", into(closing.idle)}});
}

// What can be changed while it runs.
Readers changeable(Listener& listener, const std::string& folder, const std::string& before) {
  return {{"path", [&](const Item& one) { read_path(one, listener.path); }},
          {"tls",
           [&listener, &folder, before](const Item& one) {
             listener.tls_place = before + place_of(one);
             read_tls(one, listener, folder);
           }},
          {"users", [&](const Item& one) { read_users(one, listener.users); }},
          {"authenticate", [&](const Item& one) { read_offers(one, listener.offers); }},
          {"keytab",
           [&](const Item& one) {
             into_line(listener.keytab)(one);
             listener.keytab = in_folder(listener.keytab, folder);
           }},
          {"mechanisms", [&](const Item& one) { read_mechanisms(one, listener.mechanisms); }},
          {"encryption", one_of(listener.encryption, {"optional", "required"})},
          {"channel_bindings", one_of(listener.bindings, {"none", "relaxed", "strict"})},
          {"error_tokens", into(listener.error_tokens)},
          {"sealing", [&](const Item& one) { read_sealing(one, listener.sealing); }},
          {"closes", [&](const Item& one) { read_closing(one, listener.closing); }},
          {"http", one_of(listener.http, {"1.0", "1.1"})},
          {"server", [&](const Item& one) { read_server(one, listener.server); }}};
}

/// What a scenario is read with.
struct Frame {
  Scenario& scenario;
  std::string before;  ///< of a place
  Server standard;
};

Listener listener_of(const Item& item, const Frame& frame, const std::string& generated) {
  Listener listener;
  listener.server = frame.standard;
  listener.name = generated;
  listener.listen_place = frame.before + place_of({"listen", item.node});
  Readers readers = changeable(listener, frame.scenario.folder, frame.before);
  readers["listen"] = [&](const Item& one) {
    listener.listen = address_of(one);
    listener.listen_place = frame.before + place_of(one);
  };
  if (generated.empty()) {
    readers["name"] = into_line(listener.name);
  }
  read_map(item, readers);
  const Item name = entry(item, "name");
  if (listener.name.empty()) {
    complain({"name", name.node.IsDefined() ? name.node : item.node}, "a listener needs a name");
  }
  if (listener.name == "control" || listener.name.contains(' ')) {
    complain(name, "is a word other than control, which is the control door");
  }
  if (std::ranges::find(frame.scenario.listeners, listener.name, &Listener::name) !=
      frame.scenario.listeners.end()) {
    complain(generated.empty() ? name : item,
             fmt::format("there is another listener \"{}\"", listener.name));
  }
  return listener;
}

// `generate: {pools: 1000, listeners: 50}`: many of one kind without a long file.
void generate(const Item& item, Frame& frame) {
  std::size_t pools = 0;
  std::size_t listeners = 1;
  Item like{"like", YAML::Node(YAML::NodeType::Map)};
  read_map(item, {{"pools", number<std::size_t>(pools, 0, 100'000)},
                  {"listeners", number<std::size_t>(listeners, 0, 10'000)},
                  {"like", [&](const Item& one) { like.node.reset(one.node); }}});
  for (std::size_t i = 1; i <= listeners; ++i) {
    frame.scenario.listeners.push_back(listener_of(like, frame, fmt::format("listener-{}", i)));
  }
  for (std::size_t i = 1; i <= pools; ++i) {
    Pool pool;
    pool.started = std::chrono::steady_clock::now();
    pool.active_machine = fmt::format("fe-{:04}.example.com", i);
    frame.scenario.pools[fmt::format("pool-{:04}.example.com", i)] = std::move(pool);
  }
}

void read_certificate(const Item& item, Scenario& scenario) {
  read_map(item, {{"make", into_line(scenario.make_certificate)},
                  {"names", into(scenario.certificate_names)}});
  // Without it the files beside the scenario would be overwritten.
  if (scenario.make_certificate.empty()) {
    complain(item, "make is missing: the folder that ca.pem, server.pem and server.key go to");
  }
  scenario.make_certificate = in_folder(scenario.make_certificate, scenario.folder);
}

void read_pools(const Item& item, Scenario& scenario) {
  read_map(item, {}, [&](const Item& one) {
    if (!scenario.pools.emplace(sfb::to_lower(one.key), pool_of(one)).second) {
      complain(one, "there is another pool of this name");
    }
    return true;
  });
}

Scenario scenario_of(const YAML::Node& root, const std::string& folder, const std::string& before) {
  Scenario scenario;
  scenario.folder = folder;
  Frame frame{scenario, before, {}};
  const Item whole{"listeners", root};
  if (!root.IsMap()) {
    complain(whole, "are missing: a scenario is a map that has listeners or generate");
  }
  // The order of these, not that of the file: the later ones speak of the earlier ones.
  const std::vector<std::pair<std::string, Reader>> order = {
      {"server", [&](const Item& one) { read_server(one, frame.standard); }},
      {"listeners",
       [&](const Item& list) {
         read_list(list, [&](const Item& one) {
           scenario.listeners.push_back(listener_of(one, frame, {}));
         });
       }},
      {"pools", [&](const Item& one) { read_pools(one, scenario); }},
      {"generate", [&](const Item& one) { generate(one, frame); }},
      {"faults", [&](const Item& one) { scenario.faults = faults_of(one, scenario); }},
      {"seed", number(scenario.seed)},
      {"control",
       [&](const Item& one) {
         scenario.control = address_of(one);
         scenario.control_place = before + place_of(one);
       }},
      {"certificate", [&](const Item& one) {
         scenario.certificate_place = before + place_of(one);
         read_certificate(one, scenario);
       }}};
  Readers known;
  for (const auto& [key, reader] : order) {
    known[key] = [](const Item&) {};
  }
  read_map(whole, known);
  for (const auto& [key, reader] : order) {
    if (const Item one = entry(whole, key); one.node.IsDefined()) {
      reader(one);
    }
  }
  if (scenario.listeners.empty()) {
    complain(whole, "there is none, write listeners or generate");
  }
  return scenario;
}

}  // namespace

std::string Address::text() const {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::expected<Scenario, std::string> read_scenario(const std::string& yaml,
                                                   const std::string& folder,
                                                   const std::string& file) {
  return guarded<Scenario>(yaml, file, [&](const YAML::Node& root) {
    return scenario_of(root, folder, file.empty() ? file : file + ":");
  });
}

std::expected<Listener, std::string> read_listener(const std::string& yaml, Listener listener,
                                                   const std::string& folder) {
  return guarded<Listener>(yaml, {}, [&](const YAML::Node& node) {
    read_map({"listener", node}, changeable(listener, folder, {}));
    return listener;
  });
}

}  // namespace sim
