// The state that outlives the process: what the last one left, and a thread that writes what this
// one learns. Never fatal, and nobody waits for the disk.
#pragma once

#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/status/keeper.hpp"
#include "agent/store/batch.hpp"
#include "agent/store/database.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sfb::store {

/// For metrics.
struct Facts {
  bool writable = false;  ///< the last write, or the opening, worked
  std::uint64_t bytes = 0;
  std::optional<WallTime> last_write = {};  ///< that worked
  std::uint64_t errors = 0;                 ///< openings and writes that failed
  std::uint64_t set_aside = 0;              ///< broken files
  std::uint64_t lost = 0;                   ///< lines of the history that found no room
};

struct Options {
  std::string folder;
  Retention retention = {};
  WriteAnswer write_answer = {};  ///< called on the store's thread
  /// Called on the store's thread, after the opening and after each try to write; outlives it.
  std::function<void(const Facts&)> on_facts = {};
  std::chrono::milliseconds batch{200};       ///< from the first change to its commit
  std::chrono::milliseconds retry{5'000};     ///< after a write that failed
  std::chrono::milliseconds patience{5'000};  ///< of the start for the disk
};

/// Thread rule: one thread (the loop's). A change is committed within a second, unless the disk
/// takes longer; changes to sessions at once. Where the folder cannot be used, the file is of a
/// newer build or the disk hangs, nothing is found and nothing kept, and the log says so once.
/// Where it can only be read, or is full, everything found comes back, and writing is tried again.
class Store final : public status::Keeper {
 public:
  /// Opens and reads, which takes `patience` at most.
  Store(Options options, const Clock& clock, Logger logger);
  /// `close`.
  ~Store() override;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  std::optional<status::FoundPool> recall(const status::KeptName& name) override;
  std::vector<status::KeptName> found() const override;
  std::uint64_t last_id() const override { return found_.last_id; }
  void keep(const status::KeptName& name, status::KeptPool pool) override;
  void keep(const status::KeptName& name, const status::HistoryEntry& entry) override;
  void leave(const status::KeptName& name, status::FoundPool left) override;
  void forget(const status::KeptName& name) override;

  /// Sessions of earlier processes that may still stand.
  const std::vector<Session>& sessions() const { return found_.sessions; }
  /// `committed` is called once, on the store's thread or on this one: it is on disk, or cannot be
  /// written, or kMostWaiting others came behind it.
  void session_made(Session session, std::function<void()> committed);
  void session_gone(const std::string& url, const std::string& shell);

  /// What earlier processes were pushed; given once.
  std::vector<std::pair<PushedName, Pushed>> take_pushed() {
    return std::exchange(found_.pushed, {});
  }
  /// In the place of what was there under that name. `committed` is called once, on the store's
  /// thread or on this one: true where it is on disk; false, too, where kMostWaiting others came
  /// behind it. Beyond kMostPushed it is not kept, which the log says once with the code
  /// push.too_large_to_keep; nor is the older one then, which would come back as the newest.
  void keep_pushed(PushedName name, Pushed pushed, std::function<void(bool)> committed);
  void forget_pushed(PushedName name);

  /// What directories said of groups to earlier processes; given once.
  std::vector<RememberedGroup> take_groups() { return std::exchange(found_.groups, {}); }
  /// In the place of all that were kept; kMostGroups at the most.
  void keep_groups(std::vector<RememberedGroup> groups);

  /// Counts from the next write on.
  void set_retention(const Retention& retention);
  /// Writes what waits and ends the thread. False: it hangs in the disk after `grace`, and the
  /// process must end by `_Exit`. Again is harmless.
  bool close(std::chrono::milliseconds grace = std::chrono::seconds(2));

  /// So many wait for a commit while the disk hangs.
  static constexpr std::size_t kMostWaiting = 10'000;

 private:
  /// Pools that are not asked and come back with the next reload that names them; those beyond come
  /// back with the next start.
  static constexpr std::size_t kMostLeft = 1000;

  class Writer;
  template <typename Change>
  void change(Change change);
  template <typename Change>
  void commit(Change change, std::function<void(bool)> committed);

  const Logger logger_;
  Found found_;
  std::set<PushedName> too_large_;  ///< the log has said so
  std::shared_ptr<Writer> writer_;
  std::thread thread_;
};

}  // namespace sfb::store
