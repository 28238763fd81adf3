// Bytes as a configuration file: never a throw, and what loads says the same when written back.
#include "config/loader.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

class OneFile final : public sfb::config::Files {
 public:
  explicit OneFile(std::string content) : content_(std::move(content)) {}
  std::vector<std::string> match(const std::string& pattern) const override { return {pattern}; }
  sfb::Result<std::string> read(const std::string& /*path*/, std::size_t /*most*/) const override {
    return content_;
  }

 private:
  std::string content_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::string> names = {"fuzz.yml"};
  const std::string content(data, data + size);
  const auto loaded = sfb::config::load(names, {}, OneFile(content));
  if (!loaded) {
    for (const auto& problem : loaded.error()) {
      if (to_string(problem).find('\n') != std::string::npos) {
        std::abort();
      }
    }
    return 0;
  }
  const std::string written = to_yaml(loaded->settings);
  const auto again = sfb::config::load(names, {}, OneFile(written));
  if (!again || again->settings != loaded->settings || again->hash != loaded->hash) {
    std::abort();
  }
  return 0;
}
