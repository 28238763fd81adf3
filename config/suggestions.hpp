// Which names of the configuration somebody may have meant who wrote one that is not there.
#pragma once

#include "agent/base/fqdn.hpp"
#include "config/draft.hpp"

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sfb::config {

/// `remedy`, and those of `known` that are near to `word`.
std::string with_near(std::string remedy, std::string_view word,
                      std::span<const std::string_view> known);
/// The same of host names; a short one may be the first label of a known one.
std::string with_near_host(std::string remedy, std::string_view host,
                           std::span<const std::string_view> known);

/// Names that may be shown: another text as a name has been reported, and is perhaps a secret.
std::vector<std::string_view> names_of(std::span<const DraftEndpoint> endpoints);
std::vector<std::string_view> names_of(std::span<const DraftCredentials> credentials);

/// Which pools another one may have meant as its partner. Lives as long as the draft.
class Partners {
 public:
  explicit Partners(const Draft& draft);
  /// Those that name the pool, then those whose own partner is not configured.
  std::vector<std::string_view> of(const Fqdn& pool) const;

 private:
  std::unordered_map<Fqdn, std::vector<std::string_view>> naming_;
  std::vector<std::string_view> free_;
};

}  // namespace sfb::config
