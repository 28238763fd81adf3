// The strict loader: YAML files to checked settings, or every mistake in them.
#pragma once

#include "config/files.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"

#include <expected>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sfb::config {

/// What this build and this machine can do; the rest of the language is refused by name.
struct Capabilities {
  std::vector<std::string> transports = {"file"};  ///< some of transport_names()
  /// Authentication methods.
  std::vector<std::string> methods = {"basic"};
  /// Looks at a keytab of the agent's own service: what is doubtful of it (sentences without
  /// subject), or why it cannot be used. Blocks. Empty: callers with tickets cannot be taken.
  std::function<Result<std::vector<std::string>>(const std::string& path)> keytab = {};
  /// The pool's status, which is always on.
  std::string pool_status = "backup_service_status";
  /// The other collectors: a pool's key `collectors` switches them on.
  std::vector<std::string> collectors = {};
  /// Those of them that ask about one pool, not about a whole deployment.
  std::vector<std::string> collectors_of_a_pool = {};
  /// False for who asks a front end for the pools: none need be there, and entries that none of
  /// them uses are no mistakes.
  bool pools_needed = true;
};

/// A configuration that can be run.
struct Loaded {
  Settings settings;
  std::vector<Problem> warnings;   ///< by file and position
  std::string hash;                ///< change_hash(settings)
  std::vector<std::string> files;  ///< in the order they were read
  struct Place {
    std::size_t file;  ///< of `files`
    std::string key;
  };
  std::vector<Place> pool_places = {};  ///< where each of settings.pools stands

  /// Those of the warnings that concern a pool of `settings`: its own, those of its endpoint and
  /// account, and those of nobody (`global`, `authorization`).
  std::vector<Problem> warnings_of(const Pool& pool) const;
};

/// Reads and merges all files of `patterns` (paths or globs, each file once): `global`, `limits`,
/// `authorization` and `storage` may stand in one file only; credentials, endpoints and pools add
/// up. Password and CA files are looked at, so that one that cannot be used is known now. On
/// failure all problems of all files by file and position; problems between files are looked for
/// only when every file could be read. Never throws. Thread rule: any thread; blocks on `files`.
std::expected<Loaded, std::vector<Problem>> load(std::span<const std::string> patterns,
                                                 const Capabilities& capabilities,
                                                 const Files& files);

}  // namespace sfb::config
