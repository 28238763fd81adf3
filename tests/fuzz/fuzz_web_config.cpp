// Bytes as a web configuration file: never a throw; messages are single lines without secrets; what
// loads fits together.
#include "config/web_config.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using sfb::fuzz::require;

namespace {

const std::string kCanary = "canary-of-a-key";

class WebFiles final : public sfb::config::Files {
 public:
  explicit WebFiles(std::string content) : content_(std::move(content)) {}
  std::vector<std::string> match(const std::string& pattern) const override { return {pattern}; }
  sfb::Result<std::string> read(const std::string& path, std::size_t /*most*/) const override {
    if (path.ends_with("none")) {
      return sfb::fail(sfb::Reason::not_found, "config.missing", "there is no such file");
    }
    return path == "web.yml" ? content_ : kCanary;
  }
  sfb::Result<sfb::config::SecretInfo> inspect(const std::string& /*path*/) const override {
    return sfb::config::SecretInfo{.problem = {}, .mode = 0600};
  }
  sfb::Status executable(const std::string& /*path*/) const override { return {}; }
  std::string absolute(const std::string& path) const override {
    return path.starts_with('/') ? path : "/" + path;
  }

 private:
  std::string content_;
};

void check_lines(const std::vector<sfb::config::Problem>& problems) {
  for (const auto& problem : problems) {
    const std::string text = to_string(problem);
    require(!text.contains('\n') && !text.contains(kCanary));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (text.contains(kCanary)) {
    return 0;  // a key of that name is quoted, and it is no secret then
  }
  const auto file = sfb::config::load_web_config("web.yml", WebFiles(text));
  check_lines(file.warnings);
  require(!file.files.empty() && file.files.front() == "/web.yml");
  if (!file.config) {
    require(!file.config.error().empty());
    check_lines(file.config.error());
    return 0;
  }
  const sfb::config::WebConfig& config = *file.config;
  for (const auto& user : config.basic_auth_users) {
    require(sfb::config::bcrypt_cost(user.hash.reveal()) == user.cost);
  }
  if (config.tls) {
    require(!config.tls->certificate.text.empty() && !config.tls->key.text.empty());
    require(config.tls->min_version <= config.tls->max_version);
    require(!config.tls->client_allowed_sans || !config.tls->client_allowed_sans->empty());
  }
  require(!config.rate_limit ||
          (config.rate_limit->interval.count() > 0 && config.rate_limit->burst > 0));
  return 0;
}
