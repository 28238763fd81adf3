#include "agent/base/file_in_hand.hpp"

#include <fmt/format.h>

#include <utility>

namespace sfb {

std::string FileInHand::path() const {
  const std::lock_guard lock(mutex_);
  return path_;
}

bool FileInHand::lasts(std::chrono::nanoseconds time) const {
  const std::lock_guard lock(mutex_);
  return !path_.empty() && std::chrono::steady_clock::now() - since_ >= time;
}

Error FileInHand::hung(std::string code) const {
  const std::string file = path();
  return fail(Reason::timeout, std::move(code),
              file.empty() ? "reading the files did not end in time"
                           : fmt::format("reading {} did not end in time", file),
              "the disk or network mount that it lies on does not answer")
      .error();
}

void FileInHand::set(const std::string& path) {
  const std::lock_guard lock(mutex_);
  path_ = path;
  since_ = std::chrono::steady_clock::now();
}

}  // namespace sfb
