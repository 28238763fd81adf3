// Configuration files that exist in a test only.
#pragma once

#include "config/files.hpp"

#include <fnmatch.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::config {

/// Files lie in /etc/sfb: their paths may be written with it or without.
class MemoryFiles final : public Files {
 public:
  explicit MemoryFiles(std::map<std::string, std::string> files, unsigned mode = 0600)
      : files_(std::move(files)), mode_(mode) {}

  std::vector<std::string> match(const std::string& pattern) const override {
    if (pattern.find_first_of("*?[") == std::string::npos) {
      return {pattern};
    }
    std::vector<std::string> paths;
    for (const auto& [path, content] : files_) {
      if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0) {
        paths.push_back(path);
      }
    }
    return paths;
  }

  Result<std::string> read(const std::string& path, std::size_t /*most*/) const override {
    const auto found = files_.find(path.starts_with(kRoot) ? path.substr(kRoot.size()) : path);
    if (found == files_.end()) {
      return fail(Reason::not_found, "config.missing", "there is no such file", "check the path");
    }
    return found->second;
  }

  Result<SecretInfo> inspect(const std::string& path) const override {
    const auto content = read(path, 0);
    if (!content) {
      return std::unexpected(content.error());
    }
    return SecretInfo{.problem = {}, .mode = mode_};
  }

  Status executable(const std::string& path) const override {
    const auto content = read(path, 0);
    return content ? Status{} : std::unexpected(content.error());
  }

  std::string absolute(const std::string& path) const override {
    return path.starts_with('/') ? path : std::string(kRoot) + path;
  }

 private:
  static constexpr std::string_view kRoot = "/etc/sfb/";
  std::map<std::string, std::string> files_;
  unsigned mode_;
};

}  // namespace sfb::config
