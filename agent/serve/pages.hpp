// The small doors: health, ready, config, history and the page of links. Pure functions.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/access.hpp"
#include "agent/status/history.hpp"

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

http::Response healthy_page();

/// 503 before the first cycle and while stopping.
http::Response ready_page(bool first_cycle_done, bool draining);

/// The effective configuration as YAML.
http::Response config_page(std::shared_ptr<const std::string> yaml);

/// The links of all doors, made from the route table, and a form for the query.
http::Response index_page(std::string_view version);

/// The pool of `?PoolFqdn=`, its name in any case. The error is the finished 400 as problem+json.
std::expected<Fqdn, http::Response> parse_history_request(const http::Request& request);

/// `{"pool": ..., "history": [...]}`, newest first. Worker thread.
http::Response history_page(const Fqdn& pool, const std::vector<status::HistoryEntry>& entries);

/// 404 as problem+json.
http::Response unknown_pool(const Fqdn& pool);

/// A refusal of access.hpp for doors other than the query.
http::Response denied_page(const Denied& denied);

/// For HTML text and attribute values in double quotes.
std::string escape_html(std::string_view text);

}  // namespace sfb::serve
