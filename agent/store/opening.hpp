// From a folder to an open database: whose folder it is, one agent at a time, older versions made
// new, broken files set aside.
#pragma once

#include "agent/base/descriptor.hpp"
#include "agent/base/error.hpp"
#include "agent/base/time.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace sfb::store {

/// The file in the folder; its write-ahead log and the lock lie beside it.
inline constexpr const char* kFileName = "state.db";
inline constexpr const char* kLockName = "state.lock";
/// Broken files that stay: the newest of them.
inline constexpr std::size_t kKeptBroken = 3;
/// A file larger than this is not searched for damage at the start: that would take long. Damage
/// is found when a part is read or written.
inline constexpr std::uint64_t kCheckedBytes = 256ULL << 20U;

struct Opened {
  std::unique_ptr<SQLite::Database> database;
  /// False: it can be read, not written; `why` says why.
  bool writable = true;
  Error why = {};
  /// The new name of a broken file, or of its write-ahead log (`...-wal`) where the file alone is
  /// whole; empty: nothing was broken.
  std::string set_aside = {};
};

/// Holds the folder against other agents while it lives; the system lets go when a process dies.
/// The folder is made where only it is missing. Reason::process, codes `state.folder` (not ours, no
/// folder, no rights), `state.locked`.
Result<Descriptor> lock_folder(const std::filesystem::path& folder);

/// Reason::process: `state.newer` (of a newer build; untouched), `state.foreign` (no database of
/// ours; untouched), `state.broken` (and it cannot be set aside), `state.unreadable`, `state.full`,
/// `state.read_only`.
Result<Opened> open_database(const std::filesystem::path& folder, WallTime now);

/// What went wrong in the library, in our words.
Error explain(const SQLite::Exception& exception, std::string what);

/// Gives the write-ahead log alone another name, which is the result; empty: there is none.
std::string set_log_aside(const std::filesystem::path& folder, WallTime now);

/// Gives a broken file and what lies beside it another name, and removes the oldest of those.
/// Reason::process, `state.broken`.
Result<std::string> set_aside(const std::filesystem::path& folder, WallTime now);

}  // namespace sfb::store
