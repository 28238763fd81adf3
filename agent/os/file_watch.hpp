// Tells at once when a file in a watched folder was written, renamed or removed (inotify).
#pragma once

#include "agent/base/error.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace sfb::os {

/// One change. A writer that writes beside and renames gives one `changed` for the final name.
struct FileEvent {
  enum class Kind : std::uint8_t {
    changed,   ///< `name` in `directory` was written and closed, moved in, moved out or removed
    overflow,  ///< events of `directory` were lost (name empty): look at every file again
    gone,      ///< `directory` itself was removed, moved or unmounted and is no longer watched
               ///< (name empty): `add` it again when it is back
  };
  Kind kind = Kind::changed;
  std::string directory;  ///< as given to `add`
  std::string name;       ///< without the folder
};

/// Watches any number of folders, not what lies in folders below them. Network mounts tell only
/// what this machine changes, so a reader must also look by itself. Thread rule: made and destroyed
/// on the loop thread, before its io_context; the callback runs there. `add`, `remove` and
/// `watches` may be called from any thread.
class FileWatch {
 public:
  using Callback = std::function<void(const FileEvent&)>;

  /// Adds folders from a worker thread, where it may block for ever on a dead mount; keeps all it
  /// needs alive, so that it may outlive the FileWatch (and then does nothing of use).
  class Adder {
   public:
    /// Watches `directory`; again is harmless, and follows a path that now leads elsewhere. Blocks.
    /// Reason::not_found, code `watch.not_found`; Reason::forbidden, `watch.denied`;
    /// Reason::process, `watch.limit` (fs.inotify.max_user_watches) or `watch.failed`.
    Status add(const std::string& directory) const;

   private:
    friend class FileWatch;
    struct State;
    explicit Adder(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  /// Reason::process, code `watch.unavailable`: no inotify instance to be had.
  static Result<std::unique_ptr<FileWatch>> create(boost::asio::any_io_executor executor,
                                                   Callback callback);
  /// For `create`; nobody else can make an Adder.
  explicit FileWatch(Adder adder) : adder_(std::move(adder)) {}
  ~FileWatch();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  /// For a job on a worker thread.
  Adder adder() const { return adder_; }
  /// The same, here and now: blocks.
  Status add(const std::string& directory) { return adder_.add(directory); }
  /// Stops watching; no event for this folder is told any more. Unknown ones are ignored.
  void remove(const std::string& directory);
  /// Is this folder watched now (added and not gone)?
  bool watches(const std::string& directory) const;

 private:
  Adder adder_;
};

}  // namespace sfb::os
