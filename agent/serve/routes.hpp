// The one table of doors: pattern, methods, where the handler runs and who may ask. 404, 405 and
// the links of `/` are made from it.
#pragma once

#include "agent/base/error.hpp"
#include "agent/binding/binding.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/api_parameters.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

enum class Door : std::uint8_t {
  index,
  status,
  asset,
  events,
  metrics,
  query,
  pools,
  pool,
  pairs,
  history,
  openapi,
  exports,
  targets,
  probe,
  config,
  healthy,
  ready,
  reload
};

/// Where a handler runs (agent/README.md, "Threads").
enum class Runs : std::uint8_t {
  loop,  ///< ready bytes
  cpu,   ///< pure, renders on a worker thread
  live,  ///< awaits an Evaluator or a page being rebuilt
};

enum class Guard : std::uint8_t {
  open,    ///< anybody, under any name: scrapes and probes
  origin,  ///< anybody who names this agent as Host: nothing of a pool
  caller,  ///< a caller who may run the cmdlet
  pusher,  ///< a caller whom the pool's endpoint names: the door itself asks
};

struct Route {
  Door door;
  std::string pattern;       ///< the path, exact but for a last part `{name}`; the `path` label of
                             ///< the request counter
  std::string_view methods;  ///< as the Allow header lists them
  Runs runs;
  Guard guard;
  std::string help;
  std::vector<Parameter> parameters = {};
  std::string_view schema = {};  ///< of its answer in JSON (api_schemas.hpp)
};

/// All doors, in the order `/` shows them.
std::span<const Route> routes();

/// `/api/v1/Get-CsBackupServiceStatus`: the cmdlet that a path of Door::query names; that of the
/// pool's status for any other path.
const binding::Cmdlet& cmdlet_of(std::string_view path);

/// nullptr when no door has this path. Paths are exact.
const Route* find_route(std::string_view path);

/// Where the metrics are unless the operator says otherwise.
inline constexpr std::string_view kMetricsPath = "/metrics";
/// Whether the metrics can be there: a path without escapes that is no other door's. Reason::parse,
/// code `http.path`.
Status check_metrics_path(std::string_view path);

/// The doors with the metrics where the operator wants them, and nowhere else.
class Doors {
 public:
  /// check_metrics_path took it.
  explicit Doors(std::string metrics_path);
  /// As find_route.
  const Route* find(std::string_view path) const;

 private:
  Route metrics_;
};

/// What a path has in the place of the `{name}` of its pattern; empty where that has none.
std::string_view path_value(const Route& route, std::string_view path);

/// The parameter that names the pool at this door; empty: none does.
std::string_view pool_parameter(const Route& route);
/// That of `/probe`.
inline constexpr std::string_view kTarget = "target";

/// The beginning of the codes of a page's refusals: `pools` of `/api/v1/pools/{fqdn}`.
std::string area_of(const Route& route);

/// Pages for programs whose refusals are problem+json: those of the API, and those that Prometheus
/// reads pools from. The query is none, its caller says in what form it answers.
bool refuses_in_json(const Route& route);

bool allows(const Route& route, std::string_view method);

/// 404 for a path without a door.
http::Response unknown_path(std::string_view path = {});

/// 405 with Allow; of an API page as problem+json.
http::Response wrong_method(const Route& route);

}  // namespace sfb::serve
