// The store's thread: opens, reads, and writes batch by batch.
#pragma once

#include "agent/base/seldom.hpp"
#include "agent/store/store.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <set>

namespace sfb::store {

/// Shared by the store and its thread, which may outlive it.
class Store::Writer {
 public:
  using Told = std::function<void(bool)>;
  Writer(Options options, const Clock& clock, Logger logger);

  /// The thread's whole life.
  void run();

  // Of the loop's thread:
  /// Absent: the disk took longer. Then nothing is ever written.
  std::optional<Found> wait_until_read();
  template <typename Change>
  void change(Change change) {
    {
      const std::lock_guard lock(mutex_);
      if (useless_) {
        return;
      }
      change(*this);
    }
    wake_.notify_all();
  }
  void set_retention(const Retention& retention);
  /// False: it does not within `grace`.
  bool finish(std::chrono::milliseconds grace);

  Batch batch;  ///< in a `change`
  /// Likewise: called after the next try, with whether it worked. At most kMostWaiting.
  std::deque<Told> committed;
  bool urgent = false;              ///< likewise: do not wait for more
  std::set<status::KeptName> left;  ///< likewise: pools that are not asked

 private:
  bool open();
  void write(std::unique_lock<std::mutex>& lock);
  void rest(std::unique_lock<std::mutex>& lock);
  Status try_write(const Batch& taken);
  void failed(const Error& error);
  void tell();
  static void call(const std::deque<Told>& all, bool written);

  const Options options_;
  const Clock& clock_;
  const Logger logger_;

  // Of the thread alone.
  Descriptor lock_;
  std::optional<Database> database_;
  Facts facts_;
  Seldom complaint_;
  std::optional<MonoTime> trimmed_;

  std::mutex mutex_;  // what follows, and the public members
  std::condition_variable wake_;
  Retention retention_;
  std::optional<Found> read_;
  bool opened_ = false;   ///< or failed to
  bool useless_ = false;  ///< nothing is kept
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace sfb::store
