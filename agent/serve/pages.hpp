// The small doors: health, ready, config and refusals. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/access.hpp"
#include "agent/serve/packed_body.hpp"

#include <string>
#include <string_view>

namespace sfb::serve {

http::Response healthy_page();

/// 503 before the first cycle and while stopping.
http::Response ready_page(bool first_cycle_done, bool draining);

/// The effective configuration as YAML.
http::Response config_page(const KeptText& yaml);

/// `near`: what the caller may have meant, a question; may be empty.
Error not_configured(const Fqdn& pool, std::string_view near);
/// 404 as problem+json. `parameter`: the one that named the pool.
http::Response unknown_pool(const Error& error, std::string_view parameter);

/// A refusal of access.hpp for doors other than the query; `json`: as problem+json.
http::Response denied_page(const Denied& denied, bool json);

/// For HTML text and attribute values in double quotes.
std::string escape_html(std::string_view text);

}  // namespace sfb::serve
