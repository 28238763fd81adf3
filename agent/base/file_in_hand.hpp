// Which file a thread looks at, for those who wait for it: a dead mount holds the thread for ever,
// and only the file's name tells where to look.
#pragma once

#include "agent/base/error.hpp"

#include <chrono>
#include <mutex>
#include <string>

namespace sfb {

/// Shared by a thread that reads files and one that waits for it. Thread rule: any thread; one
/// `Look` at a time.
class FileInHand {
 public:
  /// While it lives, this file is looked at.
  class Look {
   public:
    Look(FileInHand& hand, const std::string& path) : hand_(hand) { hand_.set(path); }
    ~Look() { hand_.set({}); }
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;

   private:
    FileInHand& hand_;
  };

  /// Empty: none.
  std::string path() const;
  /// One is looked at, for so long already.
  bool lasts(std::chrono::nanoseconds time) const;
  /// For one who has waited in vain: Reason::timeout; the message names the file, if one is looked
  /// at.
  Error hung(std::string code) const;

 private:
  void set(const std::string& path);

  mutable std::mutex mutex_;
  std::string path_;
  std::chrono::steady_clock::time_point since_{};
};

}  // namespace sfb
