// The machine's file system, which says what it looks at.
#pragma once

#include "agent/base/file_in_hand.hpp"
#include "config/files.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sfb::app {

/// Thread rule: as config::Files; one call at a time, which is in `hand` while it lasts.
class WatchedFiles final : public config::Files {
 public:
  explicit WatchedFiles(FileInHand& hand) : hand_(hand) {}

  std::vector<std::string> match(const std::string& pattern) const override {
    const FileInHand::Look look(hand_, pattern);
    return files_.match(pattern);
  }
  Result<std::string> read(const std::string& path, std::size_t most) const override {
    const FileInHand::Look look(hand_, path);
    return files_.read(path, most);
  }
  Result<config::SecretInfo> inspect(const std::string& path) const override {
    const FileInHand::Look look(hand_, path);
    return files_.inspect(path);
  }
  Status executable(const std::string& path) const override {
    const FileInHand::Look look(hand_, path);
    return files_.executable(path);
  }
  std::string absolute(const std::string& path) const override { return files_.absolute(path); }

 private:
  FileInHand& hand_;
  config::SystemFiles files_;
};

}  // namespace sfb::app
