// Configuration files of a folder of the tests.
#pragma once

#include "config/files.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace sfb::config {

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Reads from the folder but calls the files by their bare names, as they stand in expectations.
class FolderFiles final : public Files {
 public:
  explicit FolderFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::vector<std::string> match(const std::string& pattern) const override { return {pattern}; }
  Result<std::string> read(const std::string& path, std::size_t most) const override {
    return SystemFiles().read(real(path), most);
  }
  Result<SecretInfo> inspect(const std::string& path) const override {
    return SystemFiles().inspect(real(path));
  }
  Status executable(const std::string& path) const override {
    return SystemFiles().executable(real(path));
  }
  std::string absolute(const std::string& path) const override {
    return path.starts_with('/') ? path : kRoot + path;
  }

 private:
  // Where the folder seems to lie, so that messages do not depend on the machine.
  static inline const std::string kRoot = "/etc/sfb/";

  std::filesystem::path real(const std::string& path) const {
    return folder_ / (path.starts_with(kRoot) ? path.substr(kRoot.size()) : path);
  }

  std::filesystem::path folder_;
};

}  // namespace sfb::config
