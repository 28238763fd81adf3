// The one table of doors: pattern, methods, where the handler runs and who may ask. 404, 405 and
// the links of `/` are made from it.
#pragma once

#include "agent/binding/binding.hpp"
#include "agent/http/types.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sfb::serve {

enum class Door : std::uint8_t { index, metrics, query, history, config, healthy, ready };

/// Where a handler runs (agent/README.md, "Threads").
enum class Runs : std::uint8_t {
  loop,  ///< ready bytes
  cpu,   ///< pure, renders on a worker thread
  live,  ///< awaits an Evaluator or a page being rebuilt
};

enum class Guard : std::uint8_t {
  open,    ///< anybody, under any name: scrapes and probes
  origin,  ///< anybody who names this agent as Host: nothing but links
  caller,  ///< a caller who may run the cmdlet
};

struct Route {
  Door door;
  std::string pattern;       ///< the exact path; the `path` label of the request counter
  std::string_view methods;  ///< as the Allow header lists them
  Runs runs;
  Guard guard;
  std::string help;
};

/// All doors, in the order `/` shows them.
std::span<const Route> routes();

/// `/api/v1/Get-CsBackupServiceStatus`: the cmdlet that a path of Door::query names; that of the
/// pool's status for any other path.
const binding::Cmdlet& cmdlet_of(std::string_view path);

/// nullptr when no door has this path. Paths are exact.
const Route* find_route(std::string_view path);

bool allows(const Route& route, std::string_view method);

/// 404 for a path without a door.
http::Response unknown_path();

/// 405 with Allow.
http::Response wrong_method(const Route& route);

}  // namespace sfb::serve
