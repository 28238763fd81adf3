// What all listeners share: pools, faults, counters, chance.
#pragma once

#include "tests/simulator/journal.hpp"
#include "tests/simulator/scenario.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sim {

/// Figures of the control door.
struct Counters {
  std::uint64_t requests = 0;
  std::map<std::string, std::uint64_t> requests_by_action;
  std::map<std::string, std::uint64_t> runs_by_pool;
  /// By the scenario's key; by name for the status and for what the server does not know.
  std::map<std::string, std::uint64_t> runs_by_cmdlet;
  std::map<std::string, std::uint64_t> faults_done;
  std::uint64_t violations = 0;
  std::uint64_t logons_ok = 0;
  std::uint64_t logons_failed = 0;
  std::map<std::string, std::uint64_t> logons_by_method;  ///< good ones: basic, kerberos, ntlm
  std::uint64_t logon_legs = 0;                           ///< tokens
  std::uint64_t http_requests = 0;                        ///< with legs and those that were refused
  std::uint64_t sealed_requests = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t connections_made = 0;
  std::uint64_t host_responses = 0;     ///< taken
  std::uint64_t max_envelope_seen = 0;  ///< the largest MaxEnvelopeSize of a request
};

/// Thread rule: one thread.
class World {
 public:
  explicit World(Scenario scenario) : scenario_(std::move(scenario)), chance_(scenario_.seed) {}

  const Scenario& scenario() const { return scenario_; }
  /// The pool of that name in any case; nullptr when nobody knows it.
  Pool* pool(const std::string& fqdn);
  void set_pool(const std::string& fqdn, Pool pool);
  void set_faults(std::vector<Fault> faults) { scenario_.faults = std::move(faults); }
  /// The first fault that matches and is due; counted as done.
  std::optional<Fault> pick(const std::string& listener, const std::string& action,
                            const std::string& pool,
                            std::initializer_list<Fault::Door> doors = {
                                Fault::Door::http, Fault::Door::both, Fault::Door::pipeline});
  /// Told on stderr and counted: tests demand none.
  void violation(const std::string& what);

  Counters counters;
  Journal journal;
  std::size_t child = 1;  ///< which of the processes of its listener this is
  /// Parameters of the last run; `script`, `listener`, `imported` when its runspace has a module,
  /// and `cmdlet` when it was not the status.
  std::map<std::string, std::string> last_call;
  /// Of the last token: `listener`, `scheme`, `method`, `user`, `target`, `bound`, `enctype`, and
  /// `refused` with the reason.
  std::map<std::string, std::string> last_logon;
  std::vector<std::string> violations;  ///< the first hundred, for tests
  std::size_t shells = 0;
  std::size_t commands = 0;
  std::size_t connections = 0;
  std::size_t contexts = 0;  ///< established

 private:
  Scenario scenario_;
  std::mt19937_64 chance_;
};

}  // namespace sim
