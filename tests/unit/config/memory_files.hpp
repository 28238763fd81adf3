// Configuration files that exist in a test only.
#pragma once

#include "config/files.hpp"

#include <fnmatch.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sfb::config {

class MemoryFiles final : public Files {
 public:
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}

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
    const auto found = files_.find(path);
    if (found == files_.end()) {
      return fail(Reason::not_found, "config.missing", "there is no such file", "check the path");
    }
    return found->second;
  }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace sfb::config
