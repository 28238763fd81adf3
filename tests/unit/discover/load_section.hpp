// A written section as part of a configuration that is not on the disk.
#pragma once

#include "config/loader.hpp"

#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sfb::discover::testing {

/// One file, whatever is asked for.
class OneFile final : public config::Files {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  std::vector<std::string> match(const std::string& pattern) const override { return {pattern}; }
  Result<std::string> read(const std::string& path, std::size_t most) const override {
    static_cast<void>(path);
    static_cast<void>(most);
    return text_;
  }
  Result<config::SecretInfo> inspect(const std::string& path) const override {
    static_cast<void>(path);
    return config::SecretInfo{};
  }
  Status executable(const std::string& path) const override {
    static_cast<void>(path);
    return {};
  }
  std::string absolute(const std::string& path) const override { return path; }

 private:
  std::string text_;
};

/// The section beside an endpoint `front-end`.
inline std::expected<config::Loaded, std::vector<config::Problem>> load_section(
    const std::string& section) {
  const std::string path = "configuration.yml";
  return config::load(
      std::span(&path, 1), {},
      OneFile("endpoints: {front-end: {transport: file, path: '/srv/{pool}.clixml'}}\n" + section));
}

}  // namespace sfb::discover::testing
