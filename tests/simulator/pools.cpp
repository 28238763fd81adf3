// What the cmdlet does for a pool, and the states that its modules take by the clock.
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "tests/simulator/parts.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace sim {

namespace {

States words(const Item& item) {
  const std::string text = text_of(item);
  const auto parts = sfb::split(text, ',');
  if (parts.size() != 2) {
    complain(item, fmt::format("\"{}\" is no Export,Import such as FinalState,NormalState", text));
  }
  return {std::string(sfb::trim(parts[0])), std::string(sfb::trim(parts[1]))};
}

Reader into_words(States& target) {
  return [&target](const Item& item) { target = words(item); };
}

// States of modules that the pool has: those of others would never be seen.
bool read_state(const Item& item, const Pool& pool, std::map<std::string, States>& states) {
  if (std::ranges::find(pool.modules, item.key) == pool.modules.end()) {
    complain(item,
             fmt::format("the pool has no such module, its are {}", fmt::join(pool.modules, ", ")));
  }
  states[item.key] = words(item);
  return true;
}

void read_change(const Item& item, Pool& pool) {
  Change change;
  read_map(item, {{"at", into(change.at)}},
           [&](const Item& state) { return read_state(state, pool, change.states); });
  if (pool.every.count() > 0 && change.at >= pool.every) {
    complain(entry(item, "at"), "the timetable begins again before that (every)");
  }
  pool.timetable.push_back(std::move(change));
}

void read_secret(const Item& item, std::string& target) {
  target = text_of(item);
  if (!sfb::base64_decode(target)) {
    complain(item, "this is no base64");
  }
}

}  // namespace

Pool pool_of(const Item& item) {
  Pool pool;
  pool.started = std::chrono::steady_clock::now();
  // What the others are compared with comes first.
  for (const auto& [key, reader] :
       Readers{{"modules", into(pool.modules)}, {"every", into(pool.every)}}) {
    if (const Item first = entry(item, key); first.node.IsDefined()) {
      reader(first);
    }
  }
  read_map(item, {{"modules", into(pool.modules)},
                  {"states",
                   [&](const Item& states) {
                     read_map(states, {}, [&](const Item& state) {
                       return read_state(state, pool, pool.states);
                     });
                   }},
                  {"default", into_words(pool.standard)},
                  {"active_machine", into(pool.active_machine)},
                  {"every", into(pool.every)},
                  {"timetable",
                   [&](const Item& list) {
                     read_list(list, [&](const Item& change) { read_change(change, pool); });
                   }},
                  {"error", into(pool.error)},
                  {"only_error", into(pool.only_error)},
                  {"fatal", into(pool.fatal)},
                  {"warning", into(pool.warning)},
                  {"verbose", into(pool.verbose)},
                  {"progress", into(pool.progress)},
                  {"rendered", into(pool.rendered)},
                  {"rendered_modules", into(pool.rendered_modules)},
                  {"secure", [&](const Item& one) { read_secret(one, pool.secure); }},
                  {"null", into(pool.null)},
                  {"two", into(pool.two)},
                  {"none", into(pool.none)},
                  {"text", into(pool.text)},
                  {"host_call", into(pool.host_call)},
                  {"slow", into(pool.slow)},
                  {"huge", number(pool.huge)}});
  return pool;
}

std::expected<Pool, std::string> read_pool(const std::string& yaml) {
  return guarded<Pool>(yaml, {}, [](const YAML::Node& node) { return pool_of({"pool", node}); });
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
