// Bytes as a configuration file: never a throw, and what loads says the same when written back.
#include "config/loader.hpp"

#include <cstdint>
#include <cstdlib>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

class OneFile final : public sfb::config::Files {
 public:
  explicit OneFile(std::string content) : content_(std::move(content)) {}
  std::vector<std::string> match(const std::string& pattern) const override { return {pattern}; }
  sfb::Result<std::string> read(const std::string& path, std::size_t /*most*/) const override {
    return path == "fuzz.yml" ? content_
                              : "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
  }
  sfb::Result<sfb::config::SecretInfo> inspect(const std::string& path) const override {
    if (path.ends_with("none")) {
      return sfb::fail(sfb::Reason::not_found, "config.missing", "there is no such file");
    }
    sfb::config::SecretInfo info{.problem = {}, .mode = 0600};
    if (path.ends_with("empty")) {
      info.problem = sfb::Error{sfb::Reason::process, "secret.unreadable", "is empty", {}, {}, {}};
    }
    return info;
  }
  sfb::Status executable(const std::string& path) const override {
    const auto info = inspect(path);
    return info ? sfb::Status{} : std::unexpected(info.error());
  }
  std::string absolute(const std::string& path) const override {
    return path.starts_with('/') ? path : "/" + path;
  }

 private:
  std::string content_;
};

const sfb::config::Capabilities kBuild{.transports = {"file", "winrm", "ssh", "push"}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> names = {"fuzz.yml"};
  const std::string content(data, data + size);
  const auto loaded = sfb::config::load(names, kBuild, OneFile(content));
  if (!loaded) {
    for (const auto& problem : loaded.error()) {
      if (to_string(problem).find('\n') != std::string::npos) {
        std::abort();
      }
    }
    return 0;
  }
  const std::string written = to_yaml(loaded->settings);
  const auto again = sfb::config::load(names, kBuild, OneFile(written));
  if (!again || again->settings != loaded->settings || again->hash != loaded->hash) {
    std::abort();
  }
  return 0;
}
